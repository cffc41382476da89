"""Finds the strokes of one digit in a photograph: under uneven light, on squared paper, in a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.measure._regionprops import RegionProperties
from skimage.morphology import closing, footprint_rectangle, isotropic_dilation, isotropic_opening

from equispike.models.errors import EquispikeError

type Grey = NDArray[np.uint8]
type Ink = NDArray[np.float64]
type Mask = NDArray[np.bool_]

_STROKE = 0.4  # Fraction of the picture's longest side that no stroke is as wide as: what is wider is ground.
_GRAIN = 1 / 300  # Fraction of that side over which noise is averaged.
_DARKNESS = 20.0  # Grey levels of a ground so dark that contrast with it is mostly noise.
_LEAST = 0.06  # Contrast with the ground, 0 to 1, below which there is no ink.
_LINE = 0.025  # Fraction of that side that a printed line is at most wide.
_SLOPES = np.linspace(-0.1, 0.1, 61)  # Of printed lines against the edges of the picture.
_FULL, _THIN = (
    0.7,
    0.3,
)  # Fractions of the picture's width or height where there is ink on a printed line, and no stroke.
_NEAR = 0.4  # Gap between parts of one digit, in lengths of its largest part.
_PART = 0.03  # Area of the smallest part of a digit, in areas of its largest part.
_OTHER = 0.3  # Area from which on something else is another digit, in areas of the largest part,
_OTHER_HEIGHT = 0.7  # and height, in heights of that, where it stands beside it.
_SMALLEST = 8  # Pixels; with its longest side below them, a digit cannot be told from a dot.
_RECTANGLE = 0.85  # Fraction of a rectangle around it that a box or a sheet fills.
_SHEET = 0.1  # Fraction of the picture that a box or sheet covers at least.


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
    if dark is not False and (sheet := _sheet(grey)) is not None:
        grey, dark = sheet, True
    ink = _ink(grey, dark)
    if ink.max() < _LEAST:
        shade = "brighter" if dark is False else "darker" if dark else "brighter or darker"
        raise EquispikeError(f"{name} shows nothing {shade} than its ground: change whether it is inverted.")
    ink = (ink / np.quantile(ink[ink > ink.max() / 2], 0.9)).clip(0, 1)
    digit = _digit(_without_lines(_without_box(ink > min(0.5, threshold_otsu(ink)))), name)
    ink = np.where(isotropic_dilation(digit, 1.5), ink, 0)
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _sheet(grey: Grey) -> Grey | None:
    """The sheet of paper that lies on something dark, with something written on it, or None."""
    side = max(grey.shape)
    labels = label(ndimage.gaussian_filter(grey, _GRAIN * side) > threshold_otsu(grey))
    sheet = max(regionprops(labels), key=lambda part: part.area)
    top, left, bottom, right = sheet.bbox
    inner = top > 0 and left > 0 and bottom < grey.shape[0] and right < grey.shape[1]
    written = sheet.area < sheet.area_filled
    if not (inner and written and _is_solid(sheet) and sheet.area_filled > _SHEET * grey.size):
        return None
    margin = 0.02 * side
    paper = ndimage.binary_erosion(np.pad(sheet.image_filled, 1), iterations=round(margin))[1:-1, 1:-1]
    return np.where(paper, grey[sheet.slice], np.median(grey[sheet.slice][sheet.image])).astype(np.uint8)


def _ink(grey: Grey, dark: bool | None) -> Ink:
    """How far a picture is from its ground, as a fraction of the ground's brightness: light falls out of it."""
    side = max(grey.shape)
    levels = ndimage.gaussian_filter(grey.astype(float), _GRAIN * side)
    if dark is None:
        dark = _is_dark(levels)
    if not dark:
        levels = 255 - levels
    ground = closing(levels, footprint_rectangle((round(_STROKE * side) | 1,) * 2, decomposition="separable"))
    return (ground - levels) / (ground + _DARKNESS)


def _is_dark(levels: Ink) -> bool:
    """Whether what is rare is darker than the median of what is around it."""
    margin = tuple(slice(side // 20, side - side // 20) for side in levels.shape)  # a frame is no ground
    step = -(-max(levels.shape) // 40)
    small = ndimage.uniform_filter(levels[margin], step)[step // 2 :: step, step // 2 :: step]
    around = ndimage.median_filter(small, size=max(small.shape) // 2 | 1, mode="nearest")
    return bool(((small - around) ** 3).sum() < 0)


def _without_box(mask: Mask) -> Mask:
    """Without a box that is printed around the digit, as forms have."""
    labels = label(mask, connectivity=2)
    parts = regionprops(labels)
    for box in parts:
        if box.area_bbox > _SHEET * mask.size and _is_solid(box) and any(_holds(box, part) for part in parts):
            return mask & (labels != box.label)
    return mask


def _without_lines(mask: Mask) -> Mask:
    """Without straight lines through the whole picture, as squared and lined paper has; strokes that cross them stay."""
    thin = mask & ~isotropic_opening(mask, _LINE * max(mask.shape) / 2)
    lines = _lines(mask, thin) | _lines(mask.T, thin.T).T
    if not lines.any():
        return mask
    rest = mask & ~lines
    # A stroke goes on where a line crosses it.
    reach = footprint_rectangle((round(_LINE * max(mask.shape)) + 2,) * 2)
    return rest | (mask & closing(rest, reach))


def _lines(mask: Mask, thin: Mask) -> Mask:
    """Those thin pixels which lie on lines that go from left to right, over or under whatever else there is."""
    height, width = mask.shape
    spare = int(np.ceil(abs(_SLOPES[0]) * width / 2)) + 1
    found = np.zeros_like(thin)
    y, x = np.nonzero(mask)
    is_thin = thin[y, x]
    for slope in _SLOPES:
        row = np.rint(y + slope * (x - width / 2)).astype(int) + spare
        full, full_of_thin = (np.bincount(row[which], minlength=height + 2 * spare) > fraction * width
                              for which, fraction in ((slice(None), _FULL), (is_thin, _THIN)))  # fmt: skip
        line = full & full_of_thin
        on = is_thin & (line | np.roll(line, 1) | np.roll(line, -1))[row]
        found[y[on], x[on]] = True
    return found


def _digit(mask: Mask, name: str) -> Mask:
    """The largest part of what is inside of frames, and what belongs to it."""
    labels = label(mask, connectivity=2)
    parts = sorted(regionprops(labels), key=lambda part: -part.area)
    if not parts or max(parts[0].image.shape) < _SMALLEST:
        raise EquispikeError(f"{name} shows too little ink for its size: crop the picture to the digit.")
    for is_outside, least in ((_is_margin, _PART), (_touches, _OTHER)):
        inside = [part for part in parts if not is_outside(part, mask.shape)]
        if inside and inside[0].area > least * parts[0].area:
            parts = inside
    main = parts[0]
    size = max(_height(main), main.bbox[3] - main.bbox[1])
    large = np.isin(labels, [part.label for part in parts if part.area >= _PART * main.area])
    groups = label(isotropic_dilation(large, _NEAR * size / 2))
    digit = large & (groups == groups[tuple(main.coords[0])])
    for part in parts[1:]:
        beside = part.bbox[3] <= main.bbox[1] or part.bbox[1] >= main.bbox[3]
        both = beside and _height(part) > _OTHER_HEIGHT * _height(main)
        if part.area > _OTHER * main.area and (both or not digit[tuple(part.coords[0])]):
            raise EquispikeError(f"{name} shows more than one thing of that size: crop the picture to one digit.")
    return digit


def _height(part: RegionProperties) -> int:
    return part.bbox[2] - part.bbox[0]


def _touches(part: RegionProperties, shape: tuple[int, ...]) -> bool:
    """Whether a part touches an edge of the picture."""
    top, left, bottom, right = part.bbox
    return top == 0 or left == 0 or bottom == shape[0] or right == shape[1]


def _is_margin(part: RegionProperties, shape: tuple[int, ...]) -> bool:
    """Whether a part is a frame or shadow at the edges of the picture: it has one of its corners, or half of one of its sides."""
    top, left, bottom, right = part.bbox
    image = part.image
    sides = [side for touches, side in (
        (top == 0, image[0]), (bottom == shape[0], image[-1]), (left == 0, image[:, 0]), (right == shape[1], image[:, -1])
    ) if touches]  # fmt: skip
    corners = (top == 0 and left == 0 and image[0, 0], top == 0 and right == shape[1] and image[0, -1],
               bottom == shape[0] and left == 0 and image[-1, 0],
               bottom == shape[0] and right == shape[1] and image[-1, -1])  # fmt: skip
    return any(corners) or any(side.sum() > min(shape) / 2 for side in sides)


def _is_solid(part: RegionProperties) -> bool:
    """Whether a part, with its holes filled, is a rectangle: no digit is, but boxes and sheets of paper are."""
    return bool(part.area_filled > _RECTANGLE * part.area_bbox)


def _holds(box: RegionProperties, part: RegionProperties) -> bool:
    inner, outer = part.bbox, box.bbox
    within = outer[0] < inner[0] and outer[1] < inner[1] and inner[2] < outer[2] and inner[3] < outer[3]
    return within and part.area > _PART * box.area
