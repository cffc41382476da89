"""Jobs of a sweep: done once, gone on with after a kill, alone with their run; and which code makes a run stale."""

import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from equispike.protocols.catalogue import get_system
from equispike.protocols.claim import DEAD_AFTER, claimed, holder
from equispike.protocols.data.locate import STEMS
from equispike.protocols.run_folder import RunFolder
from equispike.scripts.workflow import code
from equispike.scripts.workflow.files import ATTEMPTS
from equispike.scripts.workflow.job import attempt
from equispike.scripts.workflow.plan import Plan, plan
from equispike.scripts.workflow.staging import stage
from equispike.scripts.workflow.status import states
from equispike.scripts.workflow.sweep_file import open_sweep

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def written(images: int = 2000, more: str = "") -> tuple[Plan, str]:
    """A plan of one run of softmax regression, in plan.json, and the run's name."""
    Path("a.yaml").write_text(f"system: softmax\ndata: digits\nimages: {images}\n{more}")
    found = plan(open_sweep(Path("a.yaml")))
    found.write(Path())
    return found, next(iter(found.runs))


def attempts(folder: Path, name: str) -> int:
    """How often a run was begun."""
    return (folder / ATTEMPTS / f"{name}.jsonl").read_text().count('"began"')


def job(name: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "equispike.scripts.workflow.job", "run", name], stdout=subprocess.DEVNULL
    )


def state(found: Plan, name: str) -> str:
    return states(found, Path())[name].name


def wait_for(condition, seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_run_is_done_once() -> None:
    found, name = written()
    assert state(found, name) == "missing"
    assert attempt(name) is None and state(found, name) == "done"
    marker = json.loads(Path("done", f"{name}.json").read_text())
    assert 0.5 < marker["accuracy"]["largest output"] < 1 and marker["max_rss"] > 1e7
    began = RunFolder(Path("runs", name)).path.stat().st_mtime_ns
    assert attempt(name) is None and attempts(Path(), name) == 1
    Path("done", f"{name}.json").unlink()  # as Snakemake does with outputs of a job that was killed
    assert attempt(name) is None and state(found, name) == "done" and attempts(Path(), name) == 1
    assert RunFolder(Path("runs", name)).path.stat().st_mtime_ns == began
    shutil.rmtree(Path("runs", name))  # by somebody's hand
    assert (
        state(found, name) == "outdated"
        and attempt(name) is None
        and attempts(Path(), name) == 2
        and RunFolder(Path("runs", name)).has("arrays.npz")
    )
    marker = json.loads(Path("done", f"{name}.json").read_text())
    other, name = written(more="measure: [workload]\n")
    assert state(other, name) == "outdated" and attempt(name) is None
    assert RunFolder(Path("runs", name)).has("workload.json")
    steps = json.loads(Path("steps", f"{name}.json").read_text())
    assert steps["train"] == marker["steps"]["train"]  # not trained again


def test_a_failure_says_why_and_is_repeated() -> None:
    found, name = written()
    Path("runs").mkdir()
    Path("runs", name).touch()  # a file where the folder should be
    assert "exists" in attempt(name)
    assert states(found, Path())[name].reason == attempt(name)
    Path("runs", name).unlink()
    assert attempt(name) is None and state(found, name) == "done" and not Path("failed", f"{name}.json").exists()


def test_a_killed_run_goes_on() -> None:
    found, name = written(images=400_000)
    first = job(name)
    wait_for(lambda: Path("runs", name, "checkpoint").exists())
    assert state(found, name) == "running"
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert state(found, name) == "interrupted"
    assert attempt(name) is None and state(found, name) == "done"
    record = json.loads(Path("runs", name, "run.json").read_text())
    assert "--resume" in " ".join(record["commands"][-1]["command"]) and record["images_seen"] == 400_000


def test_a_stopped_run_says_so() -> None:
    found, name = written(images=4_000_000)
    first = job(name)
    wait_for(lambda: Path("runs", name, "run.json").exists())
    first.terminate()
    assert first.wait() == 1
    assert "SIGTERM" in states(found, Path())[name].reason


def test_of_two_jobs_one_waits_for_the_other() -> None:
    found, name = written(images=200_000)
    both = [job(name), job(name)]
    assert [process.wait(300) for process in both] == [0, 0]
    assert attempts(Path(), name) == 1 and state(found, name) == "done"


def _hold(path: str, all_have_tried, results) -> None:
    with claimed(Path(path)) as mine:
        results.put(mine)
        if mine:
            all_have_tried.wait(100)


def test_one_process_of_many_gets_a_claim() -> None:
    context = multiprocessing.get_context("fork")
    results, all_have_tried = context.Queue(), context.Event()
    processes = [context.Process(target=_hold, args=("c", all_have_tried, results)) for _ in range(8)]
    for process in processes:
        process.start()
    assert sorted(results.get(timeout=100) for _ in processes) == [False] * 7 + [True]
    all_have_tried.set()
    for process in processes:
        process.join()
    assert list(Path().glob("*c*")) == [Path("cache")] or not Path("c").exists()


def test_claims_of_the_dead_are_taken_over(monkeypatch) -> None:
    with claimed(Path("c")) as mine:
        content = json.loads(Path("c").read_text())
        assert mine and holder(Path("c"))["pid"] == os.getpid()
        with claimed(Path("c")) as again:
            assert not again
    assert not Path("c").exists()
    for foreign, age, expected in (
        ({"began": "0"}, 0, True),  # another process of that number
        ({"host": "elsewhere"}, 0, False),
        ({"host": "elsewhere"}, DEAD_AFTER + 5, True),
        ("half a fi", 0, True),
    ):
        Path("c").write_text(foreign if isinstance(foreign, str) else json.dumps(content | foreign))
        os.utime("c", (time.time() - age,) * 2)
        with claimed(Path("c")) as mine:
            assert mine == expected
        Path("c").unlink(missing_ok=True)
    assert content["host"] == socket.gethostname()


def test_code_that_a_step_does_not_use_changes_nothing(tmp_path, monkeypatch) -> None:
    for room in ("models", "protocols", "analysis"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "_ROOT", tmp_path)

    def hashes() -> dict[tuple[str, str], str]:
        code._hash.cache_clear()
        pairs = [("train", "diehl-cook"), ("evaluate", "diehl-cook"), ("train", "conv-stdp"), ("measure", "softmax")]
        return {(step, name): code.of_step(step, get_system(name)) for step, name in pairs}

    def changed(name: str, old: str, new: str) -> set[tuple[str, str]]:
        path, before = tmp_path / name, hashes()
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        after = hashes()
        path.write_text(text)
        return {pair for pair in before if before[pair] != after[pair]}

    network, conv = "models/diehl_cook/network.py", "models/conv_stdp/network.py"
    assert changed(network, '"""', '"""Another docstring. ') == set()
    assert changed(network, "\nimport", "\n# a remark\nimport") == set()
    assert changed(network, "w_inh_exc", "2 * w_inh_exc") == {("train", "diehl-cook"), ("evaluate", "diehl-cook")}
    assert changed(conv, "return", "return 1 and") == {("train", "conv-stdp")}
    assert changed("protocols/evaluating.py", "return", "return 1 and") >= {("evaluate", "diehl-cook")}
    templates = sorted((tmp_path / "models/codegen/cpp/templates").glob("*.cpp"))
    assert ("train", "diehl-cook") in changed(str(templates[0].relative_to(tmp_path)), "", "// other code\n")
    code._hash.cache_clear()


def test_data_and_programs_are_read_nearby(tmp_path, monkeypatch) -> None:
    source, local = tmp_path / "far" / "mnist", tmp_path / "near"
    source.mkdir(parents=True)
    for stem in STEMS:
        (source / stem).write_bytes(b"data")
    monkeypatch.setenv("EQUISPIKE_DATA", str(tmp_path / "far"))
    stage("mnist")
    assert os.environ["EQUISPIKE_DATA"] == str(tmp_path / "far")  # on no cluster everything stays where it is
    monkeypatch.setenv("EQUISPIKE_STAGE", str(local))
    stage("mnist")
    nearby = Path(os.environ["EQUISPIKE_DATA"], "mnist", STEMS[0])
    assert nearby.is_relative_to(local) and nearby.read_bytes() == b"data"
    monkeypatch.setenv("EQUISPIKE_DATA", str(tmp_path / "far"))
    (tmp_path / "full").touch()
    monkeypatch.setenv("EQUISPIKE_STAGE", str(tmp_path / "full" / "near"))
    stage("mnist")
    assert os.environ["EQUISPIKE_DATA"] == str(tmp_path / "far")
