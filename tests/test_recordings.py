"""Recordings of events: what is found is read exactly, what is wrong is said in one sentence."""

import os
from pathlib import Path

import numpy as np
import pytest

from equispike.models.errors import EquispikeError
from equispike.protocols import data

REAL_DATA = os.environ.get("EQUISPIKE_DATA")


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def event(x: int, y: int, polarity: int, t: int) -> bytes:
    return bytes((x, y, polarity << 7 | t >> 16, t >> 8 & 255, t & 255))


RECORDINGS = {
    "train1K.txt": b"#sample #class\t\r\n1\t5\t\r\n2\t0\t\r\n",
    "test100.txt": b"#sample #class\t\r\n60001\t7\t\r\n",
    "1.bs2": event(3, 0, 1, 0) + event(33, 33, 0, 70_000) + event(33, 33, 0, 70_001) + event(0, 1, 1, 299_999),
    "2.bs2": event(0, 0, 0, 5),
    "60001.bs2": event(1, 2, 1, 10) + event(1, 2, 1, 8_000_000),
}


def test_recordings_are_read_event_for_event(tmp_path: Path) -> None:
    put(tmp_path / "nmnist_small", RECORDINGS)
    found = data.load("nmnist-small", tmp_path)
    assert found.train_images.shape == (2, 34, 34, 2) and found.train_labels.tolist() == [5, 0]
    bins = found.train_images.binned(3)  # of 100 ms
    assert np.argwhere(bins).tolist() == [[0, 0, 0, 3, 1], [0, 0, 33, 33, 0], [0, 2, 1, 0, 1], [1, 2, 0, 0, 0]]
    chosen = found.train_images[np.array([1, 0])]
    np.testing.assert_array_equal(chosen.binned(3), bins[::-1])
    assert np.argwhere(found.test_images[:1].binned(4)).tolist() == [[0, 0, 2, 1, 1], [0, 3, 2, 1, 1]]
    assert data.available("nmnist-small", tmp_path) and data.available("nmnist-small", tmp_path / "none") is None


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("2.bs2", event(0, 0, 0, 5)[:-1], "2.bs2 is cut off"),
        ("2.bs2", b"", "2.bs2 is cut off"),
        ("2.bs2", event(34, 0, 0, 5), "2.bs2 is damaged.*34 x 34"),
        ("2.bs2", None, "cannot read .*2.bs2: No such file"),
        ("train1K.txt", b"1 5\n2 11\n", "train1K.txt, line 2.*'2 11'"),
        ("train1K.txt", b"#none\n", "train1K.txt names no recordings"),
        ("test100.txt", None, "cannot read .*test100.txt"),
    ],
)
def test_bad_recordings(tmp_path: Path, name: str, content: bytes | None, complaint: str) -> None:
    files = {key: value for key, value in (RECORDINGS | {name: content}).items() if value is not None}
    put(tmp_path / "nmnist_small", files)
    with pytest.raises(EquispikeError, match=complaint):
        data.load("nmnist-small", tmp_path)


def test_missing_recordings_are_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(EquispikeError, match=r"nmnist_small/train1K.txt is missing: .*slayerPytorch"):
        data.load("nmnist-small", tmp_path)


@pytest.mark.skipif(
    not REAL_DATA or not Path(REAL_DATA, "nmnist_small").exists(), reason="EQUISPIKE_DATA has no nmnist_small"
)
def test_real_recordings_are_whole() -> None:
    found = data.load("nmnist-small", REAL_DATA)
    assert np.bincount(found.train_labels).tolist() == [97, 116, 99, 93, 105, 92, 94, 117, 87, 100]
    assert len(found.test_images) == 100
    assert all(0 < bins.mean() < 0.2 for bins in found.test_images.binned(30))
