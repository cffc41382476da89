"""What each layer of a trained network makes of the same images."""

from __future__ import annotations

import numpy as np

from equispike.protocols import baselines
from equispike.protocols.features import GRID, with_features
from equispike.protocols.layerwise.features import Features
from equispike.protocols.measuring.trained_runs import Ann, ConvStdp, Subject, evenly
from equispike.protocols.recording import record


def responses(subject: Subject, n_images: int) -> dict[str, np.ndarray]:
    """Responses (n_images, n) float32 of each layer to evenly spaced test images, the image's pixels or spikes left out.

    Spikes of neurons that spike (of Diehl and Cook's with all repetitions of an image), outputs of units, and the features of
    conv-stdp's last layer. ``labels`` (n_images,): their classes.
    """
    which = evenly(len(subject.data.test_images), n_images)
    labels, images = subject.data.test_labels[which], subject.data.test_images[which]
    if isinstance(subject, Ann):
        outputs = baselines.respond(subject.params, subject.arrays, images)
        layers = {name: values for name, values in outputs.items() if name.startswith("layer")}
        found = {name: values.reshape(len(values), -1) for name, values in layers.items()}
    else:
        samples = with_features(subject.data, subject.spec, subject.run, "test").test_images[which]
        recording = record(subject.run, subject.spec, samples, subject.backend)
        found = {name: recording.counts(name) for name in recording.spikes if name not in _INPUTS}
        if isinstance(subject, ConvStdp):
            found = {name: counts for name, counts in found.items() if name.startswith("pool")}
            found["features"] = Features.of_run(subject.run, subject.spec, GRID, subject.backend).extract(images)
    return {name: values.astype(np.float32) for name, values in found.items()} | {"labels": labels}


_INPUTS = ("inputs", "input", "pixels")
