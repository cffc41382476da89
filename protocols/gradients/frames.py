"""Images as the frames that a network sees."""

from __future__ import annotations

import numpy as np

from models.deep import DeepParams


def frames(params: DeepParams, images: np.ndarray) -> np.ndarray:
    """Frames (n, n_frames, n_input), 0 to 1, of ``images`` (n, height, width[, channels]) uint8."""
    return images.reshape(len(images), params.n_frames, params.n_input).astype(np.float32) / 255


def shifted(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Each of ``images`` (n, height, width[, channels]) moved by up to ``most`` pixels; what comes into view is 0."""
    if most == 0:
        return images
    n, height, width = images.shape[:3]
    rest = [(0, 0)] * (images.ndim - 3)
    wide = np.pad(images, [(0, 0), (most, most), (most, most), *rest])
    top, left = rng.integers(0, 2 * most + 1, (2, n))
    rows, columns = top[:, None] + np.arange(height), left[:, None] + np.arange(width)
    return wide[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
