"""Intensities as times of single spikes, in bins: the stronger the earlier."""

from __future__ import annotations

import numpy as np


def rank_order_code(values: np.ndarray, n_bins: int) -> np.ndarray:
    """As many spikes in each bin as in the next, one at most excepted: ranks, not intensities, count.

    Parameters
    ----------
    values : (n, ...) not negative; of equal values the one with the lower index is earlier

    Returns
    -------
    (n, ...) int16: 0 to n_bins - 1; n_bins where the value is 0, which never fires
    """
    flat = values.reshape(len(values), -1)
    latencies = np.full(flat.shape, n_bins, dtype=np.int16)
    image, cell = np.nonzero(flat)
    order = np.lexsort((cell, -flat[image, cell], image))
    counts = np.bincount(image, minlength=len(flat))
    first = np.cumsum(counts) - counts
    rank = np.arange(len(image)) - np.repeat(first, counts)
    latencies[image[order], cell[order]] = rank * n_bins // np.repeat(counts, counts)
    return latencies.reshape(values.shape)


def latency_code(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Bins of equal width from each image's largest value down to 0; arguments and result as for rank_order_code."""
    flat = values.reshape(len(values), -1)
    largest = np.maximum(flat.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    bins = np.minimum((n_bins * (1 - flat / largest)).astype(np.int16), n_bins - 1)
    return np.where(flat > 0, bins, n_bins).astype(np.int16).reshape(values.shape)
