"""Numbers behind the figures: confusion, order and selectivity of neurons."""

from __future__ import annotations

import numpy as np

#: In assignments: a neuron that never spiked while neurons were labelled.
UNASSIGNED = -1


def confusion_matrix(truth: np.ndarray, guesses: np.ndarray, n_classes: int) -> np.ndarray:
    """How many images of each class were taken for each.

    Parameters
    ----------
    truth, guesses : (n,) classes from 0 to n_classes - 1

    Returns
    -------
    (n_classes, n_classes) counts; rows are the true classes, columns the guessed ones
    """
    counts = np.zeros((n_classes, n_classes), dtype=int)
    np.add.at(counts, (truth, guesses), 1)
    return counts


def row_percent(counts: np.ndarray) -> np.ndarray:
    """Each row of ``counts`` in percent of its sum; NaN in a row without counts."""
    sums = counts.sum(axis=1, keepdims=True)
    return np.divide(100 * counts, sums, out=np.full(counts.shape, np.nan), where=sums > 0)


def tuning_order(class_rates: np.ndarray, assignments: np.ndarray) -> np.ndarray:
    """Neurons by assigned class, within a class by falling response to it, unassigned ones last.

    Parameters
    ----------
    class_rates : (n_classes, n_exc) mean spikes per image
    assignments : (n_exc,) classes, -1 for unassigned

    Returns
    -------
    (n_exc,) indices; neurons that tie stay in the order of their indices
    """
    response = class_rates[assignments, np.arange(len(assignments))]
    last = len(class_rates)
    return np.lexsort((-response, np.where(assignments == UNASSIGNED, last, assignments)))


def lifetime_sparseness(class_rates: np.ndarray) -> np.ndarray:
    """How selective each neuron is (Vinje & Gallant 2000, doi:10.1126/science.287.5456.1273).

    Parameters
    ----------
    class_rates : (n_classes, n_exc) mean spikes per image

    Returns
    -------
    (n_exc,): 0 for a neuron that responds to all classes alike, 1 for one that responds to a single class, NaN for one
    that never spiked
    """
    n_classes = len(class_rates)
    power = (class_rates**2).mean(axis=0)
    evenness = np.full(class_rates.shape[1], np.nan)
    np.divide(class_rates.mean(axis=0) ** 2, power, out=evenness, where=power > 0)
    return (1 - evenness) / (1 - 1 / n_classes)
