"""A data set of a user's own: a folder of pictures by class, or a file of arrays.

It is written ``PATH`` or ``PATH#test=0.3,seed=1,size=32x32``: without a test set of its own, that fraction of each class
is the test set, drawn by the seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from equispike.models.errors import EquispikeError
from equispike.models.extras import need
from equispike.protocols.data.image_file import PICTURES, read_picture

#: Fraction of each class that is the test set where there is none.
TEST_FRACTION = 0.2
#: The names under which files hold samples and labels, those of training and of test together: as NumPy, Keras, MATLAB,
#: medical and Hugging Face sets call them.
_SPLIT = [
    tuple(f"{split}_{what}" for split in ("train", "test") for what in pair)
    for pair in (("images", "labels"), ("x", "y"), ("X", "y"), ("data", "labels"), ("image", "label"))
] + [tuple(f"{what}_{split}" for split in ("train", "test") for what in pair) for pair in (("x", "y"), ("X", "y"))]  # fmt: skip
_WHOLE = [("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target"), ("data", "labels"), ("image", "label")]
_PARTS = {"train": ("train", "training"), "test": ("test", "testing")}


def is_path(name: str) -> bool:
    """Return whether a name of a data set is a path: it has a folder, an ending, or there is a folder of that name."""
    path = name.partition("#")[0]
    return "/" in path or path.startswith((".", "~")) or Path(path).suffix.lower() in _READERS or Path(path).is_dir()


def absolute(name: str) -> str:
    """Return the name with the whole path, so that it holds in other folders and processes."""
    path, mark, options = name.partition("#")
    return f"{Path(path).expanduser().resolve()}{mark}{options}"


def label_of(name: str) -> str:
    """Return a name of a data set as a part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", Path(name.partition("#")[0]).stem) or "data"


@dataclass(frozen=True)
class Options:
    """What follows ``#``.

    Attributes
    ----------
    test : fraction of each class for the test set
    seed : of the draw
    size : rows and columns to which each picture is scaled
    """

    test: float = TEST_FRACTION
    seed: int = 0
    size: tuple[int, int] | None = None

    @classmethod
    def read(cls, text: str) -> Options:
        values: dict[str, Any] = {}
        for word in filter(None, text.split(",")):
            key, _, value = word.partition("=")
            try:
                values[key] = _KINDS[key](value)
            except (KeyError, ValueError):
                raise EquispikeError(
                    f"'{word}' says nothing about data: write PATH#test=0.2,seed=0,size=28x28, or any of these"
                ) from None
        found = cls(**values)
        if not 0 < found.test < 1 or found.seed < 0:
            raise EquispikeError(f"'#{text}': test is a fraction between 0 and 1, seed at least 0")
        return found


def _size(text: str) -> tuple[int, int]:
    rows, columns = (int(number) for number in text.split("x"))
    if not (1 <= rows <= 4096 and 1 <= columns <= 4096):
        raise ValueError
    return rows, columns


_KINDS: dict[str, Callable[[str], Any]] = {"test": float, "seed": int, "size": _size}


@dataclass(frozen=True)
class Samples:
    """Images (n, rows, columns[, 3]), numbers of whatever kind, and the class of each by name."""

    images: np.ndarray
    labels: list[str]


def read(name: str) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[str, ...]]:
    """Read training images, training labels, test images, test labels, and the names of the classes in their order.

    Raises EquispikeError where there is no such data, it is damaged, or images differ in size.
    """
    path, _, text = name.partition("#")
    place, options = Path(path).expanduser(), Options.read(text)
    if not place.exists():
        raise EquispikeError(f"there is no data set {place}: name a folder with one subfolder per class, or a file")
    if not (place.is_dir() or place.is_file()):
        raise EquispikeError(f"{place} is no regular file: name a folder with one subfolder per class, or a file")
    if place.is_dir():
        parts = _folder(place, options)
    elif reader := _READERS.get(place.suffix.lower()):
        parts = _of_arrays(_arrays(reader, place), place, options)
    else:
        raise EquispikeError(f"{place} is of no kind that is read: {', '.join(_READERS)}, or a folder of pictures")
    train, test = (parts["train"], parts["test"]) if "test" in parts else _drawn(parts["train"], options, place)
    classes = tuple(sorted(set(train.labels), key=_by_number))
    if unknown := sorted(set(test.labels) - set(classes), key=_by_number):
        raise EquispikeError(f"{place}: class {unknown[0]} has test images but no training images")
    if len(classes) < 2:
        raise EquispikeError(f"{place} has one class, {classes[0]}: two are the least to tell apart")
    if len(classes) > 256:
        raise EquispikeError(f"{place} has {len(classes)} classes, 256 are the most: are its labels numbers of images?")
    shapes = {part.images.shape[1:] for part in (train, test)}
    if len(shapes) > 1:
        raise EquispikeError(
            f"{place}: training and test images differ in shape, {' and '.join(map(str, sorted(shapes)))}"
        )
    number = {label: k for k, label in enumerate(classes)}
    labels = [np.array([number[each] for each in part.labels], dtype=np.uint8) for part in (train, test)]
    white = _white(train.images, test.images, place)
    arrays = (_as_bytes(train.images, white), labels[0], _as_bytes(test.images, white), labels[1])
    for array in arrays:
        array.flags.writeable = False
    return arrays, classes


def _by_number(label: str) -> tuple[bool, float, str]:
    """Sort numbers as numbers, before words."""
    try:
        return (False, float(label), label)
    except ValueError:
        return (True, 0.0, label)


def _drawn(whole: Samples, options: Options, place: Path) -> tuple[Samples, Samples]:
    """Split each class by the fraction, at least one image to each side."""
    labels, random = np.array(whole.labels), np.random.default_rng(options.seed)
    is_test = np.zeros(len(labels), dtype=bool)
    for label in sorted(set(whole.labels), key=_by_number):
        where = np.flatnonzero(labels == label)
        if len(where) < 2:
            raise EquispikeError(f"{place}: class {label} has one image, too few for a training set and a test set")
        n = min(max(1, round(options.test * len(where))), len(where) - 1)
        is_test[random.permutation(where)[:n]] = True
    # In an order of its own: samples of one class lie together in folders, and a training goes through them in order.
    order = random.permutation(len(labels))
    train, test = order[~is_test[order]], np.flatnonzero(is_test)
    return Samples(whole.images[train], labels[train].tolist()), Samples(whole.images[test], labels[test].tolist())


def _folder(place: Path, options: Options) -> dict[str, Samples]:
    """A folder with one subfolder per class, or with folders ``train`` and ``test`` of that kind."""
    below = {
        each.name.lower(): each for each in sorted(place.iterdir()) if each.is_dir() and not each.name.startswith(".")
    }
    found = {part: below[name] for part, names in _PARTS.items() for name in names[::-1] if name in below}
    if "train" in found and "test" not in found:
        raise EquispikeError(f"{place} has a folder {found['train'].name} but no folder test: name it so, or omit both")
    if "train" in found:
        parts = {part: _pictures(folder, options) for part, folder in found.items()}
        order = np.random.default_rng(options.seed).permutation(len(parts["train"].labels))
        train = parts["train"]
        return parts | {"train": Samples(train.images[order], [train.labels[k] for k in order])}
    return {"train": _pictures(place, options)}


def _pictures(place: Path, options: Options) -> Samples:
    images, labels, first = [], [], None
    for folder in sorted(each for each in place.iterdir() if each.is_dir() and not each.name.startswith(".")):
        for path in sorted(each for each in folder.iterdir() if each.suffix.lower() in PICTURES):
            image = read_picture(path)
            if options.size:
                image = np.asarray(Image.fromarray(image).resize(options.size[::-1], Image.Resampling.LANCZOS))
            first = first or (path, image.shape[:2])
            if image.shape[:2] != first[1]:
                wanted, got = (" x ".join(map(str, shape)) for shape in (first[1], image.shape[:2]))
                raise EquispikeError(
                    f"{path} is {got}, but {first[0]} is {wanted}: add #size={first[1][0]}x{first[1][1]}"
                )
            images.append(image)
            labels.append(folder.name)
    if not images:
        raise EquispikeError(f"{place} has no pictures: it needs one subfolder per class, each with pictures in it")
    if len({image.ndim for image in images}) > 1:  # grey pictures among coloured ones
        images = [image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in images]
    return Samples(np.stack(images), labels)


def read_like(path: Path, shape: Sequence[int], *, invert: bool = False) -> np.ndarray:
    """Read a picture as an image (rows, columns[, 3]) of ``shape`` uint8, in grey or colours as those are."""
    image = Image.fromarray(read_picture(path)).convert("RGB" if len(shape) == 3 else "L")
    pixels = np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.LANCZOS))
    return 255 - pixels if invert else pixels


def _of_arrays(arrays: Mapping[str, np.ndarray], place: Path, options: Options) -> dict[str, Samples]:
    for names in _SPLIT:
        if all(name in arrays for name in names):
            one, its_labels, other, other_labels = (arrays[name] for name in names)
            return {
                "train": _samples(one, its_labels, place, options),
                "test": _samples(other, other_labels, place, options),
            }
    for images, labels in _WHOLE:
        if images in arrays and labels in arrays:
            return {"train": _samples(arrays[images], arrays[labels], place, options)}
    raise EquispikeError(
        f"{place} has {', '.join(sorted(arrays)) or 'nothing'}: name its arrays images and labels, or train_images, "
        "train_labels, test_images and test_labels"
    )


def _white(train: np.ndarray, test: np.ndarray, place: Path) -> float:
    """Return the value that is white: 255 of bytes and of what needs as many bits, 1 of fractions, else the largest of the
    training images.
    """
    if train.dtype == test.dtype == np.uint8:
        return 255.0
    for part in (train, test):
        if part.dtype.kind not in "biuf":
            raise EquispikeError(f"{place}: images are of type {part.dtype}, not numbers")
        if not np.isfinite(part).all() or part.min() < 0:
            raise EquispikeError(f"{place}: images have values that are below 0 or not finite, 0 must be black")
    largest = float(train.max())
    if not largest:
        raise EquispikeError(f"{place}: all training images are black")
    return 1.0 if largest <= 1 else 255.0 if 127 < largest <= 255 else largest


def _as_bytes(images: np.ndarray, white: float) -> np.ndarray:
    """Images with ``white`` as 255; what is brighter is white, too."""
    if images.dtype != np.uint8:
        images = np.rint(images.astype(np.float64) * (255 / white)).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(images)


def _samples(images: np.ndarray, labels: np.ndarray, place: Path, options: Options) -> Samples:
    images = _shaped(images, place, options)
    labels = labels.argmax(axis=1) if labels.ndim == 2 and min(labels.shape) > 1 else labels.ravel()
    if len(images) != len(labels):
        raise EquispikeError(f"{place}: {len(images)} images, but {len(labels)} labels")
    if not images.size:
        raise EquispikeError(f"{place} has no images")
    if labels.dtype.kind not in "biufUSO":
        raise EquispikeError(f"{place}: labels are of type {labels.dtype}, neither whole numbers nor words")
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise EquispikeError(f"{place}: labels are fractions or not finite, not classes")
    return Samples(images, [str(int(each)) if labels.dtype.kind in "biuf" else str(each) for each in labels.tolist()])


def _shaped(images: np.ndarray, place: Path, options: Options) -> np.ndarray:
    """Return images (n, rows, columns[, 3]); rows of pixels become squares, or what ``size`` says."""
    if images.ndim == 2:
        side = round(images.shape[1] ** 0.5)
        size = options.size or (side, side)
        if size[0] * size[1] != images.shape[1]:
            raise EquispikeError(f"{place}: {images.shape[1]} pixels make no square: add #size=ROWSxCOLUMNS")
        return images.reshape(len(images), *size)
    if images.ndim == 4 and images.shape[3] == 1:
        return images[..., 0]
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[3] != 3:  # channels first, as in PyTorch
        return images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, 3)
    if images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3):
        return images
    raise EquispikeError(f"{place}: images have shape {images.shape}, not (n, rows, columns) or (n, rows, columns, 3)")


type Arrays = dict[str, np.ndarray]


def _npz(place: Path) -> Arrays:
    with np.load(place, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _npy(place: Path) -> Arrays:
    """``images.npy``, or of another such name, with ``labels.npy`` beside it."""
    for word in ("images", "x", "X", "data"):
        labels = place.with_name(place.name.replace(word, "labels"))
        if labels != place and labels.exists():
            return {"images": np.load(place, allow_pickle=False), "labels": np.load(labels, allow_pickle=False)}
    raise EquispikeError(f"{place} has images alone: put labels.npy beside images.npy, or use .npz")


def _mat(place: Path) -> Arrays:
    from scipy.io import loadmat

    arrays = {name: value for name, value in loadmat(place).items() if not name.startswith("__")}
    for images, labels in _WHOLE:
        samples, n = arrays.get(images), arrays[labels].size if labels in arrays else None
        if samples is not None and samples.ndim == 4 and samples.shape[3] == n:  # as SVHN: samples are the last axis
            arrays[images] = np.moveaxis(samples, 3, 0)
    return arrays


def _hdf5(place: Path) -> Arrays:
    need("exchange", "h5py")
    import h5py

    with h5py.File(place, "r") as file:
        return {name: value[()] for name, value in file.items() if isinstance(value, h5py.Dataset)}


def _csv(place: Path) -> Arrays:
    """A row per image: its label in a column ``label``, ``class`` or ``y``, or the first one, and its pixels."""
    import pandas as pd

    table = pd.read_csv(place)
    named = [column for column in table.columns if str(column).lower() in ("label", "labels", "class", "target", "y")]
    if not named:
        table = pd.read_csv(place, header=None)
        named = [table.columns[0]]
    if table.isna().any(axis=None):
        raise EquispikeError(f"{place} has empty cells: each row is a label and the pixels of an image")
    return {"images": table.drop(columns=named[0]).to_numpy(), "labels": table[named[0]].to_numpy()}


_READERS: dict[str, Callable[[Path], Arrays]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".mat": _mat,
    ".csv": _csv,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}


def _arrays(reader: Callable[[Path], Arrays], place: Path) -> Arrays:
    """What a library reads of a file; EquispikeError for whatever it raises about its content."""
    try:
        return reader(place)
    except EquispikeError:
        raise
    except Exception as error:  # each library has its own
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise EquispikeError(f"{place} cannot be read as {place.suffix[1:]}: {reason}") from None
