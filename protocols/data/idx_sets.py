"""Sets of IDX files of a user's own, under any of their usual names: MNIST's, EMNIST's, QMNIST's, those that Windows makes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.data.array_files import Samples, samples
from equispike.protocols.data.idx import read_any_idx

_NAME = re.compile(r"(.*?)(train|t10k|test)[-_.]?(images|labels)[-_.]idx\d.*", re.IGNORECASE)
type _Files = dict[str, dict[tuple[str, str], Path]]


def is_name(name: str) -> bool:
    """Return whether a file of that name is one of a set."""
    return _NAME.fullmatch(name) is not None


def names(place: Path) -> tuple[str, ...]:
    """Return what the names of sets begin with in a folder, or that of a file's own set, such as 'emnist-letters-'."""
    if not place.is_dir():
        return (match[1],) if (match := _NAME.fullmatch(place.name)) else ()
    return tuple(_files(place))


def read(place: Path, size: tuple[int, int] | None = None) -> dict[str, Samples]:
    """Read the one set in a folder, or that of the file ``place``, by part, ``train`` and, where it is there, ``test``.

    EMNIST's images lie on their side and are turned; QMNIST's rows of labels begin with the class. A file such as
    ``emnist-letters-mapping.txt`` beside them names the classes.

    Raises EquispikeError where files are missing or damaged, or a folder has several sets.
    """
    if len(found := names(place)) > 1:
        listed = ", ".join(sorted(found))
        raise EquispikeError(f"{place} has several sets ({listed}): name a file of one, such as its training images")
    folder = place if place.is_dir() else place.parent
    files = _files(folder)[found[0]]
    mapping = f"{found[0]}mapping.txt"
    classes = _classes(folder / mapping)
    parts = {}
    for split in dict.fromkeys(("train", *sorted(part for part, _ in files))):
        for what in ("images", "labels"):
            if (split, what) not in files:
                raise EquispikeError(f"{folder} has no file {found[0]}{split}-{what}-idx*: put it there")
        images, labels = (read_any_idx(files[split, what]) for what in ("images", "labels"))
        if "emnist" in found[0].lower() and images.ndim == 3:
            images = images.swapaxes(1, 2)
        if labels.ndim > 2 or not all(labels.shape):
            raise EquispikeError(f"{files[split, 'labels']} has no labels: its shape is {labels.shape}, not (n,)")
        numbers = labels[:, 0] if labels.ndim == 2 else labels
        if classes and (unnamed := set(numbers.tolist()) - classes.keys()):
            raise EquispikeError(f"{folder / mapping} does not name label {min(unnamed)}: complete it or put it away")
        named = np.array([classes[each] for each in numbers.tolist()]) if classes else numbers
        parts[split] = samples(images, named, files[split, "images"], size)
    return parts


def _files(folder: Path) -> _Files:
    """Files by what the name of their set begins with, by part and kind; a packed file only where there is no other."""
    found: _Files = {}
    for path in sorted(folder.iterdir(), key=lambda each: (each.suffix == ".gz", each.name)):
        if path.is_file() and (match := _NAME.fullmatch(path.name)):
            part = "train" if match[2].lower() == "train" else "test"
            found.setdefault(match[1], {}).setdefault((part, match[3].lower()), path)
    return found


def _classes(path: Path) -> dict[int, str]:
    """Characters by label, from lines of a label and the code of its character."""
    if not path.is_file():
        return {}
    try:
        rows = [[int(word) for word in line.split()] for line in path.read_text().splitlines() if line.strip()]
        classes = {label: chr(code) for label, code, *_ in rows}
        if len(set(classes.values())) < len(rows) or not all(map(str.isprintable, classes.values())):
            raise ValueError
        return classes
    except (OSError, OverflowError, ValueError):
        raise EquispikeError(
            f"{path} is no list of labels and codes of characters: replace it or put it away"
        ) from None
