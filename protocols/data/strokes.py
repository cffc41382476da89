"""Finds the strokes of one digit in a photograph: under uneven light, on squared paper, in a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import closing, footprint_rectangle, isotropic_dilation, isotropic_opening

from equispike.models.errors import EquispikeError

type Grey = NDArray[np.uint8]
type Ink = NDArray[np.float64]
type Mask = NDArray[np.bool_]

_STROKE = 0.4  # Fraction of the picture's longest side that no stroke is as wide as: what is wider is ground.
_GRAIN = 1 / 300  # Fraction of that side over which noise is averaged.
_LEAST = 0.06  # Contrast with the ground, 0 to 1, below which there is no ink.
_LINE = 0.025  # Fraction of that side that a printed line is at most wide.
_SLOPES = np.linspace(-0.1, 0.1, 61)  # Of printed lines against the edges of the picture.
_FULL = 0.6  # Fraction of the picture's width or height that a printed line covers with ink.
_NEAR = 0.12  # Gap between parts of one digit, in lengths of its largest part.
_PART = 0.03  # Area of the smallest part of a digit, in areas of its largest part.
_OTHER = 0.3  # Area from which on something else is another digit, in areas of the largest part.


def find_digit(grey: Grey, dark: bool | None, name: str) -> Ink:
    """Return the smallest rectangle around a digit, as ink from 0 to 1.

    Parameters
    ----------
    grey : picture (height, width)
    dark : whether the digit is darker than its ground; None: judged by which is the rarer
    name : of the picture, for what is said of it

    Raises
    ------
    EquispikeError
        There is no digit, or more than one.
    """
    ink = _ink(grey, dark)
    if ink.max() < _LEAST:
        shade = "brighter" if dark is False else "darker" if dark else "brighter or darker"
        raise EquispikeError(f"{name} shows nothing {shade} than its ground: change whether it is inverted.")
    ink = (ink / np.quantile(ink[ink > ink.max() / 2], 0.9)).clip(0, 1)
    mask = _without_lines(ink > min(0.5, threshold_otsu(ink)))
    digit = _digit(mask, name)
    ink = np.where(isotropic_dilation(digit, 1.5), ink, 0)
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _ink(grey: Grey, dark: bool | None) -> Ink:
    """How far a picture is from its ground, as a fraction of the ground's brightness: light falls out of it."""
    side = max(grey.shape)
    levels = ndimage.gaussian_filter(grey.astype(float), _GRAIN * side)
    if dark is None:
        dark = _is_dark(levels)
    if not dark:
        levels = 255 - levels
    ground = closing(levels, footprint_rectangle((round(_STROKE * side) | 1,) * 2, decomposition="separable"))
    return 1 - levels / ground.clip(1)


def _is_dark(levels: Ink) -> bool:
    """Whether what is rare is darker than the median of what is around it."""
    step = -(-max(levels.shape) // 64)
    small = ndimage.uniform_filter(levels, step)[step // 2 :: step, step // 2 :: step]
    around = ndimage.median_filter(small, size=max(small.shape) // 2 | 1)
    return bool(((small - around) ** 3).sum() < 0)


def _without_lines(mask: Mask) -> Mask:
    """Without straight lines through the whole picture, as squared and lined paper has; strokes that cross them stay."""
    thin = mask & ~isotropic_opening(mask, _LINE * max(mask.shape) / 2)
    lines = _lines(thin) | _lines(thin.T).T
    if not lines.any():
        return mask
    rest = mask & ~lines
    # A stroke goes on where a line crosses it.
    reach = footprint_rectangle((round(_LINE * max(mask.shape)) + 2,) * 2)
    return rest | (mask & closing(rest, reach))


def _lines(thin: Mask) -> Mask:
    """Those pixels which lie on lines that go from left to right."""
    height, width = thin.shape
    y, x = np.nonzero(thin)
    found = np.zeros_like(thin)
    spare = int(np.ceil(abs(_SLOPES[0]) * width / 2)) + 1
    for slope in _SLOPES:
        row = np.rint(y + slope * (x - width / 2)).astype(int) + spare
        full = np.bincount(row, minlength=height + 2 * spare) > _FULL * width
        full = full | np.roll(full, 1) | np.roll(full, -1)
        on = full[row]
        found[y[on], x[on]] = True
    return found


def _digit(mask: Mask, name: str) -> Mask:
    """The largest part of what is inside of frames, and what belongs to it."""
    labels = label(mask, connectivity=2)
    parts = sorted(regionprops(labels), key=lambda part: -part.area)
    while len(parts) > 1 and _is_frame(parts[0], parts[1:], mask.shape):
        del parts[0]
    main = parts[0]
    size = max(main.bbox[2] - main.bbox[0], main.bbox[3] - main.bbox[1])
    large = np.isin(labels, [part.label for part in parts if part.area >= _PART * main.area])
    groups = label(isotropic_dilation(large, _NEAR * size / 2))
    own = groups[tuple(main.coords[0])]
    digit = large & (groups == own)
    for part in parts:
        if part.area > _OTHER * main.area and groups[tuple(part.coords[0])] != own:
            raise EquispikeError(f"{name} shows more than one thing of that size: crop the picture to one digit.")
    return digit


def _is_frame(part, others, shape: tuple[int, int]) -> bool:
    """Whether a part is a frame, a shadow or a table around others, and not the digit itself."""
    inside = [other for other in others if other.area > 0.02 * part.area or other.area > 0.002 * shape[0] * shape[1]]
    if not inside:
        return False
    top, left, bottom, right = part.bbox
    edges = (part.image[0], top == 0), (part.image[-1], bottom == shape[0]), \
        (part.image[:, 0], left == 0), (part.image[:, -1], right == shape[1])  # fmt: skip
    wholes = (shape[1], shape[1], shape[0], shape[0])
    if any(touches and edge.sum() > 0.5 * whole for (edge, touches), whole in zip(edges, wholes, strict=True)):
        return True
    if (top == 0 or bottom == shape[0]) and (left == 0 or right == shape[1]) and len(inside) > 0:
        return True
    boxed = [o for o in inside if top < o.bbox[0] and left < o.bbox[1] and o.bbox[2] < bottom and o.bbox[3] < right]
    return bool(boxed) and part.area_filled > 0.85 * part.area_bbox
