"""One process writes a run folder at a time, and a killed one leaves nothing to clean up."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from small_runs import saved_run, small_spec

from equispike.models.errors import EquispikeError
from equispike.protocols.data import load
from equispike.protocols.evaluating import evaluate
from equispike.protocols.measuring import measure
from equispike.protocols.one_writer import WRITER, let_go_elsewhere, one_writer
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

FAST = {"n_exc": 4, "n_spikes_min": 0, "t_present": "10*ms", "t_rest_simulated": "5*ms", "w_total": 400}
HOLD = """
import sys, time
from pathlib import Path
from equispike.protocols.one_writer import one_writer
with one_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path: Path):
    """A run in which another process writes, and that process."""
    run = saved_run(tmp_path / "run", "diehl-cook", **FAST)
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(run.path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield run, process
    process.kill()
    process.communicate()


def test_a_second_writer_is_refused_and_told_who_the_first_is(held) -> None:
    run, process = held
    data, spec = load("digits"), small_spec("diehl-cook", FAST, 100, holdout=37)
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    for write in (
        lambda: train(spec, data, run),
        lambda: evaluate(run, data, n_label=2, n_test=1),
        lambda: measure(run, data, ["workload"]),
    ):
        with pytest.raises(EquispikeError, match=f"{run.path} is being written by process {process.pid} on "):
            write()
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before


def test_a_killed_writer_is_in_nobodys_way(held) -> None:
    run, process = held
    half = run.path / f".arrays.npz.{process.pid}"
    half.write_bytes(b"PK")
    os.kill(process.pid, signal.SIGKILL)  # and not waited for: it stays as a zombie
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    evaluate(run, load("digits"), n_label=2, n_test=1)
    assert not half.exists() and not (run.path / WRITER).exists()


def test_a_writer_on_another_machine_is_believed_unless_it_is_known_to_be_dead(tmp_path: Path) -> None:
    (tmp_path / WRITER).write_text(json.dumps({"host": "elsewhere", "pid": 1, "began": "1", "since": 0.0}))
    with pytest.raises(EquispikeError, match="process 1 on elsewhere"), one_writer(tmp_path):
        pass
    let_go_elsewhere(tmp_path)
    with one_writer(tmp_path):
        let_go_elsewhere(tmp_path)
        assert (tmp_path / WRITER).exists()  # this machine's


def test_a_thread_may_ask_again_and_another_may_not(tmp_path: Path) -> None:
    refused = []

    def other() -> None:
        try:
            with one_writer(tmp_path):
                pass
        except EquispikeError as error:
            refused.append(str(error))

    with one_writer(tmp_path):
        with one_writer(tmp_path):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1 and str(os.getpid()) in refused[0]
    other()
    assert len(refused) == 1 and not list(tmp_path.iterdir())


def test_another_training_does_not_go_on_with_what_is_there(tmp_path: Path) -> None:
    """As where two begin in the same empty folder, and the second waits for the first."""
    spec, data = small_spec("diehl-cook", FAST, 2, chunk_images=1), load("digits")
    run = RunFolder.create(tmp_path / "run")
    train(spec, data, run)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(EquispikeError, match="begun as another training, with seed 0"):
        train(spec.replaced(seed=1), data, run)
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path, monkeypatch) -> None:
    run = saved_run(tmp_path / "run", "diehl-cook", **FAST)

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    phases: list[str] = []
    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(EquispikeError, match=f"{run.path} cannot be written: make it writable"):
        evaluate(run, load("digits"), n_label=2, n_test=1, report=lambda phase, *_: phases.append(phase))
    assert not phases
