"""Data that other libraries hold in memory, as a file that a run can read again: PyTorch's and Hugging Face's data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.atomic_write import atomic_write

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
    images, labels = _arrays(data)
    arrays = {"images": images, "labels": labels}
    if test is not None:
        test_images, test_labels = _arrays(test)
        arrays = {
            "train_images": images, "train_labels": labels, "test_images": test_images, "test_labels": test_labels
        }  # fmt: skip
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return path


def _arrays(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels, these as names where the classes have some."""
    if isinstance(data, tuple) and len(data) == 2 and hasattr(data[0], "shape"):
        return np.asarray(data[0]), np.asarray(data[1])
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
    images, labels = [], []
    for image, label in pairs:
        images.append(np.asarray(image))
        labels.append(int(label))
    if len(shapes := {image.shape for image in images}) != 1:
        raise EquispikeError(
            f"images are of shapes {', '.join(map(str, sorted(shapes)))}: scale them to one size first"
        )
    found = np.stack(images)
    return found, np.array(labels) if names is None else np.array([str(names[label]) for label in labels])
