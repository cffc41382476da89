"""Accuracy on damaged images and of damaged networks, the same damage for all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from equispike.protocols.measuring.perturbations import (
    occluded,
    quantised,
    with_noise,
    without_synapses,
    without_units,
)
from equispike.protocols.measuring.trained_runs import TrainedRun, evenly
from equispike.protocols.procedures.base import Arrays, ignore
from equispike.protocols.structure import Units

#: Levels by kind of damage: standard deviation of noise (white is 1), side of a black square (pixels), bits of a weight,
#: fractions of neurons (or maps of a convolution) and of synapses that are lost.
LEVELS: dict[str, tuple[float, ...]] = {
    "noise": (0.1, 0.2, 0.3, 0.5, 0.7),
    "occlusion": (4, 8, 12, 16),
    "bits": (8, 4, 3, 2),
    "neuron loss": (0.1, 0.25, 0.5, 0.75),
    "synapse loss": (0.1, 0.25, 0.5, 0.75),
}
NONE = "none"


def robustness(trained: TrainedRun, n_images: int, report: Callable[[str, int, int], None] = ignore) -> pd.DataFrame:
    """Return the accuracy of a trained run on ``n_images`` evenly spaced test images under each kind and level of damage.

    Nothing is trained or labelled anew. Images are damaged alike for all networks; a network's own seed chooses which of its
    neurons and synapses are lost.

    Returns
    -------
    columns damage, level, n_images, correct; the first row is without damage; no loss of neurons where there are no hidden ones
    """
    shown = evenly(len(trained.data.test_images), n_images)
    images, truth = trained.data.test_images[shown], trained.data.test_labels[shown]
    structure = trained.procedure.structure(trained.state)
    units, weights = structure.units(trained.procedure.classes), structure.weights
    kinds = [kind for kind in LEVELS if kind != "neuron loss" or units]
    conditions = [(NONE, 0.0), *((kind, float(level)) for kind in kinds for level in LEVELS[kind])]
    rows = []
    for done, (kind, level) in enumerate(conditions):
        report("robustness", done, len(conditions))
        shown, state = _perturbed(trained, units, weights, images, kind, level)
        correct = int((trained.classes(shown, state) == truth).sum())
        rows.append({"damage": kind, "level": level, "n_images": len(images), "correct": correct})
    report("robustness", len(conditions), len(conditions))
    return pd.DataFrame(rows)


def _perturbed(
    trained: TrainedRun, units: list[Units], weights: list[str], images: np.ndarray, kind: str, level: float
) -> tuple[np.ndarray, Arrays]:
    of_images = np.random.default_rng([list(LEVELS).index(kind), round(100 * level)] if kind in LEVELS else 0)
    of_network = np.random.default_rng([trained.spec.seed, round(100 * level)])
    state = trained.state
    match kind:
        case "noise":
            return with_noise(images, level, of_images), state
        case "occlusion":
            return occluded(images, int(level), of_images), state
        case "bits":
            return images, state | {name: quantised(state[name], int(level)) for name in weights}
        case "neuron loss":
            return images, without_units(state, units, level, of_network)
        case "synapse loss":
            return images, without_synapses(state, weights, level, of_network)
    return images, state
