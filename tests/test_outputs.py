"""What --out names is a new file, or one that may be replaced."""

import json
import os
from pathlib import Path

import pytest
from small_runs import keep_evaluation, saved_run

from equispike.models.errors import EquispikeError
from equispike.protocols.atomic_write import atomic_write


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run = saved_run(tmp_path / "run", "softmax")
    keep_evaluation(run, {"largest output": 0.5})
    return run.path


@pytest.mark.parametrize("kind", ["a link", "a folder", "no regular file"])
@pytest.mark.parametrize("command", ["compare", "report", "export", "spikes"])
def test_what_is_no_file_is_left_alone(equispike, run: Path, command: str, kind: str) -> None:
    out = run.parent / "out"
    {
        "a link": lambda: out.symlink_to(run / "run.json"),
        "a folder": out.mkdir,
        "no regular file": lambda: os.mkfifo(out),
    }[kind]()
    before = out.lstat()
    assert f"out is {kind}" in equispike(command, run, "--out", out).sentence
    assert out.lstat().st_ino == before.st_ino and json.loads((run / "run.json").read_text())["status"] == "trained"


def test_a_device_is_left_alone(equispike, run: Path) -> None:
    assert "/dev/null is no regular file" in equispike("compare", run, "--out", "/dev/null").sentence


@pytest.mark.parametrize(
    "name", ["run.json", "arrays.npz", "workload.json", "checkpoint/state.npz", "evaluation-mine.json"]
)
def test_files_of_a_run_are_left_alone(equispike, run: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    for command in ("compare", "report"):
        assert "of a run folder's own" in equispike(command, run, "--out", run / name).sentence
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_the_tables_beside_a_comparison_are_looked_at_as_well(equispike, run: Path) -> None:
    os.mkfifo("similarity.csv")
    assert "similarity.csv is no regular file" in equispike("compare", run, "--out", "table.csv").sentence
    assert not Path("table.csv").exists()


def test_a_file_may_be_replaced_and_a_run_folder_may_hold_more(equispike, run: Path) -> None:
    for out in ("table.csv", "table.csv", run / "table.csv"):
        done = equispike("compare", run, "--out", out)
        assert done.code == 0, done.err


def test_a_readme_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("old")

    def write() -> None:
        with atomic_write(tmp_path / "README.md") as temporary:
            temporary.write_text("half of the n")
            raise OSError(28, "No space left on device")

    with pytest.raises(EquispikeError, match="No space left"):
        write()
    assert (tmp_path / "README.md").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_in_an_evaluation_does_not_advise_what_it_has_not(equispike, run: Path, monkeypatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    sentence = equispike("evaluate", run, "--test-images", 5).sentence
    assert "is full: free some space, then run the same command again" in sentence and "--resume" not in sentence
