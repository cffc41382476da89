"""IDX files of one's own, under the names and in the types that MNIST's successors come in."""

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from equispike.models.errors import EquispikeError
from equispike.protocols.data import load

IMAGES = np.random.default_rng(0).integers(0, 256, (9, 4, 3)).astype(np.uint8)
IMAGES[:, 0, 0] = 255  # white is in each
LABELS = np.tile([1, 2, 3], 3).astype(np.uint8)
_CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def write(path: Path, array: np.ndarray, kind: str = "u1") -> None:
    values = array.astype(f">{kind}")
    content = bytes((0, 0, _CODES[kind], array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + values.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_set(folder: Path, name: str, *, images: np.ndarray = IMAGES) -> Path:
    for split in ("train", "test"):
        write(folder / name.format(split=split, what="images", n=3), images)
        write(folder / name.format(split=split, what="labels", n=1), LABELS)
    return folder


@pytest.mark.parametrize(
    "name", ["{split}-{what}.idx{n}-ubyte", "{split}-{what}-idx{n}-ubyte.gz", "kanji_{split}_{what}_idx{n}"]
)
def test_any_usual_name(tmp_path: Path, name: str) -> None:
    data = load(str(write_set(tmp_path, name)))
    np.testing.assert_array_equal(data.train_images, IMAGES)
    assert data.train_labels.tolist() == (LABELS - 1).tolist() and data.classes == ("1", "2", "3")


def test_emnist_is_turned_and_its_classes_have_characters(tmp_path: Path) -> None:
    name = "emnist-letters-{split}-{what}-idx{n}-ubyte.gz"
    write_set(tmp_path, name, images=IMAGES.swapaxes(1, 2))
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n3 67 99\n")
    data = load(str(tmp_path / name.format(split="train", what="images", n=3)))
    np.testing.assert_array_equal(data.test_images, IMAGES)
    assert data.classes == ("A", "B", "C")


def test_qmnist_has_the_class_first_in_a_row_of_its_labels(tmp_path: Path) -> None:
    wide = np.zeros((9, 8), int)
    wide[:, 0], wide[:, 2] = LABELS, 70_000  # the writer
    for split in ("train", "test"):
        write(tmp_path / f"qmnist-{split}-images-idx3-ubyte", IMAGES)
        write(tmp_path / f"qmnist-{split}-labels-idx2-int", wide, "i4")
    assert load(str(tmp_path)).train_labels.tolist() == (LABELS - 1).tolist()


@pytest.mark.parametrize("kind", ["i2", "i4", "f4", "f8"])
def test_wide_types(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "train-images-idx3-x", IMAGES / 255 if kind[0] == "f" else IMAGES, kind)
    write(tmp_path / "train-labels-idx1-x", LABELS, kind)
    data = load(f"{tmp_path}#test=0.3")
    known = {image.tobytes(): label - 1 for image, label in zip(IMAGES, LABELS, strict=True)}
    assert len(data.test_images) == 3
    assert [known[image.tobytes()] for image in data.train_images] == data.train_labels.tolist()


def test_what_is_missing_cut_off_or_ambiguous_is_said(tmp_path: Path) -> None:
    write_set(tmp_path, "a-{split}-{what}-idx{n}-ubyte")
    write_set(tmp_path, "b-{split}-{what}-idx{n}-ubyte")
    with pytest.raises(EquispikeError, match=r"several sets \(a-, b-\): name a file of one"):
        load(str(tmp_path))
    one = str(tmp_path / "a-train-images-idx3-ubyte")
    (tmp_path / "a-test-labels-idx1-ubyte").unlink()
    with pytest.raises(EquispikeError, match=r"has no file a-test-labels-idx\*: put it there"):
        load(one)
    path = tmp_path / "b-train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EquispikeError, match=rf"{re.escape(str(path))} is cut short"):
        load(str(path))
