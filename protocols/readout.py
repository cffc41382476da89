"""From spike counts to classes: labels for neurons, and two ways to let them vote."""

from __future__ import annotations

import numpy as np

N_CLASSES = 10


def class_rates(counts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean spikes an image of each neuron for each class.

    Parameters
    ----------
    counts : (n, n_exc) spike counts; labels : (n,) classes

    Returns
    -------
    (10, n_exc); a class without images has zeros
    """
    sums = np.zeros((N_CLASSES, counts.shape[1]))
    np.add.at(sums, labels, counts)
    return sums / np.maximum(np.bincount(labels, minlength=N_CLASSES), 1)[:, None]


def assignments(rates: np.ndarray) -> np.ndarray:
    """The class to which each neuron responds most (n_exc,); -1 for a neuron that never spiked (Diehl & Cook, 2.5)."""
    return np.where(rates.max(axis=0) > 0, rates.argmax(axis=0), -1)


def vote(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """The paper's readout: scores (n, 10), the mean count of the neurons assigned to each class."""
    assigned = assignments(rates)[None, :] == np.arange(N_CLASSES)[:, None]
    return counts @ (assigned / np.maximum(assigned.sum(axis=1, keepdims=True), 1)).T


def proportion(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Scores (n, 10) where every neuron votes for every class in proportion to its mean responses."""
    return counts @ (rates / np.maximum(rates.sum(axis=0), 1e-12)).T


READOUTS = {"vote": vote, "proportion": proportion}
