"""Neurons vote for classes: labels for neurons from their responses to labelled samples, and two ways to count the votes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from equispike.protocols.readouts.base import Readout


def class_rates(counts: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return mean spikes per sample of each neuron for each class.

    Parameters
    ----------
    counts : (n, n_neurons) spike counts; labels : (n,) classes

    Returns
    -------
    (n_classes, n_neurons); a class without samples has zeros
    """
    sums = np.zeros((n_classes, counts.shape[1]))
    np.add.at(sums, labels, counts)
    return sums / np.maximum(np.bincount(labels, minlength=n_classes), 1)[:, None]


def assignments(rates: np.ndarray) -> np.ndarray:
    """Return the class to which each neuron responds most (n,); -1 for a neuron that never spiked (Diehl & Cook, 2.5)."""
    return np.where(rates.max(axis=0) > 0, rates.argmax(axis=0), -1)


def vote(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return scores (n, n_classes): the mean count of the neurons assigned to each class, the paper's readout."""
    assigned = assignments(rates)[None, :] == np.arange(len(rates))[:, None]
    return counts @ (assigned / np.maximum(assigned.sum(axis=1, keepdims=True), 1)).T


def proportion(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return scores (n, n_classes) where every neuron votes for every class in proportion to its mean responses."""
    total = rates.sum(axis=0)
    return counts @ (rates / np.where(total > 0, total, 1)).T


class Vote(Readout):
    """Votes of neurons; arrays ``class_rates`` (n_classes, n_neurons) and ``assignments`` (n_neurons,)."""

    def __init__(self, count) -> None:
        self._count = count

    def fit(self, answers: np.ndarray, labels: np.ndarray, n_classes: int) -> dict[str, np.ndarray]:
        rates = class_rates(answers, labels, n_classes)
        return {"class_rates": rates, "assignments": assignments(rates)}

    def shapes(self, n_answers: int, n_classes: int) -> dict[str, tuple[int, ...]]:
        return {"class_rates": (n_classes, n_answers), "assignments": (n_answers,)}

    def scores(self, arrays: Mapping[str, np.ndarray], answers: np.ndarray) -> np.ndarray:
        return self._count(answers, arrays["class_rates"])

    def shares(self, scores: np.ndarray) -> np.ndarray:
        total = scores.sum(axis=1, keepdims=True)
        return scores / np.where(total > 0, total, 1)
