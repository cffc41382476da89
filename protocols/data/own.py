"""A data set of a user's own: a folder of pictures by class, a file of arrays, or IDX files.

It is written ``PATH`` or ``PATH#test=0.3,seed=1,size=32x32``: without a test set of its own, that fraction of each class
is the test set, drawn by the seed.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from equispike.models.errors import EquispikeError
from equispike.protocols.data import idx_sets
from equispike.protocols.data.array_files import READERS, UNLABELLED, Samples, read_arrays
from equispike.protocols.data.image_file import PICTURES, read_picture
from equispike.protocols.data.recordings import Recordings

#: Fraction of each class that is the test set where there is none.
TEST_FRACTION = 0.2
_PARTS = {"train": ("train", "training"), "test": ("test", "testing")}


def is_path(name: str) -> bool:
    """Return whether a name of a data set is a path: it has a folder, an ending, or there is a folder of that name."""
    path = Path(name.partition("#")[0])
    if "#" in name and not os.path.exists(path) and os.path.exists(name):
        raise EquispikeError(f"{name} has # in its name, which begins options here: rename it")
    kind = path.suffix.lower() in READERS or idx_sets.is_name(path.name)
    return kind or "/" in name.partition("#")[0] or name.startswith((".", "~")) or os.path.isdir(path)


def absolute(name: str) -> str:
    """Return the name with the whole path, so that it holds in other folders and processes."""
    path, mark, options = name.partition("#")
    return f"{_expanded(path).resolve()}{mark}{options}"


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise EquispikeError(f"there is no data set {path}: ~ begins the name of nobody's home here") from None


def moved(name: str, folder: str | os.PathLike[str]) -> str:
    """Return the name of a data set whose last part lies in ``folder`` now; its checksum tells whether it is the same."""
    path, mark, options = name.partition("#")
    return f"{Path(folder) / Path(path).name}{mark}{options}"


def label_of(name: str) -> str:
    """Return a name of a data set as a part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", Path(name.partition("#")[0]).stem) or "data"


@dataclass(frozen=True)
class Options:
    """What follows ``#``.

    Attributes
    ----------
    test : fraction of each class for the test set; None where nothing is said
    seed : of the draw
    size : rows and columns to which each picture is scaled
    """

    test: float | None = None
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
        if not 0 < found.fraction < 1 or found.seed < 0:
            raise EquispikeError(f"'#{text}': test is a fraction between 0 and 1, seed at least 0")
        return found

    @property
    def fraction(self) -> float:
        """Return the fraction of each class for the test set."""
        return TEST_FRACTION if self.test is None else self.test


def _size(text: str) -> tuple[int, int]:
    rows, columns = (int(number) for number in text.split("x"))
    if not (1 <= rows <= 4096 and 1 <= columns <= 4096):
        raise ValueError
    return rows, columns


_KINDS: dict[str, Callable[[str], Any]] = {"test": float, "seed": int, "size": _size}


def read(name: str) -> tuple[tuple[Any, np.ndarray, Any, np.ndarray], tuple[str, ...]]:
    """Read training images, training labels, test images, test labels, and the names of the classes in their order.

    Images are (n, rows, columns[, 3]) uint8, or recordings of events. Without labels there is one class, UNLABELLED.

    Raises EquispikeError where there is no such data, it is damaged, or images differ in size.
    """
    path, _, text = name.partition("#")
    place, options = _expanded(path), Options.read(text)
    if not os.path.exists(place):  # Path.exists raises where a name is too long, or a folder may not be entered
        raise EquispikeError(
            f"there is no data set {place}: name a folder with one subfolder per class, or a file; or, with "
            "--data-dir, the folder where it lies now"
        )
    if not (place.is_dir() or place.is_file()):
        raise EquispikeError(f"{place} is no regular file: name a folder with one subfolder per class, or a file")
    try:
        parts = _parts(place, options)
    except OSError as error:
        raise EquispikeError(f"{error.filename or place} cannot be read: {error.strerror or error}") from None
    return prepared(parts, options, place)


def _parts(place: Path, options: Options) -> dict[str, Samples]:
    if idx_sets.names(place):
        return idx_sets.read(place, options.size)
    if place.is_dir():
        return _folder(place, options)
    if place.suffix.lower() in READERS:
        return read_arrays(place, options.size)
    raise EquispikeError(f"{place} is of no kind that is read: {', '.join(READERS)}, IDX, or a folder of pictures")


def prepared(
    parts: Mapping[str, Samples], options: Options, place: Path
) -> tuple[tuple[Any, np.ndarray, Any, np.ndarray], tuple[str, ...]]:
    """Return what :func:`read` does, of samples by part; raises EquispikeError where nothing can be trained on them."""
    if "test" in parts and options.test is not None:
        raise EquispikeError(f"{place} has a test set of its own: omit test={options.test:g}")
    train, test = (parts["train"], parts["test"]) if "test" in parts else _drawn(parts["train"], options, place)
    classes = tuple(sorted(set(train.labels), key=_by_number))
    if unknown := sorted(set(test.labels) - set(classes), key=_by_number):
        raise EquispikeError(f"{place}: class {unknown[0]} has test images but no training images")
    if len(classes) < 2 and classes != (UNLABELLED,):
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
    images = (train.images, test.images)
    if not isinstance(train.images, Recordings):
        white = _white(train.images, test.images, place)
        images = (_as_bytes(train.images, white), _as_bytes(test.images, white))
    for array in (*images, *labels):
        for part in (array.pixel, array.t) if isinstance(array, Recordings) else (array,):
            part.flags.writeable = False
    return (images[0], labels[0], images[1], labels[1]), classes


def _by_number(label: str) -> tuple[bool, float, str]:
    """Sort numbers as numbers, before words; nan, which has no place in an order, is a word."""
    try:
        value = float(label)
    except ValueError:
        value = math.nan
    return (True, 0.0, label) if math.isnan(value) else (False, value, label)


def _drawn(whole: Samples, options: Options, place: Path) -> tuple[Samples, Samples]:
    """Split each class by the fraction, at least one image to each side."""
    labels, random = np.array(whole.labels), np.random.default_rng(options.seed)
    is_test = np.zeros(len(labels), dtype=bool)
    for label in sorted(set(whole.labels), key=_by_number):
        where = np.flatnonzero(labels == label)
        if len(where) < 2:
            raise EquispikeError(f"{place}: class {label} has one image, too few for a training set and a test set")
        n = min(max(1, round(options.fraction * len(where))), len(where) - 1)
        is_test[random.permutation(where)[:n]] = True
    # In an order of its own: samples of one class lie together in folders, and a training goes through them in order.
    order = random.permutation(len(labels))
    return whole[order[~is_test[order]]], whole[np.flatnonzero(is_test)]


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
        return parts | {"train": parts["train"][order]}
    return {"train": _pictures(place, options)}


def _pictures(place: Path, options: Options) -> Samples:
    """The pictures of a folder's subfolders, each a class, or, where it has none with pictures, its own without labels."""
    images, labels, first = [], [], None
    folders = sorted(each for each in place.iterdir() if each.is_dir() and not each.name.startswith("."))
    by_class = {folder: sorted(filter(_is_picture, folder.iterdir())) for folder in folders}
    if any(by_class.values()):
        named = {folder.name: paths for folder, paths in by_class.items()}
    else:
        named = {UNLABELLED: sorted(filter(_is_picture, place.iterdir()))}
    for label, paths in named.items():
        if label != (shown := label.encode("utf-8", "replace").decode()):
            raise EquispikeError(f"{place}: the name of class {shown} is not UTF-8: rename it")
        for path in paths:
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
            labels.append(label)
    if not images:
        raise EquispikeError(f"{place} has no pictures: it needs one subfolder per class, each with pictures in it")
    if len({image.ndim for image in images}) > 1:  # grey pictures among coloured ones
        images = [image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in images]
    return Samples(np.stack(images), labels)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES


def read_like(path: Path, shape: Sequence[int], *, invert: bool = False) -> np.ndarray:
    """Read a picture as an image (rows, columns[, 3]) of ``shape`` uint8, in grey or colours as those are."""
    image = Image.fromarray(read_picture(path)).convert("RGB" if len(shape) == 3 else "L")
    pixels = np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.LANCZOS))
    return 255 - pixels if invert else pixels


def _white(train: np.ndarray, test: np.ndarray, place: Path) -> float:
    """Return the value that is white: 255 of bytes and of what needs as many bits, 1 of fractions, else the largest of the
    training images.
    """
    if train.dtype == test.dtype == np.uint8:
        return 255.0
    if (
        "f" in (kinds := train.dtype.kind + test.dtype.kind)
        and kinds != "ff"
        and (train.max() <= 1) != (test.max() <= 1)
    ):
        raise EquispikeError(
            f"{place}: training images go up to {train.max():g} and are {train.dtype}, test images up to {test.max():g} and are "
            f"{test.dtype}: scale them alike"
        )
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
