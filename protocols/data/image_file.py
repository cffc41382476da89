"""Turns a picture of one digit into the kind of image that MNIST consists of."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from equispike.models.errors import EquispikeError
from equispike.protocols.data.idx import SIDE

_BOX = 20  # Longest side of the digit, in pixels, as in MNIST.
#: Endings of the files that a folder of pictures is made of.
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "PPM")
_MOST_PIXELS = 200_000_000
_SHRUNK = 600  # Longest side, in pixels, that a picture is averaged down to before anything is done with it.
_BLANK = 16  # Grey levels; a picture with less contrast shows nothing but noise.
_COLOURLESS = 3  # Levels by which red, green and blue of grey pictures may differ: compression rounds.
_CENTRE = 14  # Row and column of the centre of mass, counted from 0, in MNIST.

Grey = NDArray[np.uint8]


def read_digit(path: str | Path, invert: bool | Literal["auto"] = "auto") -> Grey:
    """The digit in a picture, such as a PNG, JPEG, BMP, GIF, TIFF or WebP file, as (28, 28) uint8, white (255) on black (0).

    `invert` says whether the digit is dark on a bright ground; 'auto' takes for ink what is rarer. Light, lines of the paper and
    frames are taken out. The digit is scaled to 20 pixels and centred by its centre of mass, as in MNIST; an image that needs no
    inversion, by its border, and is 28 x 28 already is returned as it is.
    Raises EquispikeError if the file is missing, not such an image, blank, shows more than one thing of a size, or is too thin
    to be seen at that size.
    """
    grey = _read_grey(Path(path))
    if np.ptp(grey) < _BLANK:
        raise EquispikeError(f"{path} is blank: choose a picture that shows a digit.")
    if grey.shape == (SIDE, SIDE) and invert is not True and (invert is False or np.median(_border(grey)) <= 127):
        return grey
    from equispike.protocols.data.strokes import find_digit  # it imports scikit-image, which takes a while

    ink = find_digit(grey, None if invert == "auto" else invert, str(path))
    digit = _scaled(ink)
    if digit.max() < _BLANK:
        raise EquispikeError(f"{path} shows too little ink for its size: crop the picture to the digit.")
    return _centred(np.rint(digit * (255 / digit.max())).astype(np.uint8))


def read_picture(path: Path) -> Grey:
    """Read a picture as it is, upright: (height, width), or (height, width, 3) where it shows colours, uint8.

    Raises EquispikeError if the file is missing or not such a picture.
    """
    with _opened(path) as image:
        if image.mode.startswith(("I", "F")):
            return _of_range(np.asarray(image, dtype=np.float32))
        if image.has_transparency_data:
            return _on_ground(np.asarray(image.convert("RGBA").convert("RGBa"), dtype=np.float32))
        colours = np.array(image.convert("RGB"))
        return colours if np.ptp(colours, axis=2).max() > _COLOURLESS else np.array(image.convert("L"))


def _read_grey(path: Path) -> Grey:
    """The picture upright, in shades of grey (height, width), no side longer than _SHRUNK pixels.

    What is transparent takes the ground, white or black, on which more is to be seen.
    """
    with _opened(path) as image:
        if image.mode.startswith(("I", "F")):
            return _of_range(np.asarray(_shrunk(Image.fromarray(np.asarray(image, dtype=np.float32)))))
        if image.has_transparency_data:
            return _on_ground(np.asarray(_shrunk(image.convert("RGBA").convert("RGBa")), dtype=np.float32))
        return np.array(_shrunk(image.convert("L")))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """A picture, upright; EquispikeError for whatever is wrong with its file."""
    if not os.path.isfile(path):  # Path.is_file raises where a folder may not be entered.
        raise EquispikeError(f"There is no file {path}: name a picture of a digit, such as a PNG or JPEG file.")
    try:
        with _of_any_size(), Image.open(path, formats=_FORMATS) as image:
            if (n_pixels := image.width * image.height) > _MOST_PIXELS:
                raise EquispikeError(
                    f"{path} has {n_pixels:,} pixels, and {_MOST_PIXELS:,} are the most that are read: make it smaller."
                )
            yield ImageOps.exif_transpose(image)
    # Pillow lets all of these out, depending on which part of a file is broken.
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise EquispikeError(
            f"{path} cannot be read as an image: name an intact PNG, JPEG, BMP, GIF, TIFF or WebP file."
        ) from error


@contextmanager
def _of_any_size() -> Iterator[None]:
    """Let Pillow open pictures of any size: how large one may be is decided here, before it is read."""
    most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = most


def _shrunk(image: Image.Image) -> Image.Image:
    factor = -(-max(image.size) // _SHRUNK)
    return image.reduce((min(factor, image.width), min(factor, image.height))) if factor > 1 else image


def _of_range(values: NDArray[np.float32]) -> Grey:
    """Values of more than 8 bits as 0 to 255: white is the largest value of as few bits as all of them need.

    Cameras and scanners keep 10, 12 or 14 bits in files of 16. Fractions are of 1.
    """
    values = np.nan_to_num(values, posinf=0, neginf=0).clip(0)
    largest = float(values.max())
    fractions = largest <= 1 and bool((values % 1).any())
    white = 1.0 if fractions else next((2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if largest < 2**bits), largest)
    return np.rint(values * (255 / white)).astype(np.uint8)


def _on_ground(premultiplied: NDArray[np.float32]) -> Grey:
    """A picture (height, width, 4), its colours multiplied by how opaque they are, on white or on black."""
    ink = premultiplied[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    white, black = (np.rint(ink + ground * (255 - premultiplied[..., 3])).clip(0, 255) for ground in (1, 0))
    return (white if np.ptp(white) >= np.ptp(black) else black).astype(np.uint8)


def _border(grey: Grey) -> Grey:
    """The pixels along the border."""
    return np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))


def _scaled(ink: NDArray[np.float64]) -> Grey:
    """The digit scaled, smoothly and in proportion, until its longest side measures 20 pixels."""
    height, width = (max(1, round(_BOX * side / max(ink.shape))) for side in ink.shape)
    image = Image.fromarray(np.rint(255 * ink).astype(np.uint8))
    return np.array(image.resize((width, height), Image.Resampling.LANCZOS))


def _centred(digit: Grey) -> Grey:
    """The digit (at most 20 x 20) on 28 x 28, its centre of mass as near MNIST's as whole pixels allow."""
    field = np.zeros((SIDE, SIDE), np.uint8)
    height, width = digit.shape
    top = _offset(digit.sum(axis=1, dtype=float))
    left = _offset(digit.sum(axis=0, dtype=float))
    field[top : top + height, left : left + width] = digit
    return field


def _offset(mass: NDArray[np.float64]) -> int:
    """Where a profile of mass has to begin for its centre to lie where MNIST's does, but not beyond the edges."""
    centre = float(np.average(np.arange(len(mass)), weights=mass))
    return int(np.clip(round(_CENTRE - centre), 0, SIDE - len(mass)))
