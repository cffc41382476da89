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
    flat = np.asarray(values, dtype=np.float32).reshape(len(values), -1)
    # Positive floats sort like their bits; the index below them breaks ties and comes along.
    keys = (np.iinfo(np.int32).max - flat.view(np.int32).astype(np.int64)) << 32 | np.arange(flat.shape[1])
    keys.sort(axis=1)
    counts = (flat > 0).sum(axis=1, keepdims=True)
    rank = np.arange(flat.shape[1])
    ranked = np.where(rank < counts, rank * n_bins // np.maximum(counts, 1), n_bins).astype(np.int16)
    latencies = np.empty(flat.shape, dtype=np.int16)
    np.put_along_axis(latencies, keys & 0xFFFFFFFF, ranked, axis=1)
    return latencies.reshape(values.shape)


def latency_code(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Bins of equal width from each image's largest value down to 0; arguments and result as for rank_order_code."""
    flat = values.reshape(len(values), -1)
    largest = np.maximum(flat.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    bins = np.minimum((n_bins * (1 - flat / largest)).astype(np.int16), n_bins - 1)
    return np.where(flat > 0, bins, n_bins).astype(np.int16).reshape(values.shape)
