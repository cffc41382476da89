"""Data that other libraries hold in memory, as a file that a run can read again: PyTorch's and Hugging Face's data sets."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.data import own
from equispike.protocols.data.array_files import samples

_IMAGES, _LABELS = ("image", "img", "images", "pixel_values"), ("label", "labels", "fine_label")


def save(data: Any, path: Path, test: Any = None) -> Path:
    """Write ``data``, and ``test`` where there is a test set of its own, as a ``.npz`` file of images and labels; its path.

    Each is a pair of arrays (images, labels), a data set of torchvision or of any other kind that gives pairs of an image and
    a label by number, a Hugging Face ``Dataset``, or a mapping of two of them called train and test, as a ``DatasetDict`` is.

    Raises EquispikeError where it is none of these, or images differ in size.
    """
    if path.suffix != ".npz":
        raise EquispikeError(f"{path} is written as a .npz file: give it that ending")
    if isinstance(data, Mapping):
        if test is not None or not {"train", "test"} <= data.keys():
            raise EquispikeError(f"a mapping of data sets needs train and test, but has {', '.join(map(str, data))}")
        data, test = data["train"], data["test"]
    whole = {"train": _arrays(data)} | ({} if test is None else {"test": _arrays(test)})
    # What cannot be read again is not written.
    own.prepared({part: samples(*arrays, path, None) for part, arrays in whole.items()}, own.Options(), path)
    arrays = {
        f"{part}_{what}" if test is not None else what: values
        for part, pair in whole.items()
        for what, values in zip(("images", "labels"), pair, strict=True)
    }
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return path


def _arrays(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels, these as names where the classes have some."""
    if isinstance(data, tuple) and len(data) == 2 and all(hasattr(each, "__len__") for each in data):
        try:
            whole, classes = np.asarray(data[0]), np.asarray(data[1])
        except ValueError:
            raise EquispikeError("images differ in size, or labels in length: scale images to one size first") from None
        return whole, classes.astype(str) if classes.dtype.kind == "O" else classes
    names: Any = getattr(data, "classes", None)
    pairs: Iterable[tuple[Any, Any]]
    if hasattr(data, "column_names"):
        keys = [next((each for each in wanted if each in data.column_names), None) for wanted in (_IMAGES, _LABELS)]
        if None in keys:
            raise EquispikeError(f"a data set of columns needs image and label, but has {', '.join(data.column_names)}")
        pairs = zip(*(data[key] for key in keys), strict=True)
        names = getattr(data.features[keys[1]], "names", None)
    elif hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        pairs = (data[k] for k in range(len(data)))
    else:
        raise EquispikeError(
            f"a {type(data).__name__} is no data set: give (images, labels), or what has len() and [number]"
        )
    images: list[np.ndarray] = []
    labels: list[Any] = []
    for pair in pairs:
        try:
            image, label = pair
            labels.append(label if isinstance(label, str) else operator.index(np.asarray(label).item()))
        except (TypeError, ValueError):
            raise EquispikeError(
                "a data set gives pairs of an image and a label, a whole number or a word: this one does not"
            ) from None
        images.append(np.asarray(image))
    if not images:
        raise EquispikeError("the data set is empty: give one with images")
    if names is not None and not all(isinstance(label, int) and 0 <= label < len(names) for label in labels):
        raise EquispikeError(f"labels go beyond the {len(names)} names of classes, {', '.join(map(str, names))}")
    if len(shapes := {image.shape for image in images}) != 1:
        raise EquispikeError(
            f"images are of shapes {', '.join(map(str, sorted(shapes)))}: scale them to one size first"
        )
    found = np.stack(images)
    return found, np.array(labels) if names is None else np.array([str(names[label]) for label in labels])
