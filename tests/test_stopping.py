"""Signals that ask to end: programs end with the process, nothing half written stays, and a sentence says how to go on."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import CPP
from test_build_cache import running
from test_sweep_jobs import wait_for

from equispike.models.codegen import BACKENDS

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason="no C++ compiler")
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
ROOT = Path(__file__).parent.parent
LONG = ("--set", "t_present=100*second", "--images", 20)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.Popen]:
    """``start(words...)``: a process of the command, in an empty folder, with a folder of its own for temporary files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    begun = []

    def started(*words: object, **options: object) -> subprocess.Popen:
        command = [sys.executable, "-m", "equispike", *map(str, words)]
        begun.append(subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options))
        return begun[-1]

    yield started
    for process in begun:
        process.kill()


def descendants(pid: int) -> list[int]:
    """Processes that a process has started, and those that these have."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # ended meanwhile
            for child in map(int, task.read_text().split()):
                found += [child, *descendants(child)]
    return found


def programs_of(process: subprocess.Popen) -> list[int]:
    """Built programs among them."""
    found = []
    for pid in descendants(process.pid):
        with suppress(OSError):
            found += [pid] * (Path(f"/proc/{pid}/comm").read_text().strip() == "main")
    return found


def ended(process: subprocess.Popen, number: int) -> str:
    """Send a signal; returns the last line said, and asserts exit code 128 + N and that nothing of it lives."""
    family = descendants(process.pid)
    process.send_signal(number)
    said = process.communicate(timeout=200)[1]
    assert process.returncode == 128 + number and "Traceback" not in said, said
    wait_for(lambda: not any(map(running, family)))
    return said.strip().splitlines()[-1]


@needs_compiler
@needs_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_training_ends_with_its_program(start, number: int, tmp_path: Path) -> None:
    process = start(*CPP, *LONG, "--out", "run")
    wait_for(lambda: programs_of(process))
    what = "Interrupted" if number == signal.SIGINT else f"Stopped by {signal.Signals(number).name}"
    go_on = "continue with equispike train --resume run"
    assert ended(process, number) == f"{what}; what was written is whole; {go_on}."
    assert list((tmp_path / "tmp").iterdir()) == [] and [p.name for p in Path("run").iterdir()] == ["run.json"]


@needs_compiler
@needs_proc
def test_programs_of_several_threads_end(start, tmp_path: Path) -> None:
    trained = start(*CPP, "--images", 20, "--out", "run")
    assert trained.wait(300) == 0
    record = json.loads(Path("run", "run.json").read_text())
    record["config"]["params"]["t_present"] = "100*second"
    Path("run", "run.json").write_text(json.dumps(record))
    process = start("evaluate", "run", "--jobs", 2)
    wait_for(lambda: len(programs_of(process)) == 2)
    assert ended(process, signal.SIGTERM) == "Stopped by SIGTERM; what was written is whole."
    assert list((tmp_path / "tmp").iterdir()) == []


@needs_compiler
@needs_proc
def test_trainings_with_several_seeds_end(start) -> None:
    process = start(*CPP, *LONG, "--seeds", "0,1,2", "--jobs", 2, "--out", "run")
    wait_for(lambda: len(programs_of(process)) == 2)
    assert ended(process, signal.SIGTERM).endswith("; the same command again goes on with it.")
    assert not Path("run-s2").exists()


@needs_compiler
@needs_proc
def test_a_hangup_that_is_ignored_stays_so(start) -> None:
    """As under nohup."""
    process = start(*CPP, *LONG, "--out", "run", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for(lambda: programs_of(process))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None and programs_of(process)


@needs_proc
def test_a_training_in_this_process_ends(start) -> None:
    for system in (("softmax",), ("diehl-cook", "--backend", "numpy", "--set", "n_exc=4")):
        process = start("train", *system, "--images", 10_000_000, "--chunk-images", 1000, "--out", system[0])
        wait_for(Path(system[0], "run.json").exists)
        time.sleep(1)
        assert ended(process, signal.SIGINT).endswith(f"continue with equispike train --resume {system[0]}.")


@needs_proc
def test_a_sweep_ends_its_jobs(start) -> None:
    pytest.importorskip("snakemake")
    Path("a.yaml").write_text("system: softmax\ndata: digits\nimages: 100000000\nseeds: [0, 1, 2]\n")
    process = start("sweep", "a.yaml", "--out", "out", "--cores", 2)
    wait_for(lambda: len(list(Path("out").glob("runs/*/run.json"))) == 2)
    said = ended(process, signal.SIGTERM)
    assert said.startswith("Stopped by SIGTERM;") and "its jobs were ended, and the same command again goes on" in said
    assert len(list(Path("out").glob("runs/*"))) == 2


STUBBORN = """
import sys, time
from equispike.scripts import stopping

stopping._AGAIN_AFTER = 0.3
with stopping.heeded():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except BaseException:  # as libraries do
        print("swallowed", flush=True)
    time.sleep(60)
"""


def test_a_library_that_swallows_what_is_raised_is_told_again() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    out, err = process.communicate(timeout=50)
    assert out == "swallowed\n" and "Stopped: 15" in err
