"""A file at its final name is whole, and whatever else is wrong is one sentence."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from small_runs import run_record, small_spec

from equispike.models.errors import EquispikeError
from equispike.protocols.run_folder import FORMAT, RunFolder

ARRAYS = {"w": np.arange(6.0).reshape(2, 3), "theta": np.array([0.02, 0.03])}
RECORD = run_record(small_spec("diehl-cook", {}, 20).as_json())


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder.create(tmp_path / "run")
    run.write_json("run.json", RECORD)
    run.write_arrays("checkpoint/state.npz", ARRAYS)
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_arrays_and_json_come_back(run: RunFolder) -> None:
    back = run.read_arrays("checkpoint/state.npz")
    assert back.keys() == ARRAYS.keys()
    assert all(np.array_equal(back[key], ARRAYS[key]) for key in ARRAYS)
    assert RunFolder.open(run.path).read_json("run.json")["format"] == FORMAT


@pytest.mark.parametrize(
    ("code", "hint"), [(errno.ENOSPC, "full"), (errno.EROFS, "cannot be written"), (errno.EIO, "")]
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    before = contents(run.path)
    monkeypatch.setattr(os, "fsync", refuse)
    for write in (
        lambda: run.write_arrays("checkpoint/state.npz", {"w": np.zeros(3)}),
        lambda: run.write_json("run.json", {}),
        lambda: run.write_arrays("arrays.npz", ARRAYS),
    ):
        with pytest.raises(EquispikeError, match=f"{run.path}.*{hint}"):
            write()
    assert contents(run.path) == before


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    before = contents(run.path)
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.write_arrays("checkpoint/state.npz", {"w": np.zeros(3)})
    assert contents(run.path) == before


def test_an_existing_run_is_never_overwritten(run: RunFolder) -> None:
    before = contents(run.path)
    with pytest.raises(EquispikeError, match=f"--resume {run.path}"):
        RunFolder.create(run.path)
    assert contents(run.path) == before


def test_an_empty_folder_may_become_a_run(tmp_path: Path) -> None:
    RunFolder.create(tmp_path)
    RunFolder.create(tmp_path)  # nothing was written yet: another attempt is welcome
    assert contents(tmp_path) == {}


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(EquispikeError, match="not a run folder"):
            RunFolder.open(path)


@pytest.mark.parametrize("version", [FORMAT + 1, None, "1"])
def test_another_format_is_refused(run: RunFolder, version: object) -> None:
    run.write_json("run.json", {"format": version})
    with pytest.raises(EquispikeError, match=f"format {version}, this version reads {FORMAT}"):
        RunFolder.open(run.path)


def test_the_format_before_names_its_converter(run: RunFolder) -> None:
    run.write_json("run.json", RECORD | {"format": 1})
    with pytest.raises(EquispikeError, match=rf"python -m equispike\.scripts\.convert_runs {run.path} converts it"):
        RunFolder.open(run.path)


@pytest.mark.parametrize("text", [b"", b'{"format": 1', b"[]", b"null", b"3", b"\xff\xfe"])
def test_a_damaged_record_is_refused(run: RunFolder, text: bytes) -> None:
    (run.path / "run.json").write_bytes(text)
    with pytest.raises(EquispikeError, match=r"run\.json is damaged"):
        RunFolder.open(run.path)


@pytest.mark.parametrize("compress", [False, True])
def test_whatever_byte_is_damaged_the_file_is_named(run: RunFolder, compress: bool) -> None:
    """Each byte in turn, and every length: the arrays come back, or a sentence does."""
    run.write_arrays("readouts.npz", ARRAYS, compress=compress)
    path = run.path / "readouts.npz"
    whole = path.read_bytes()
    damaged = [whole[:k] + bytes([whole[k] ^ 0xFF]) + whole[k + 1 :] for k in range(len(whole))]
    damaged += [whole[:k] for k in range(0, len(whole), 7)]
    refused = 0
    for content in damaged:
        path.write_bytes(content)
        try:
            run.read_arrays("readouts.npz")
        except EquispikeError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > len(damaged) / 3


@pytest.mark.parametrize(("fault", "words"), [(PermissionError(), "no permission"), (MemoryError(), "fit into memory")])
def test_a_whole_file_that_cannot_be_read_is_not_called_damaged(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, fault: Exception, words: str
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise fault

    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(EquispikeError, match=words):
        run.read_arrays("checkpoint/state.npz")


def test_an_array_file_of_another_kind_is_damaged(run: RunFolder) -> None:
    with (run.path / "arrays.npz").open("wb") as file:
        np.save(file, ARRAYS["w"])
    with pytest.raises(EquispikeError, match="damaged"):
        run.read_arrays("arrays.npz")


def test_a_missing_file_is_named(run: RunFolder) -> None:
    with pytest.raises(EquispikeError, match=r"has no arrays\.npz"):
        run.read_arrays("arrays.npz")


def test_json_is_for_people(run: RunFolder) -> None:
    text = (run.path / "run.json").read_text()
    assert text.endswith("}\n") and len(text.splitlines()) > 2
    assert json.loads(text) == RECORD
