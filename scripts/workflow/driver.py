"""Carrying out a plan: Snakemake does the work, this watches and tells."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from equispike.models.errors import EquispikeError
from equispike.protocols.claim import claimed, holder
from equispike.protocols.doctor import cluster
from equispike.scripts.stopping import Stopped, take_time
from equispike.scripts.workflow.files import DONE, FAILED, names, read
from equispike.scripts.workflow.plan import Plan
from equispike.scripts.workflow.status import State, states
from equispike.scripts.workflow.sweep_file import Resources

_HERE = Path(__file__).parent
#: In the folder of a sweep: who drives it, and what Snakemake said.
DRIVER, LOG = "driver", "snakemake.log"


def carry_out(
    plan: Plan, folder: Path, cores: int, profile: str | None, tell: Callable[[str], None], *, products: bool = True
) -> dict[str, State]:
    """Do what is left of a plan; returns the state of every run afterwards.

    Parameters
    ----------
    profile : a folder of Snakemake's settings, or the name of one of those in profiles/; this machine if not given
    tell : called with a line for each run that ends
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
                _watch(plan, folder, process, before, tell)
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


def _watch(plan: Plan, folder: Path, process, before: dict[str, State], tell: Callable[[str], None]) -> None:
    """Tell of each run that ends, with an estimate of the time that the others take."""
    known = {name for name, state in before.items() if state.name == "done"}
    began, ended = time.monotonic(), 0
    total = len(plan.runs)
    while True:
        running = process.poll() is None
        for kind in (DONE, FAILED):
            for name in sorted(names(folder / kind) & plan.runs.keys() - known):
                known.add(name)
                ended += 1
                left = (time.monotonic() - began) / ended * (total - len(known))
                tell(f"[{len(known):>{len(str(total))}}/{total}] {name} {_outcome(folder, kind, name)}"
                     f"{f'; about {duration(left)} left' if len(known) < total else ''}")  # fmt: skip
        if not running:
            return
        time.sleep(0.5)


def _outcome(folder: Path, kind: str, name: str) -> str:
    found = read(folder / kind / f"{name}.json")
    if kind == FAILED:
        return f"failed: {found.get('reason', 'unknown')}"
    accuracies = ", ".join(f"{readout} {100 * each:.2f} %" for readout, each in found.get("accuracy", {}).items())
    wall = sum(step["wall_s"] for step in found.get("steps", {}).values())
    return f"done in {duration(wall)}: {accuracies or 'not evaluated'}"


def duration(seconds: float) -> str:
    """In words, such as 40 s, 12 min or 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


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
