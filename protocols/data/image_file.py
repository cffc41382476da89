"""Turns a picture of one digit into the kind of image that MNIST consists of."""

import os
import struct
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from equispike.models.errors import EquispikeError
from equispike.protocols.data.idx import SIDE

_BOX = 20  # Longest side of the digit, in pixels, as in MNIST.
_BLANK = 16  # Grey levels; a picture with less contrast shows nothing but noise.
_INK = 0.25  # Share of the strongest ink below which a pixel may be noise, such as JPEG leaves around a stroke.

Grey = NDArray[np.uint8]


def read_digit(path: str | Path, invert: bool | Literal["auto"] = "auto") -> Grey:
    """The digit in a PNG or JPEG file as (28, 28) uint8, white (255) on black (0).

    `invert` says whether the digit is dark on a bright ground; 'auto' judges by the border of the picture. The
    digit is scaled to 20 pixels and centred by its centre of mass, as in MNIST; an image that needs no inversion
    and is 28 x 28 already is returned as it is.
    Raises EquispikeError if the file is missing, not such an image, or blank.
    """
    grey = _read_grey(Path(path))
    if np.ptp(grey) < _BLANK:
        raise EquispikeError(f"{path} is blank: choose a picture that shows a digit.")
    if invert is True or (invert == "auto" and _ground(grey) > 127):
        grey = 255 - grey
    elif grey.shape == (SIDE, SIDE):
        return grey
    ink = grey - _ground(grey)
    if ink.max() < _BLANK:
        raise EquispikeError(f"{path} shows nothing brighter than its ground: change whether it is inverted.")
    return _centred(_scaled(_cropped(ink.clip(0) / ink.max())))


def _read_grey(path: Path) -> Grey:
    """The picture upright, in shades of grey (height, width), on white wherever it is transparent."""
    if not os.path.isfile(path):  # Path.is_file raises where a folder may not be entered.
        raise EquispikeError(f"There is no file {path}: name a PNG or JPEG image of a digit.")
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.has_transparency_data:
                rgba = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
            if upright.mode.startswith("I"):
                # 16 bits a pixel, which convert would cut off at 255 instead of scaling.
                return (np.asarray(upright) // 257).astype(np.uint8)
            return np.array(upright.convert("L"))
    # Pillow lets all of these out, depending on which part of a file is broken.
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        raise EquispikeError(f"{path} cannot be read as an image: name an intact PNG or JPEG file.") from error


def _ground(grey: Grey) -> float:
    """Grey level of the background: the median of the pixels along the border."""
    return float(np.median(np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))))


def _cropped(ink: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest rectangle around all ink (0 to 1)."""
    rows = np.flatnonzero((ink > _INK).any(axis=1))
    columns = np.flatnonzero((ink > _INK).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scaled(ink: NDArray[np.float64]) -> Grey:
    """The digit scaled, smoothly and in proportion, until its longest side measures 20 pixels."""
    height, width = (max(1, round(_BOX * side / max(ink.shape))) for side in ink.shape)
    image = Image.fromarray(np.rint(255 * ink).astype(np.uint8))
    return np.array(image.resize((width, height), Image.Resampling.LANCZOS))


def _centred(digit: Grey) -> Grey:
    """The digit (at most 20 x 20) on 28 x 28, its centre of mass as near the middle as whole pixels allow."""
    field = np.zeros((SIDE, SIDE), np.uint8)
    height, width = digit.shape
    top = _offset(digit.sum(axis=1, dtype=float))
    left = _offset(digit.sum(axis=0, dtype=float))
    field[top : top + height, left : left + width] = digit
    return field


def _offset(mass: NDArray[np.float64]) -> int:
    """Where a profile of mass has to begin for its centre to lie in the middle, but not beyond the edges."""
    centre = float(np.average(np.arange(len(mass)), weights=mass))
    return int(np.clip(round((SIDE - 1) / 2 - centre), 0, SIDE - len(mass)))
