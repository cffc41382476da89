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

DIGITS = load("digits").train_images[[3, 10, 15]]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two images."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def written(digit: np.ndarray) -> np.ndarray:
    """What is written, as MNIST would hold it: 20 pixels high or wide, its centre of mass at row and column 14."""
    ink = pen(digit)
    ink = ink[np.ix_(*((ink > 0.5).any(axis=axis) for axis in (1, 0)))]
    height, width = (round(20 * side / max(ink.shape)) for side in ink.shape)
    small = np.asarray(
        Image.fromarray(np.rint(255 * ink).astype(np.uint8)).resize((width, height), Image.Resampling.BOX)
    )
    y, x = np.indices(small.shape)
    field = np.zeros((28, 28))
    top, left = (round(14 - float((axis * small).sum() / small.sum(dtype=float))) for axis in (y, x))
    field[top : top + height, left : left + width] = small
    return field


@pytest.mark.parametrize("kind", KINDS, ids=", ".join)
def test_every_kind_of_picture_is_read(tmp_path: Path, kind: tuple[str, str]) -> None:
    digit = DIGITS[len(kind[0]) % 3]
    read = read_digit(take(kind, digit, tmp_path / "picture", np.random.default_rng(0)))
    assert likeness(read, digit if kind[0].startswith("as MNIST") else written(digit)) > 0.94


def test_images_of_mnists_size_are_read_as_they_are(tmp_path: Path) -> None:
    for digit in load("digits").train_images[:50]:
        Image.fromarray(digit).save(tmp_path / "digit.png")
        assert np.array_equal(read_digit(tmp_path / "digit.png"), digit)


def test_thick_digits_that_fill_the_picture_keep_their_polarity(tmp_path: Path) -> None:
    ink = pen(DIGITS[2])[3:-3, 3:-3]
    for picture in (grey(ink), grey(1 - ink)):
        picture.save(tmp_path / "digit.png")
        assert likeness(read_digit(tmp_path / "digit.png"), written(DIGITS[2])) > 0.94


def test_parts_of_a_digit_stay_and_dots_go(tmp_path: Path) -> None:
    """A stem with a bar near it; a dot."""
    page = np.full((200, 200), 250, np.uint8)
    page[60:160, 90:104] = 20
    page[50:62, 112:150] = 20
    page[100:103, 130:133] = 20
    Image.fromarray(page).save(tmp_path / "five.png")
    read = read_digit(tmp_path / "five.png") > 127
    rows, columns = (np.flatnonzero(read.any(axis=axis)) for axis in (1, 0))
    assert np.ptp(rows) + 1 == 20 and 10 <= np.ptp(columns) + 1 <= 12
    assert not read[rows[0] + 5 :, columns[0] + 5 :].any()


def _noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).normal(230, 3, SIZE).astype(np.uint8))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: grey(np.hstack([placed(pen(digit, 90), (240, 120)) for digit in DIGITS[:2]])), "more than one thing"),
        (lambda: grey(np.hstack([placed(pen(digit, 90), (240, 200)) for digit in DIGITS[1:]])), "more than one thing"),
        (_noise, "shows nothing brighter or darker"),
        (lambda: grey(0.4 * squares(SIZE, 24, 1.5, 0.01)), "more than one thing"),
        (lambda: grey(placed(np.ones((2, 2)))), "too little ink"),
        (lambda: Image.new("L", SIZE, 240), "is blank"),
    ],
    ids=["two digits", "two digits apart", "noise", "squared paper", "dot", "blank"],
)
def test_what_is_no_digit_is_refused(tmp_path: Path, make: Callable[[], Image.Image], why: str) -> None:
    make().save(tmp_path / "picture.png")
    with pytest.raises(EquispikeError) as caught:
        read_digit(tmp_path / "picture.png")
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / 'picture.png'} ") and why in said
    assert said.endswith(".") and ". " not in said
