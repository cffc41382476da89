"""One run of a sweep, as a scheduler starts it: ``python -m equispike.scripts.workflow.job run ID`` in the folder of the sweep.

What a run needs and what it has done are in files, so that it can be killed at any moment and started again anywhere: steps that
are done are skipped, a training goes on from its checkpoint, and of two processes with the same run one waits for the other.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import click

from equispike.models.errors import EquispikeError
from equispike.models.timing import cpu_seconds
from equispike.protocols.claim import claimed
from equispike.protocols.one_writer import let_go_elsewhere
from equispike.scripts.steps import say_steps
from equispike.scripts.stopping import Stopped, heeded
from equispike.scripts.utf8 import begin_in_utf8
from equispike.scripts.workflow.files import ATTEMPTS, BUILDS, CLAIMS, DONE, FAILED, STEPS, read, write
from equispike.scripts.workflow.plan import Plan, Run, Step
from equispike.scripts.workflow.staging import stage


def carry_out(plan: Plan, run: Run) -> dict[str, Any]:
    """Do what is left of a run; returns what its marker says.

    Raises whatever ends a step early.
    """
    folder, file, kept = Path(run.folder), Path(STEPS, f"{run.id}.json"), _kept(run)
    if kept.get("trained_as") != run.steps[0].key:  # another command or other code: nothing of it can be gone on with
        shutil.rmtree(folder, ignore_errors=True)
        kept = {"trained_as": run.steps[0].key}
        write(file, kept)
    let_go_elsewhere(folder)  # this process alone has the run
    for place, step in enumerate(run.steps):
        if kept.get(step.name, {}).get("key") == step.key:
            continue
        for later in run.steps[place:]:
            kept.pop(later.name, None)
        began, cpu = time.time(), cpu_seconds()
        _command(_words(plan, run, step, folder))
        kept[step.name] = {"key": step.key, "wall_s": time.time() - began, "cpu_s": cpu_seconds() - cpu}
        write(file, kept)
    return {"key": run.key, "accuracy": _accuracy(folder), "steps": {step.name: kept[step.name] for step in run.steps},
            "host": socket.gethostname(), "max_rss": _largest(), "bytes": _bytes(folder)}  # fmt: skip


def _kept(run: Run) -> dict[str, Any]:
    """The steps that are done; none where somebody has deleted the run folder."""
    return read(Path(STEPS, f"{run.id}.json")) if Path(run.folder, "run.json").exists() else {}


def _words(plan: Plan, run: Run, step: Step, folder: Path) -> list[str]:
    """What a person would type for this step now."""
    cpus = f"--jobs={plan.resources.cpus}"
    if step.name == "evaluate":
        for path in (path for kind in ("evaluation-*", "readouts-*") for path in folder.glob(kind)):
            path.unlink()  # of other settings
    if step.name != "train":
        return [step.name, run.folder, *step.words, cpus]
    words = step.words
    if (folder / "run.json").exists():
        words = [f"--resume={run.folder}"]
    else:
        shutil.rmtree(folder, ignore_errors=True)
        words = [*words, f"--out={run.folder}"]
    return ["train", *words, cpus]


def _command(words: list[str]) -> None:
    """In this process: starting another would import everything again."""
    from equispike.scripts.cli import equispike

    print("equispike", *words, flush=True)
    sys.argv = ["equispike", *words]
    equispike(words, prog_name="equispike", standalone_mode=False)


def build(plan: Plan, name: str) -> None:
    """Compile what runs share, before many of them would at the same time."""
    from equispike.protocols.beginning import new_spec
    from equispike.protocols.building import compile_programs
    from equispike.scripts.commands import train

    words = plan.runs[plan.builds[name]].steps[0].words
    asked = train.command.make_context("train", list(words)).params
    spec, _, _ = new_spec(**train.asked(asked), seed=asked["seed"], out=Path("runs", "build"))
    compile_programs(spec)
    write(Path(BUILDS, f"{name}.json"), {"run": plan.builds[name]})


def _accuracy(folder: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for path in sorted(folder.glob("evaluation-*.json")):
        found |= read(path).get("accuracy", {})
    return found


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _largest() -> int:
    """Bytes of memory at most, of this process and the largest of those that it started."""
    return 1024 * sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _note(name: str, **facts: object) -> None:
    """A line in the list of attempts at a run, of which the holder of its claim is the only writer."""
    path = Path(ATTEMPTS, f"{name}.jsonl")
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps({"time": time.time(), "host": socket.gethostname(), "pid": os.getpid(), **facts}) + "\n")


def attempt(name: str) -> str | None:
    """Carry a run out, unless it is done; returns the reason where it failed."""
    plan = Plan.open(Path())
    stage(plan.runs[name].size[2])
    run, marker, failed = plan.runs[name], Path(DONE, f"{name}.json"), Path(FAILED, f"{name}.json")
    while True:
        with claimed(Path(CLAIMS, name)) as mine:
            if read(marker).get("key") == run.key and _kept(run):
                return None
            if mine:
                return _attempt(plan, run, marker, failed)
        time.sleep(2)  # another process has it


def _attempt(plan: Plan, run: Run, marker: Path, failed: Path) -> str | None:
    from equispike.scripts.workflow import costs

    failed.unlink(missing_ok=True)
    kept = _kept(run)
    if all(kept.get(step.name, {}).get("key") == step.key for step in run.steps):  # its marker alone was taken away
        _note(run.id, event="kept")
        write(marker, carry_out(plan, run))
        return None
    _note(run.id, event="began", key=run.key)

    def fail(reason: str) -> None:
        print(f"Error: {reason}", flush=True)
        write(failed, {"reason": reason, "key": run.key})
        _note(run.id, event="failed", reason=reason)

    def stopped(number: int) -> None:
        if number == signal.SIGTERM:  # the others come from a person
            fail("stopped by SIGTERM, which a scheduler sends when a job is cancelled or its time is up")

    reason = None
    try:
        with heeded(stopped):
            done = carry_out(plan, run)
        costs.keep(run, done)
        write(marker, done)
    except click.ClickException as error:
        reason = error.format_message()
    except EquispikeError as error:
        reason = str(error)
    except SystemExit as error:
        reason = str(error.code)
    except MemoryError:
        reason = "not enough memory: ask for more under resources, or for a smaller network"
    except Exception as error:
        traceback.print_exc()
        reason = f"unexpected {type(error).__name__}: {error}"
    if reason is not None:
        fail(reason)
    else:
        _note(run.id, event="done")
    return reason


@click.command()
@click.argument("what", type=click.Choice(["run", "build"]))
@click.argument("name")
def main(what: str, name: str) -> None:
    """Do a job of the sweep in the current folder."""
    say_steps()
    try:
        if what == "run":
            sys.exit(1 if attempt(name) else 0)
        with heeded():
            build(Plan.open(Path()), name)
    except Stopped:
        sys.exit(1)
    except EquispikeError as error:
        print(f"Error: {error}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    begin_in_utf8()
    main()
