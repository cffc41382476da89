"""What each layer of a trained network makes of the same samples."""

from __future__ import annotations

import numpy as np

from equispike.protocols.measuring.trained_runs import TrainedRun, evenly


def responses(trained: TrainedRun, n_images: int) -> dict[str, np.ndarray]:
    """Return responses (n_images, n) float32 of each layer to evenly spaced test samples, the input's omitted.

    Spikes of neurons that spike (with all repetitions of a sample), outputs of units, and features. ``labels`` (n_images,):
    the samples' classes.
    """
    which = evenly(len(trained.data.test_images), n_images)
    found = trained.procedure.layer_responses(trained.state, trained.seen.test_images[which])
    return {name: values.astype(np.float32) for name, values in found.items()} | {
        "labels": trained.data.test_labels[which]
    }
