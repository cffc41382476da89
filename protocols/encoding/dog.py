"""Difference-of-Gaussians filters: the contrasts that ON and OFF cells see."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d, uniform_filter


def gaussian(size: int, sigma: float) -> np.ndarray:
    """The normal density in one dimension, but for a factor, at the ``size`` whole numbers around 0 (size odd)."""
    x = np.arange(size) - size // 2
    return np.exp(-(x**2) / (2 * sigma**2)) / sigma


def dog_filter(size: int, sigma_center: float, sigma_surround: float) -> np.ndarray:
    """A difference of Gaussians of equal volume (size, size), with mean 0 and maximum 1 (SpykeTorch, DoGKernel)."""
    return _unscaled(size, sigma_center, sigma_surround) / _unscaled(size, sigma_center, sigma_surround).max()


def _unscaled(size: int, sigma_center: float, sigma_surround: float) -> np.ndarray:
    center, surround = gaussian(size, sigma_center), gaussian(size, sigma_surround)
    difference = np.outer(center, center) - np.outer(surround, surround)
    return difference - difference.mean()


def contrasts(
    images: np.ndarray, *, size: int, sigma_center: float, sigma_surround: float, threshold: float, radius: int
) -> np.ndarray:
    """What ON and OFF cells see, with silent ones at 0.

    Parameters
    ----------
    images : (n, height, width) or (n, height, width, channels), 0 to 255; surrounded by 0
    size, sigma_center, sigma_surround : of the filters; OFF is the one with both sigmas exchanged
    threshold : contrasts below are 0
    radius : contrasts are divided by their local mean over a square of this radius; 0: not

    Returns
    -------
    (n, height, width, 2 * channels) float32; the ON cells of all channels come first
    """
    images = images if images.ndim == 4 else images[..., None]
    pixels = np.asarray(images, dtype=np.float32)
    # A filter is a difference of separable ones, and OFF is ON with the other sign, but for its scale.
    center, surround = gaussian(size, sigma_center), gaussian(size, sigma_surround)
    mean = (center.sum() ** 2 - surround.sum() ** 2) / size**2
    difference = _separable(pixels, center) - _separable(pixels, surround) - mean * _separable(pixels, np.ones(size))
    kernel = _unscaled(size, sigma_center, sigma_surround)
    seen = np.concatenate([difference / kernel.max(), difference / kernel.min()], axis=-1)
    seen[seen < max(threshold, np.finfo(np.float32).tiny)] = 0
    return local_normalisation(seen, radius) if radius else seen


def local_normalisation(values: np.ndarray, radius: int) -> np.ndarray:
    """``values`` (n, height, width, maps) divided by their mean over a square of side 2 radius + 1, zeros outside.

    Cells in empty surroundings stay 0 (SpykeTorch, local_normalization).
    """
    side = 2 * radius + 1
    means = uniform_filter(values, size=(1, side, side, 1), mode="constant")
    return np.divide(values, means, out=np.zeros_like(values), where=values > 0)


def _separable(images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    rows = correlate1d(images, weights, axis=1, mode="constant")
    return correlate1d(rows, weights, axis=2, mode="constant")
