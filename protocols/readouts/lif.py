"""A spiking readout whose weights come from multinomial logistic regression; its neurons are those of layered networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from equispike.models.build_request import BuildRequest
from equispike.models.codegen import get_backend
from equispike.models.layered import LifReadoutParams
from equispike.protocols.readouts.linear import Linear, regression

#: Most samples of a run.
CHUNK = 2000
#: Drive, in thresholds, of the mean score, and of one standard deviation of scores.
DRIVE_MEAN, DRIVE_SD = 2.0, 1.0
#: A sample lasts five membrane time constants, in steps so short that spikes can be told apart.
SETTINGS = {"n_steps": 200, "dt": "0.5*ms", "tau_out": "20*ms"}


class Lif(Linear):
    """Leaky integrate-and-fire neurons, one per class: most spikes win; of several, the highest potential.

    Arrays ``w`` (n_features, n_classes) and ``b`` (n_classes,).
    """

    def __init__(self, backend: str, pooled: int = 1) -> None:
        super().__init__(regression, pooled)
        self._backend = backend

    def fit(self, answers: np.ndarray, labels: np.ndarray, n_classes: int) -> dict[str, np.ndarray]:
        linear = super().fit(answers, labels, n_classes)
        scores = super().scores(linear, answers)
        known = np.isfinite(linear["biases"])
        gain = DRIVE_SD / scores[:, known].std()
        w = linear["weights"] / linear["scale"] * gain
        b = DRIVE_MEAN + (linear["biases"] - scores[:, known].mean()) * gain - w @ linear["mean"]
        return {"w": w.T, "b": np.where(known, b, 0)}

    def shapes(self, n_answers: int, n_classes: int) -> dict[str, tuple[int, ...]]:
        return {"w": (n_answers // self._pooled, n_classes), "b": (n_classes,)}

    def scores(self, arrays: Mapping[str, np.ndarray], answers: np.ndarray) -> np.ndarray:
        features = self.features(answers)
        n_features, n_classes = arrays["w"].shape
        params = LifReadoutParams().updated({"layers": f"{n_features},{n_classes}", **SETTINGS})
        program = get_backend(self._backend).compile(
            BuildRequest("equispike.models.layered:LIF_READOUT", params, CHUNK)
        )
        state = {"classes_in.w": arrays["w"].ravel(), "classes.b": arrays["b"]}
        parts = []
        for start in range(0, len(features), CHUNK):
            part = features[start : start + CHUNK]
            shown = np.zeros((CHUNK, n_features))
            shown[: len(part)] = part
            records = program.run(state, {"frames": shown}, {"n_images": len(part)}, 0).records
            parts.append(records["answers"]["score"].reshape(len(part), n_classes))
        return np.concatenate(parts)
