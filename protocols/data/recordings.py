"""Recordings of event cameras: for each sample a list of events, each with a place, a polarity and a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from equispike.models.errors import EquispikeError

#: Height, width and polarities of N-MNIST (Orchard et al. 2015, doi:10.3389/fnins.2015.00437).
NMNIST = (34, 34, 2)
_BYTES = 5


@dataclass(frozen=True)
class Recordings:
    """Recordings, selected by slices and index arrays like an array of images.

    Attributes
    ----------
    pixel, t : events of all recordings: (row * width + column) * 2 + polarity, and time in microseconds
    start, stop : (n,) where a recording's events begin and end
    sensor : height, width, polarities
    """

    pixel: NDArray[np.unsignedinteger]
    t: NDArray[np.int32]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    sensor: tuple[int, int, int]

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, which: slice | np.ndarray) -> Recordings:
        return Recordings(self.pixel, self.t, self.start[which], self.stop[which], self.sensor)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self.sensor)

    def binned(self, n_bins: int) -> NDArray[np.uint8]:
        """Which pixels have events (n, n_bins, *sensor), 0 or 1, in bins of equal length from 0 to each recording's last."""
        bins = np.zeros((len(self), n_bins, int(np.prod(self.sensor))), np.uint8)
        for number, (start, stop) in enumerate(zip(self.start, self.stop, strict=True)):
            if stop > start:
                t = self.t[start:stop].astype(np.int64)
                bins[number, t * n_bins // (t.max() + 1), self.pixel[start:stop]] = 1
        return bins.reshape(len(self), n_bins, *self.sensor)


def read_nmnist(folder: Path, labels_name: str) -> tuple[Recordings, NDArray[np.uint8]]:
    """Recordings and labels (n,) that a list such as train1K.txt names: a line a sample, its number and its class.

    A recording is ``NUMBER.bs2``: five bytes an event: x, y, polarity in the highest bit of the third, time in
    microseconds in the other 23.

    Raises EquispikeError where a file is missing or damaged.
    """
    path = folder / labels_name
    rows = []
    for number, line in enumerate(_read(path).decode("ascii", "replace").splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        words = line.split()
        if len(words) != 2 or not all(word.isdecimal() for word in words) or int(words[1]) > 9:
            raise EquispikeError(
                f"{path}, line {number}, is not the number of a sample and a class from 0 to 9: '{line}'"
            )
        rows.append([int(word) for word in words])
    if not rows:
        raise EquispikeError(f"{path} names no recordings: replace it")
    parts = [_events(folder / f"{sample}.bs2") for sample, _ in rows]
    stop = np.cumsum([len(t) for _, t in parts])
    pixel, t = (np.concatenate(column) for column in zip(*parts, strict=True))
    labels = np.array([label for _, label in rows], np.uint8)
    pixel.flags.writeable = t.flags.writeable = labels.flags.writeable = False
    recordings = Recordings(pixel, t, np.concatenate([[0], stop[:-1]]), stop, NMNIST)
    return recordings, labels


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EquispikeError(f"cannot read {path}: {error.strerror}") from None


def _events(path: Path) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    content = _read(path)
    if not content or len(content) % _BYTES:
        raise EquispikeError(
            f"{path} is cut off or damaged: {len(content)} bytes are no whole number of events of 5 bytes"
        )
    x, y, high, middle, low = np.frombuffer(content, np.uint8).reshape(-1, _BYTES).T.astype(np.int32)
    height, width, _ = NMNIST
    if x.max() >= width or y.max() >= height:
        raise EquispikeError(f"{path} is damaged: it has events outside of {height} x {width} pixels")
    t = (high & 0x7F) << 16 | middle << 8 | low
    return (((y * width + x) * 2) + (high >> 7)).astype(np.uint16), t
