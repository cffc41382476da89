"""Carrying out a plan: Snakemake does the work, this watches and tells."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from equispike.models.errors import EquispikeError
from equispike.protocols.claim import claimed, holder
from equispike.protocols.doctor import cluster
from equispike.scripts.progress import duration
from equispike.scripts.stopping import Stopped, take_time
from equispike.scripts.workflow.files import CLAIMS, DONE, FAILED, names, read
from equispike.scripts.workflow.plan import Plan
from equispike.scripts.workflow.status import State, states
from equispike.scripts.workflow.sweep_file import Resources

_HERE = Path(__file__).parent
#: In the folder of a sweep: who drives it, and what Snakemake said.
DRIVER, LOG = "driver", "snakemake.log"
#: Last lines of its log that are told of a run that failed.
N_LAST = 8


@dataclass(frozen=True)
class Standing:
    """How far a sweep is: numbers of runs, and seconds that the others take, None where nobody can tell yet."""

    total: int
    done: int
    failed: int
    running: int
    left_s: float | None


class Watcher(Protocol):
    """Who is told how a sweep goes."""

    def say(self, line: str) -> None:
        """Take a line about what has just happened."""

    def update(self, standing: Standing) -> None:
        """Take how far the sweep is."""


def carry_out(
    plan: Plan, folder: Path, cores: int, profile: str | None, watcher: Watcher, *, products: bool = True
) -> dict[str, State]:
    """Do what is left of a plan; returns the state of every run afterwards.

    Parameters
    ----------
    profile : a folder of Snakemake's settings, or the name of one of those in profiles/; this machine if not given
    watcher : told of each run that ends, and now and then of how far the sweep is
    products : also make table, figures and report

    Raises
    ------
    EquispikeError
        Another process carries out the same sweep, or Snakemake could not begin.
    """
    with claimed(folder / DRIVER) as mine:
        if not mine:
            who = holder(folder / DRIVER) or {}
            raise EquispikeError(
                f"process {who.get('pid')} on {who.get('host')} carries out this sweep already: wait for it, or stop it first"
            )
        plan.write(folder)
        before = states(plan, folder)
        for name, state in before.items():
            if state.name == "failed":
                (folder / FAILED / f"{name}.json").unlink(missing_ok=True)
            if state.name == "outdated":  # Snakemake need not know why
                (folder / DONE / f"{name}.json").unlink(missing_ok=True)
        with (folder / LOG).open("a") as log:
            process = subprocess.Popen(
                [*_command(folder, cores, profile), *([] if products else ["--until", "run"])],
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
            try:
                expected = _expected(plan, before, cores) if profile is None else None
                _watch(plan, folder, process, before, watcher, expected)
            except (Stopped, KeyboardInterrupt):
                take_time()
                _stop(process)
                raise
        after = states(plan, folder)
    unfinished = [name for name, state in after.items() if state.name not in ("done", "failed")]
    if process.returncode and not any(state.name == "failed" for state in after.values()):
        what = f"{len(unfinished)} runs were not done" if unfinished else "table, figures or report failed"
        raise EquispikeError(f"{what}: {_last_error(folder)} (all of it: {folder / LOG})")
    return after


def _command(folder: Path, cores: int, profile: str | None) -> list[str]:
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(_HERE / "Snakefile"), "--directory", str(folder),
             "--keep-going", "--rerun-incomplete", "--nolock", "--nocolor"]  # fmt: skip
    if profile is None:
        return [*words, "--cores", str(cores), "--quiet", "progress"]
    path = profile_folder(profile)
    words += ["--workflow-profile", str(path)]
    if "executor: slurm" in (path / "config.yaml").read_text() and cluster.accounting_fault():
        words += ["--slurm-status-command", "squeue"]
    return words


def _die_with_parent() -> None:
    """So that a driver that is killed leaves no Snakemake behind, beside which another would be started (Linux alone)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def check_profile(profile: str, resources: Resources) -> None:
    """Raise EquispikeError where there is no such profile, or its cluster has no partition of the name in ``resources``."""
    uses_slurm = "executor: slurm" in (profile_folder(profile) / "config.yaml").read_text()
    if uses_slurm and resources.partition and (there := cluster.partitions()) and resources.partition not in there:
        raise EquispikeError(f"this cluster has no partition {resources.partition}; there are: {', '.join(there)}")


def profile_folder(profile: str) -> Path:
    """The folder of a profile; raises EquispikeError where there is none of that name."""
    for path in (Path(profile).resolve(), _HERE / "profiles" / profile):
        if (path / "config.yaml").is_file():
            if "executor: slurm" in (path / "config.yaml").read_text() and not shutil.which("sbatch"):
                raise EquispikeError(
                    "there is no sbatch here: log in where Slurm jobs are submitted, or omit --profile"
                )
            return path
    names = ", ".join(sorted(each.name for each in (_HERE / "profiles").iterdir()))
    raise EquispikeError(f"{profile} is no profile: name a folder with Snakemake's config.yaml, or one of {names}")


def _expected(plan: Plan, before: dict[str, State], cores: int) -> float | None:
    """Seconds that what is left should take, by what such runs have cost here; None where that is not known of all."""
    from equispike.scripts.workflow.costs import estimate

    costs = [cost for name, cost in estimate(plan).items() if before[name].name != "done"]
    if None in costs:
        return None
    return sum(cost.train_cpu_s + cost.other_cpu_s for cost in costs if cost) / min(cores, max(1, len(costs)))


def _watch(
    plan: Plan, folder: Path, process, before: dict[str, State], watcher: Watcher, expected: float | None
) -> None:
    """Tell of each run that ends, with an estimate of the time that the others take: programs are built before it counts."""
    done = {name for name, state in before.items() if state.name == "done"}
    failed: set[str] = set()
    total, to_do = len(plan.runs), len(plan.runs) - len(done)
    began: float | None = None
    while True:
        going = process.poll() is None
        claims = names(folder / CLAIMS) & plan.runs.keys()
        running = {name for name in claims - done - failed if holder(folder / CLAIMS / name)}
        if began is None and running:
            began = time.monotonic()
        passed = 0.0 if began is None else time.monotonic() - began
        for kind, ended in ((DONE, done), (FAILED, failed)):
            for name in sorted(names(folder / kind) & plan.runs.keys() - done - failed):
                ended.add(name)
                n_left = total - len(done) - len(failed)
                left_s = _left(passed, to_do - n_left, n_left, None)
                number = f"[{total - n_left:>{len(str(total))}}/{total}]"
                left = f"; about {duration(left_s)} left" if left_s else ""
                watcher.say(f"{number} {name} {_outcome(folder, kind, name)}{left}")
                for line in _last_lines(folder, name) if kind == FAILED else ():
                    watcher.say(f"    {line}")
        n_left = total - len(done) - len(failed)
        left_s = _left(passed, to_do - n_left, n_left, expected)
        watcher.update(Standing(total, len(done), len(failed), len(running - done - failed), left_s))
        if not going:
            return
        time.sleep(0.5)


def _left(passed: float, n_ended: int, n_left: int, expected: float | None) -> float | None:
    """Seconds that ``n_left`` runs take: as those that have ended in the time that has passed or, before one has, as expected."""
    if n_ended:
        return passed / n_ended * n_left
    return None if expected is None else max(0.0, expected - passed)


def _last_lines(folder: Path, name: str) -> list[str]:
    """What the log of a run says at its end."""
    try:
        lines = log_of(folder, name).read_text(errors="replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if line.strip()][-N_LAST:]


def log_of(folder: Path, name: str) -> Path:
    """Where the log of a run is."""
    return folder / "logs" / f"{name}.log"


def _outcome(folder: Path, kind: str, name: str) -> str:
    found = read(folder / kind / f"{name}.json")
    if kind == FAILED:
        return f"failed: {found.get('reason', 'unknown')}"
    accuracies = ", ".join(f"{readout} {100 * each:.2f} %" for readout, each in found.get("accuracy", {}).items())
    wall = sum(step["wall_s"] for step in found.get("steps", {}).values())
    return f"done in {duration(wall)}: {accuracies or 'not evaluated'}"


def _stop(process: subprocess.Popen) -> None:
    """Let Snakemake cancel its jobs, and then end it and what it has left surely."""
    for number, seconds in ((signal.SIGINT, 30), (signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)  # while there is one of them
                time.sleep(0.05)
        except ProcessLookupError:
            return


def _last_error(folder: Path) -> str:
    lines = [line.strip() for line in (folder / LOG).read_text().splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["Snakemake said nothing"])[-1][:300]
