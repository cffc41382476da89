"""Files of arrays: images, or events of cameras, with the class of each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.models.extras import need
from equispike.protocols.data.recordings import Recordings

#: The names under which files hold samples and labels, those of training and of test together: as NumPy, Keras, MATLAB,
#: medical and Hugging Face sets call them.
_SPLIT = [
    tuple(f"{split}_{what}" for split in ("train", "test") for what in pair)
    for pair in (("images", "labels"), ("x", "y"), ("X", "y"), ("data", "labels"), ("image", "label"))
] + [tuple(f"{what}_{split}" for split in ("train", "test") for what in pair) for pair in (("x", "y"), ("X", "y"))]  # fmt: skip
_WHOLE = [("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target"), ("data", "labels"), ("image", "label")]


#: Pixels of a sensor, and samples, beyond which numbers of events are taken for damaged.
_MOST = 2**24

#: What samples without labels are labelled as: their only class.
UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Samples:
    """Images (n, rows, columns[, 3]), numbers of whatever kind, or recordings, and the class of each by name."""

    images: Any
    labels: list[str]

    def __getitem__(self, which: np.ndarray) -> Samples:
        return Samples(self.images[which], [self.labels[k] for k in which])


def read_arrays(place: Path, size: tuple[int, int] | None) -> dict[str, Samples]:
    """Read the samples of a file by part, ``train`` and, where it has one, ``test``; rows of pixels are of ``size``.

    Raises EquispikeError where the file is damaged or does not hold what a data set is made of.
    """
    arrays = _arrays(READERS[place.suffix.lower()], place)
    if {"t", "x", "y", "sample"} <= arrays.keys():
        return {"train": _recordings(arrays, place, size)}
    for names in _SPLIT:
        if all(name in arrays for name in names):
            one, its_labels, other, other_labels = (arrays[name] for name in names)
            return {
                "train": samples(one, its_labels, place, size),
                "test": samples(other, other_labels, place, size),
            }
    for images, labels in _WHOLE:
        if images in arrays and labels in arrays:
            return {"train": samples(arrays[images], arrays[labels], place, size)}
    if arrays.keys() == {"images"}:
        return {"train": samples(arrays["images"], None, place, size)}
    if arrays.keys() == {"train_images", "test_images"}:
        return {part: samples(arrays[f"{part}_images"], None, place, size) for part in ("train", "test")}
    raise EquispikeError(
        f"{place} has {', '.join(sorted(arrays)) or 'nothing'}: name its arrays images and labels, or train_images, "
        "train_labels, test_images and test_labels, or images alone where there are no labels"
    )


def samples(images: np.ndarray, labels: np.ndarray | None, place: Path, size: tuple[int, int] | None) -> Samples:
    """Return ``images`` of any usual shape with ``labels`` (n,), numbers or words, or one-hot rows (n, n_classes), or none;
    raises EquispikeError where they do not fit.
    """
    images = _shaped(images, place, size)
    if labels is None:
        labels = np.full(len(images), UNLABELLED)
    if labels.ndim == 2 and min(labels.shape) > 1:
        if not (((labels == 1).sum(axis=1) == 1) & ((labels == 0).sum(axis=1) == labels.shape[1] - 1)).all():
            raise EquispikeError(
                f"{place}: labels of shape {labels.shape} are no one-hot rows, a 1 among 0 in each: give one label per image"
            )
        labels = labels.argmax(axis=1)
    labels = labels.ravel()
    if len(images) != len(labels):
        raise EquispikeError(f"{place}: {len(images)} images, but {len(labels)} labels")
    if not images.size:
        raise EquispikeError(f"{place} has no images")
    if labels.dtype.kind not in "biufUSO":
        raise EquispikeError(f"{place}: labels are of type {labels.dtype}, neither whole numbers nor words")
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise EquispikeError(f"{place}: labels are fractions or not finite, not classes")
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels.astype(np.bytes_), "utf-8", "replace")
    return Samples(images, [str(int(each)) if labels.dtype.kind in "biuf" else str(each) for each in labels.tolist()])


def _shaped(images: np.ndarray, place: Path, size: tuple[int, int] | None) -> np.ndarray:
    """Return images (n, rows, columns[, 3]); rows of pixels become squares, or what ``size`` says."""
    shaped = _in_rows(images, place, size)
    if size and shaped.shape[1:3] != size:
        raise EquispikeError(
            f"{place}: images are {' x '.join(map(str, shaped.shape[1:3]))}, and #size scales pictures of folders only: omit it"
        )
    return shaped


def _in_rows(images: np.ndarray, place: Path, size: tuple[int, int] | None) -> np.ndarray:
    if images.ndim == 2:
        side = round(images.shape[1] ** 0.5)
        size = size or (side, side)
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


def _recordings(arrays: Mapping[str, np.ndarray], place: Path, size: tuple[int, int] | None) -> Samples:
    """Events by columns: time in microseconds, place, polarity if there is one, and the number of the sample from 0 on."""
    columns = {name: np.asarray(arrays[name]).ravel() for name in ("t", "x", "y", "sample", "p") if name in arrays}
    n_events = len(columns["t"])
    for name, values in columns.items():
        if len(values) != n_events:
            raise EquispikeError(f"{place}: {n_events} times of events, but {len(values)} values of {name}")
        if values.dtype.kind not in "biuf" or not n_events or not (values == np.rint(values)).all():
            raise EquispikeError(f"{place}: {name} must be whole numbers, one per event; t in microseconds")
        if max(abs(float(values.min())), abs(float(values.max()))) >= (2**62 if name == "t" else _MOST):
            raise EquispikeError(f"{place}: {name} has values up to {values.max():.4g}: no camera has that many")
    t, x, y, sample = (columns[name].astype(np.int64) for name in ("t", "x", "y", "sample"))
    polarity = columns["p"].astype(np.int64) > 0 if "p" in columns else np.zeros(n_events, bool)
    labels = np.asarray(arrays["labels"]) if "labels" in arrays else np.full(sample.max() + 1, UNLABELLED)
    rows, columns_ = size or (int(y.max()) + 1, int(x.max()) + 1)
    if min(x.min(), y.min(), sample.min()) < 0 or y.max() >= rows or x.max() >= columns_ or sample.max() >= len(labels):
        raise EquispikeError(
            f"{place} has events outside of {rows} x {columns_} pixels and {len(labels)} samples, both counted from 0"
        )
    if rows * columns_ > _MOST:
        raise EquispikeError(f"{place} has events on {rows} x {columns_} pixels: no camera has that many")
    order = np.lexsort((t, sample))
    start, stop = (np.searchsorted(sample[order], np.arange(len(labels)), side) for side in ("left", "right"))
    t = t[order] - np.repeat(t[order][np.minimum(start, n_events - 1)], stop - start)  # each begins at 0
    if t.max() >= 2**31:
        raise EquispikeError(f"{place} has a recording of more than half an hour: is t in microseconds?")
    pixel = ((y * columns_ + x) * 2 + polarity)[order]
    recordings = Recordings(pixel.astype(np.uint32), t.astype(np.int32), start, stop, (rows, columns_, 2))
    return Samples(recordings, samples(np.zeros((len(labels), 1, 1)), labels, place, None).labels)


type Arrays = dict[str, np.ndarray]


def _npz(place: Path) -> Arrays:
    with np.load(place, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, value in arrays.items():
        if not isinstance(value, np.ndarray):  # NumPy hands over the bytes of whatever else is in an archive
            raise EquispikeError(f"{place}: {name} is no array")
    return arrays


def _npy(place: Path) -> Arrays:
    """``images.npy``, or of another such name, with ``labels.npy`` beside it where there are labels."""
    for images, name in (("images", "labels"), *itertools.product("xX", ("y", "labels")), ("data", "labels")):
        labels = place.with_name(place.name.replace(images, name))
        if labels != place and labels.exists():
            return {"images": np.load(place, allow_pickle=False), "labels": np.load(labels, allow_pickle=False)}
    return {"images": np.load(place, allow_pickle=False)}


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

    cells: dict[str, Any] = {"keep_default_na": False, "na_values": [""]}  # NA may be the name of a class
    head = [str(name).lower() for name in pd.read_csv(place, header=None, nrows=1, dtype=str, **cells).iloc[0]]
    named = [column for column, name in enumerate(head) if name in ("label", "labels", "class", "target", "y")]
    if len(named) > 1:
        raise EquispikeError(f"{place} has {len(named)} columns of labels: keep one of them")
    table = pd.read_csv(place, header=0 if named else None, **cells)
    label = table.columns[named[0] if named else 0]
    pixels = table.drop(columns=label)
    if table.isna().any(axis=None):
        raise EquispikeError(f"{place} has empty cells: each row is a label and the pixels of an image")
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in pixels.dtypes):
        raise EquispikeError(
            f"{place} has words in place of pixels: call the column of labels label, or begin with a row that is an image"
        )
    if pixels.empty:
        raise EquispikeError(
            f"{place} has no pixels: each row is a label and the pixels of an image, separated by commas"
        )
    return {"images": pixels.to_numpy(), "labels": table[label].to_numpy()}


#: By the ending of a file.
READERS: dict[str, Callable[[Path], Arrays]] = {
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
