"""Classes of single images, from a trained and labelled run."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from equispike import models
from equispike.models.ann import AnnParams
from equispike.models.errors import EquispikeError
from equispike.protocols import baselines, gradients, readout
from equispike.protocols.evaluating import trained_state
from equispike.protocols.features import features_of
from equispike.protocols.presenting import PREDICTING
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, presenter


def predict(run: RunFolder, images: np.ndarray, backend: str | None = None) -> dict[str, np.ndarray]:
    """Scores (n, n_classes) of ``images`` (n, 28, 28) uint8 by readout; ``proportion`` adds up to 1.

    Raises
    ------
    EquispikeError
        The run's neurons have no labels yet.
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    if isinstance(spec.params, AnnParams):
        return {"proportion": softmax(baselines.scores(spec.params, run.trained_arrays(), images), axis=1)}
    if models.get_model(spec.model).protocol == "gradients":
        arrays = run.trained_arrays()
        if spec.features is not None:
            images = features_of(images, spec, run, backend)
        elif spec.params.encoding == "events":  # type: ignore[attr-defined]
            raise EquispikeError(f"{run.path} tells the classes of recordings of events, not of images")
        scores, _ = gradients.show(spec, arrays, images, phase=PREDICTING, backend=backend)
        return {"proportion": softmax(scores, axis=1)}
    if models.get_model(spec.model).protocol != "presenting":
        raise EquispikeError(
            f"{run.path} is a run of {spec.model}, for which predict does not work: the classes of the test images are in "
            "the evaluation-test.npz of equispike evaluate"
        )
    if not run.has("labels.npz"):
        raise EquispikeError(f"the neurons of {run.path} have no labels yet: run equispike evaluate {run.path} first")
    rates = run.read_arrays("labels.npz")["class_rates"]
    network = presenter(spec, backend)
    parts = list(network.frozen_counts(trained_state(run, spec), images, phase=PREDICTING))
    counts = np.concatenate(parts)
    return {name: score(counts, rates) for name, score in readout.READOUTS.items()}
