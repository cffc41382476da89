"""Whole sweeps: on this machine, and on a real Slurm with everything going wrong that goes wrong on clusters."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from equispike.scripts.workflow.files import ATTEMPTS
from equispike.scripts.workflow.plan import Plan, plan
from equispike.scripts.workflow.status import states
from equispike.scripts.workflow.sweep_file import open_sweep

ROOT = Path(__file__).parent.parent
QUICK = "seconds-between-status-checks: 1\nslurm-init-seconds-before-status-checks: 1\n"
FIGURES = "figures:\n  - {{name: rates, x: {axis}, y: accuracy}}\n"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("EQUISPIKE_DATA", raising=False)


def attempts(folder: Path, name: str) -> int:
    """How often a run was begun."""
    return (folder / ATTEMPTS / f"{name}.jsonl").read_text().count('"began"')


def written(text: str) -> Plan:
    Path("a.yaml").write_text(text)
    return plan(open_sweep(Path("a.yaml")))


def sweep(*words: str, environment=None) -> subprocess.Popen:
    command = [sys.executable, "-m", "equispike", "sweep", "a.yaml", "--out", "out", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def finished(process: subprocess.Popen, seconds: float = 500) -> tuple[int, str]:
    out, _ = process.communicate(timeout=seconds)
    return process.returncode, out


def check_whole(found: Plan) -> pd.DataFrame:
    """Every run is done and whole, in the table, and in the figure."""
    assert {state.name for state in states(found, Path("out")).values()} == {"done"}
    table, (axis,) = pd.read_parquet("out/table.parquet"), found.axes
    assert sorted(table["run"]) == sorted(found.runs) and len(pd.read_csv("out/table.csv")) == len(table)
    for run in found.runs.values():
        record = json.loads(Path("out", run.folder, "run.json").read_text())
        (path,) = Path("out", run.folder).glob("evaluation-test-*.json")
        evaluation = json.loads(path.read_text())
        (row,) = table[table["run"] == run.id].to_dict("records")
        assert record["status"] == "trained" and row["accuracy"] == next(iter(evaluation["accuracy"].values()))
        assert row[axis] == float(run.settings[axis]) and row["seed"] == run.seed
    assert Path("out/figures/rates.pdf").stat().st_size > 1000 and "rates" in Path("out/report.html").read_text()
    return table


def test_a_sweep_here_repeats_what_failed_and_nothing_else(equispike) -> None:
    figures = FIGURES.format(axis="c")
    found = written(f"system: linear-svm\ndata: digits\nimages: 500\ngrid: {{c: [0.01, 0.1]}}\n{figures}")
    first, other = found.runs.values()
    Path("out/runs").mkdir(parents=True)
    Path("out", first.folder).touch()
    sweep_here = ("sweep", "a.yaml", "--out", "out", "--cores", 2)
    done = equispike(*sweep_here)
    said = done.out + done.err
    assert done.code == 1 and f"{first.id} failed: " in said and f"    Error: {first.folder} exists" in said
    assert "1 done, 1 failed" in said
    done = equispike(*sweep_here, "--status")
    assert done.code == 0 and f"{first.id}\t0.01\t0\tfailed\t" in done.out and "1 done, 1 failed" in done.out + done.err
    Path("out", first.folder).unlink()
    assert equispike(*sweep_here).code == 0
    check_whole(found)
    assert [attempts(Path("out"), run.id) for run in (first, other)] == [2, 1]
    table = Path("out/table.parquet").stat().st_mtime_ns
    done = equispike(*sweep_here, "--dry-run")
    said = done.out + done.err
    assert done.code == 0 and "2 done" in said and "0.00 CPU hours" in said
    assert equispike(*sweep_here).code == 0 and Path("out/table.parquet").stat().st_mtime_ns == table  # nothing to do
    changed = written(Path("a.yaml").read_text().replace("0.01,", "0.2,"))
    assert equispike(*sweep_here).code == 0
    check_whole(changed)
    assert [attempts(Path("out"), name) for name in found.runs.keys() & changed.runs.keys()] == [1]


def test_a_search_goes_on_where_it_was(equispike) -> None:
    axes = "{c: {from: 0.0001, to: 1, scale: log}}"
    search = f"search: {{trials: TRIALS, at-a-time: 2, maximise: largest output, axes: {axes}}}"
    text = f"system: linear-svm\ndata: digits\nimages: 300\nholdout: 300\n{search}\n"
    outcomes = []
    for folder, trials in (("out", (2, 3)), ("whole", (3,))):
        for number in trials:
            Path("a.yaml").write_text(text.replace("TRIALS", str(number)))
            done = equispike("sweep", "a.yaml", "--out", folder, "--cores", 2)
            assert done.code == 0 and f"{number} of {number} trials have results" in done.out + done.err
        outcomes.append(json.loads(Path(folder, "search.json").read_text()))
    assert outcomes[0] == outcomes[1] and len(outcomes[0]) == 3
    evaluated = list(Path("out").glob("runs/*/evaluation-*.json"))
    assert len(evaluated) == 3 and all("evaluation-validation-" in path.name for path in evaluated)


def test_a_cluster_on_which_everything_goes_wrong(cluster) -> None:
    """Four runs as Slurm jobs: one fails, one is cancelled, one is killed while it writes, and so is the driver."""
    found = written(
        "system: softmax\ndata: digits\nimages: 100000\ngrid: {learning_rate: [0.01, 0.1]}\n"
        "seeds: [0, 1]\nresources: {memory: 500 MB, time: 10 min}\n" + FIGURES.format(axis="learning_rate")
    )
    out = Path("out")
    failing = found.runs[next(iter(found.runs))]
    (out / "runs").mkdir(parents=True)
    (out / failing.folder).touch()
    own = Path("profile", "config.yaml")  # the suite's profile asks a busy scheduler less often
    own.parent.mkdir()
    own.write_text((ROOT / "scripts/workflow/profiles/slurm/config.yaml").read_text() + QUICK)
    slurm = ("--profile", "profile")
    driver = sweep(*slurm, environment=cluster.environment)
    hurt: dict[str, str] = {}
    deadline = time.monotonic() + 300
    while len(hurt) < 2:
        assert driver.poll() is None and time.monotonic() < deadline, driver.stdout.read() if driver.poll() else hurt
        for path in (out / "claims").glob("[!.]*"):
            name = path.name
            if name in hurt or not (out / "runs" / name / "run.json").exists():
                continue
            claim = json.loads(path.read_text())
            if "killed" not in hurt.values():
                os.kill(claim["pid"], signal.SIGKILL)
                hurt[name] = "killed"
            else:
                job = Path(f"/proc/{claim['pid']}/environ").read_bytes().split(b"SLURM_JOB_ID=")[1].split(b"\0")[0]
                cluster.cancel(int(job))
                hurt[name] = "cancelled"
            break
        time.sleep(0.1)
    done_before = len(list((out / "done").glob("*.json")))
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    (out / failing.folder).unlink(missing_ok=True)
    code, said = finished(sweep(*slurm, environment=cluster.environment))
    for _ in range(2):  # runs that jobs of the first driver failed meanwhile are repeated by another call
        if code == 1:
            code, said = finished(sweep(*slurm, environment=cluster.environment))
    assert code == 0, said
    table = check_whole(found)
    assert len(table) == 4 and done_before < 4
    for name in found.runs:
        events = [json.loads(line) for line in (out / "attempts" / f"{name}.jsonl").read_text().splitlines()]
        assert [event["event"] for event in events].count("done") == 1  # each finished run was executed once
    assert attempts(out, next(name for name, how in hurt.items() if how == "killed")) == 2
