"""A spiking readout: weights by multinomial logistic regression, answers by leaky integrate-and-fire neurons in Brian2."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from models import lif_readout
from models.codegen import get_backend
from models.lif_readout import LifReadoutParams

#: Most images of a run.
CHUNK_IMAGES = 2000


class LifReadout:
    """Fits and predicts like a classifier of scikit-learn; ``regression`` makes the weights."""

    def __init__(self, regression: LogisticRegression, backend: str) -> None:
        self._scaler, self._regression, self._backend = StandardScaler(), regression, backend

    def fit(self, features: np.ndarray, labels: np.ndarray) -> LifReadout:
        """Features (n, n_features), labels (n,)."""
        standard = self._scaler.fit_transform(features)
        scores = self._regression.fit(standard, labels).decision_function(standard)
        # Scores as the neurons see them have mean 0 and standard deviation 1 over images and classes.
        w = self._regression.coef_ / self._scaler.scale_ / scores.std()
        offset = (self._regression.intercept_ - scores.mean()) / scores.std() - w @ self._scaler.mean_
        self._state = {"weights.w": w.T.ravel(), "classes.score_offset": offset}
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Classes (n,): the neuron with the most spikes; of several, the one with the highest potential."""
        n_classes = len(self._regression.classes_)
        params = LifReadoutParams().updated({"n_features": features.shape[1], "n_classes": n_classes})
        program = get_backend(self._backend).compile(lambda: lif_readout.build(params, CHUNK_IMAGES))
        parts = []
        for start in range(0, len(features), CHUNK_IMAGES):
            part = features[start : start + CHUNK_IMAGES]
            shown = np.zeros((CHUNK_IMAGES, features.shape[1]))
            shown[: len(part)] = part
            answers = program.run(self._state, {"features": shown}, {"n_images": len(part)}, 0).records["answers"]
            spikes, v = (answers[key].reshape(len(part), n_classes) for key in ("n_spikes", "v"))
            parts.append(np.lexsort((v, spikes))[:, -1])
        return self._regression.classes_[np.concatenate(parts)]
