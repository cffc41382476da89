"""Samples as the frames that a network sees."""

from __future__ import annotations

import numpy as np

from equispike.models.classifier_params import ClassifierParams
from equispike.models.layered import LayeredParams
from equispike.protocols.data import Recordings
from equispike.protocols.encoding import latency_code
from equispike.protocols.procedures.gradients.params import DescentParams


def frames(params: ClassifierParams, samples: np.ndarray | Recordings) -> np.ndarray:
    """Frames (n, n_frames, n_input) of ``samples``: images (n, height, width[, channels]) uint8, recordings, or features.

    Values are intensities from 0 to 1 (or features as they are), latencies in time steps, probabilities of a spike in a
    time step, or 1 where there are events.
    """
    return _encoded(params, _seen(params, samples))


def varied(
    params: ClassifierParams, own: DescentParams, samples: np.ndarray | Recordings, rng: np.random.Generator
) -> np.ndarray:
    """Frames for training: of samples that are moved a little, with a part of the pixels left out."""
    seen = _seen(params, samples)
    if isinstance(samples, Recordings):
        seen = np.moveaxis(shifted(np.moveaxis(seen, 1, -1), own.shift, rng), -1, 1)
    elif seen.ndim > 2:  # features have no places
        seen = shifted(seen, own.shift, rng)
    if own.dropout:
        seen = seen * (rng.random(seen.shape, np.float32) >= own.dropout)
    return _encoded(params, seen)


def shifted(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Each of ``images`` (n, height, width, ...) moved by up to ``most`` pixels; what comes into view is 0."""
    if most == 0:
        return images
    n, height, width = images.shape[:3]
    rest = [(0, 0)] * (images.ndim - 3)
    wide = np.pad(images, [(0, 0), (most, most), (most, most), *rest])
    top, left = rng.integers(0, 2 * most + 1, (2, n))
    rows, columns = top[:, None] + np.arange(height), left[:, None] + np.arange(width)
    return wide[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _seen(params: ClassifierParams, samples: np.ndarray | Recordings) -> np.ndarray:
    return samples.binned(params.n_steps) if isinstance(samples, Recordings) else samples  # type: ignore[attr-defined]


def _encoded(params: ClassifierParams, seen: np.ndarray) -> np.ndarray:
    shaped, scale = seen.reshape(len(seen), params.n_frames, params.n_input).astype(np.float32), 1.0
    if seen.dtype != np.uint8:
        return shaped
    if isinstance(params, LayeredParams):
        if params.encoding == "events":
            return shaped
        if params.encoding == "latency":
            return latency_code(shaped, params.n_steps // params.n_frames).astype(np.float32)
        if params.encoding == "poisson":
            scale = float(params.rate_max * params.dt)
    return shaped * np.float32(scale / 255)
