"""Accuracy on damaged images and of damaged networks, the same damage for all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from equispike.protocols.measuring.perturbations import occluded, quantised, with_noise, without_synapses, without_units
from equispike.protocols.measuring.trained_runs import Arrays, Subject, evenly

#: Levels by kind of damage: standard deviation of noise (white is 1), side of a black square (pixels), bits of a weight,
#: parts of neurons (or maps of a convolution) and of synapses that are lost.
LEVELS: dict[str, tuple[float, ...]] = {
    "noise": (0.1, 0.2, 0.3, 0.5, 0.7),
    "occlusion": (4, 8, 12, 16),
    "bits": (8, 4, 3, 2),
    "neuron loss": (0.1, 0.25, 0.5, 0.75),
    "synapse loss": (0.1, 0.25, 0.5, 0.75),
}
NONE = "none"


def robustness(
    subject: Subject, n_images: int, report: Callable[[str, int, int], None] = lambda phase, done, total: None
) -> pd.DataFrame:
    """Accuracy of ``subject`` on ``n_images`` evenly spaced test images under each kind and level of damage.

    Nothing is trained or labelled anew. Images are damaged alike for all networks; a network's own seed chooses which of its
    neurons and synapses are lost.

    Returns
    -------
    columns damage, level, n_images, correct; the first row is without damage; no loss of neurons where there are no hidden ones
    """
    shown = evenly(len(subject.data.test_images), n_images)
    images, truth = subject.data.test_images[shown], subject.data.test_labels[shown]
    kinds = [kind for kind in LEVELS if kind != "neuron loss" or subject.units]
    conditions = [(NONE, 0.0), *((kind, float(level)) for kind in kinds for level in LEVELS[kind])]
    rows = []
    for done, (kind, level) in enumerate(conditions):
        report("robustness", done, len(conditions))
        shown, arrays = _damaged(subject, images, kind, level)
        correct = int((subject.classes(shown, arrays) == truth).sum())
        rows.append({"damage": kind, "level": level, "n_images": len(images), "correct": correct})
    report("robustness", len(conditions), len(conditions))
    return pd.DataFrame(rows)


def _damaged(subject: Subject, images: np.ndarray, kind: str, level: float) -> tuple[np.ndarray, Arrays]:
    of_images = np.random.default_rng([list(LEVELS).index(kind), round(100 * level)] if kind in LEVELS else 0)
    of_network = np.random.default_rng([subject.spec.seed, round(100 * level)])
    arrays = subject.arrays
    match kind:
        case "noise":
            return with_noise(images, level, of_images), arrays
        case "occlusion":
            return occluded(images, int(level), of_images), arrays
        case "bits":
            return images, arrays | {name: quantised(arrays[name], int(level)) for name in subject.weights}
        case "neuron loss":
            return images, without_units(arrays, subject.units, level, of_network)
        case "synapse loss":
            return images, without_synapses(arrays, subject.weights, level, of_network)
    return images, arrays
