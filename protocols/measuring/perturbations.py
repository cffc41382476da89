"""What is done to images and to networks to see how much they bear. Everything random comes from the generator given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from equispike.protocols.structure import Units

#: Scales among which that of quantised weights is chosen, as fractions of the largest weight.
_SCALES = np.linspace(0.05, 1, 39)


def with_noise(images: np.ndarray, sd: float, rng: np.random.Generator) -> np.ndarray:
    """Return ``images`` (n, height, width) uint8 with normal noise of ``sd`` (white is 1), from black to white."""
    noisy = images + rng.normal(0, 255 * sd, images.shape)
    return np.rint(noisy.clip(0, 255)).astype(np.uint8)


def occluded(images: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``images`` (n, height, width) with a black square of ``side`` pixels somewhere inside each."""
    n, height, width = images.shape
    top, left = rng.integers(0, height - side + 1, n), rng.integers(0, width - side + 1, n)
    rows, columns = np.arange(height)[:, None], np.arange(width)
    top, left = top[:, None, None], left[:, None, None]
    inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return np.where(inside, np.uint8(0), images)


def quantised(weights: np.ndarray, bits: int) -> np.ndarray:
    """Return ``weights`` rounded to multiples of one number: from 0 to 2**bits - 1 where none is negative, else as many on both
    sides of 0 as fit. The number is chosen so that the squared error is least.
    """
    largest = float(np.abs(weights).max())
    if largest == 0:
        return weights
    signed = weights.min() < 0
    most = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    sample = weights.ravel()[:: max(1, weights.size // 100_000)]

    def rounded(values: np.ndarray, scale: float) -> np.ndarray:
        step = scale * largest / most
        return np.rint(values / step).clip(-most if signed else 0, most) * step

    errors = [float(((rounded(sample, scale) - sample) ** 2).sum()) for scale in _SCALES]
    return rounded(weights, _SCALES[int(np.argmin(errors))])


def without_units(
    arrays: Mapping[str, np.ndarray], units: list[Units], fraction: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return ``arrays`` with the weights of a ``fraction`` of the units of each group, chosen at random, at zero."""
    damaged = dict(arrays)
    lost: dict[str, np.ndarray] = {}
    for each in units:
        n = each.shape[each.axis]
        if each.group not in lost:
            lost[each.group] = rng.permutation(n)[: round(fraction * n)]
        values = np.array(damaged[each.array]).reshape(each.shape)
        np.moveaxis(values, each.axis, 0)[lost[each.group]] = 0
        damaged[each.array] = values.reshape(np.shape(arrays[each.array]))
    return damaged


def without_synapses(
    arrays: Mapping[str, np.ndarray], names: list[str], fraction: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return ``arrays`` with a ``fraction`` of the weights in those of ``names`` at zero, each chosen by itself."""
    return dict(arrays) | {
        name: arrays[name] * (rng.random(np.shape(arrays[name]), np.float32) >= fraction) for name in names
    }
