"""Photographs of digits, of every kind: read rightly, or refused in a sentence that says why."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from equispike.models.errors import EquispikeError
from equispike.protocols.data import load
from equispike.protocols.data.image_file import read_digit
from equispike.scripts.studies.photographs import KINDS, SIZE, grey, pen, placed, squares, take

DIGITS = load("digits").train_images


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two images."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def clean(digit: np.ndarray, path: Path) -> np.ndarray:
    """The digit as it is read where nothing is in the way."""
    Image.fromarray(digit).resize((280, 280), Image.Resampling.BICUBIC).save(path)
    return read_digit(path)


@pytest.mark.parametrize("kind", KINDS, ids=", ".join)
def test_every_kind_of_picture_is_read(tmp_path: Path, kind: tuple[str, str]) -> None:
    random = np.random.default_rng(0)
    for digit in DIGITS[[3, 10, 15, 20, 7, 8]]:
        try: read = read_digit(take(kind, digit, tmp_path / "picture", random))
        except EquispikeError as e: print(kind, e); continue
        print(kind, likeness(read, clean(digit, tmp_path / "clean.png")))
