"""A spiking readout whose weights come from multinomial logistic regression; its neurons are those of ``lif-readout``."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from equispike import models
from equispike.models.codegen import get_backend

#: Most images of a run.
CHUNK_IMAGES = 2000
#: Drive, in thresholds, of the mean score, and of one standard deviation of scores.
DRIVE_MEAN, DRIVE_SD = 2.0, 1.0
#: An image lasts five membrane time constants, in steps so short that spikes can be told apart.
SETTINGS = {"n_steps": 200, "dt": "0.5*ms", "tau_out": "20*ms"}


class LifReadout:
    """Fits and predicts like a classifier of scikit-learn; ``regression`` makes the weights."""

    def __init__(self, regression: LogisticRegression, backend: str) -> None:
        self._scaler, self._regression, self._backend = StandardScaler(), regression, backend

    def fit(self, features: np.ndarray, labels: np.ndarray) -> LifReadout:
        """Features (n, n_features), labels (n,)."""
        standard = self._scaler.fit_transform(features)
        scores = self._regression.fit(standard, labels).decision_function(standard)
        gain = DRIVE_SD / scores.std()
        w = self._regression.coef_ / self._scaler.scale_ * gain
        b = DRIVE_MEAN + (self._regression.intercept_ - scores.mean()) * gain - w @ self._scaler.mean_
        self._state = {"classes_in.w": w.T.ravel(), "classes.b": b}
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Classes (n,): the neuron with the most spikes; of several, the one with the highest potential."""
        n, n_features = features.shape
        n_classes = len(self._regression.classes_)
        model = models.get_model("lif-readout")
        params = model.params().updated({"layers": f"{n_features},{n_classes}", **SETTINGS})
        program = get_backend(self._backend).compile(lambda: model.build(params, CHUNK_IMAGES))
        parts = []
        for start in range(0, n, CHUNK_IMAGES):
            part = features[start : start + CHUNK_IMAGES]
            shown = np.zeros((CHUNK_IMAGES, n_features))
            shown[: len(part)] = part
            records = program.run(self._state, {"frames": shown}, {"n_images": len(part)}, 0).records
            parts.append(records["answers"]["score"].reshape(len(part), n_classes).argmax(axis=1))
        return self._regression.classes_[np.concatenate(parts)]
