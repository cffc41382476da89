"""Classes of single samples, from a trained run."""

from __future__ import annotations

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.learned import readout_arrays
from equispike.protocols.procedures.base import PREDICTING
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import seen_of
from equispike.protocols.spec import TrainingSpec


def predict(run: RunFolder, images: np.ndarray, backend: str | None = None, readout: str | None = None) -> np.ndarray:
    """Return each class's share (n, n_classes) in the scores of ``images`` (n, height, width) uint8.

    Shares add up to 1, or are all 0 where nothing was answered. ``readout``: the paper's, if not given.

    Raises
    ------
    EquispikeError
        The run's readout has not learned yet, or the run is of recordings.
    """
    spec = TrainingSpec.of_run(run)
    arrays = run.trained_arrays()
    spec.params.check_kind(spec.system.name, "what you show", "images" if spec.source is None else "features")
    if spec.source is None:
        spec.params.check_images("what you show", images.shape[1:])
    procedure = spec.procedure(backend, len(images))
    name = readout or next(iter(procedure.readouts))
    if name not in procedure.readouts:
        raise EquispikeError(f"{spec.system.name} has no readout {name}: choose one of {', '.join(procedure.readouts)}")
    chosen = procedure.readouts[name]
    learned = readout_arrays(run, procedure, name) if chosen.learns else {}
    samples = seen_of(images, spec, run, backend)
    answers = procedure.respond(procedure.state(arrays), samples, phase=PREDICTING)
    return chosen.shares(chosen.scores(learned, answers))


def unlike(run: RunFolder, images: np.ndarray) -> list[str]:
    """Return how each of ``images`` (n, height, width[, 3]) uint8 differs from all images that the run was trained on, or "".

    What is compared is the brightness: an image that passes may still show something else. Older runs do not tell it.
    """
    low, high = run.read_json("run.json")["data"].get("brightness") or (0, 255)
    found = []
    for image in images:
        brightness = float(image.mean())
        if brightness > high:
            found.append(f"has {brightness / high:.1f} times as much ink as any training image")
        elif brightness < low:
            found.append(f"has {brightness / low:.1f} times the ink of the training image with the least")
        else:
            found.append("")
    return found
