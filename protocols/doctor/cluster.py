"""Slurm: its commands, whether the controller answers, and whether accounting does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from equispike.protocols.doctor.asking import ask
from equispike.protocols.doctor.findings import Finding

SECONDS = 10.0
"""How long Slurm may take for an answer."""

_COMMANDS = ("sbatch", "squeue", "sinfo")


def slurm() -> Iterator[Finding]:
    """What a sweep on a cluster needs; nothing of it where there is no Slurm."""
    there = [name for name in _COMMANDS if shutil.which(name)]
    if not there:
        yield Finding("Slurm", "not needed", "none here: sweeps use the cores of this machine")
        return
    for name in _COMMANDS:
        if name not in there:
            yield Finding(name, "missing", to_do="module load slurm, or apt-get install slurm-client")
        elif name != "sinfo":
            yield Finding(name, "ok", str(shutil.which(name)))
    controller = _controller()
    if "sinfo" in there:
        yield controller
    yield _accounting(controller)


def _controller() -> Finding:
    answer = ask("sinfo", "-h", seconds=SECONDS)
    if answer.fault:
        to_do = "scontrol ping; until the controller answers, sweeps can only use the cores of this machine"
        return Finding("sinfo", "broken", answer.fault, to_do)
    partitions = _partitions(answer.out)
    if not partitions:
        return Finding("sinfo", "broken", "answers, but names no partition", "ask the cluster's administrators for one")
    return Finding("sinfo", "ok", f"partitions: {', '.join(partitions)}")


def partitions() -> list[str]:
    """Names of the partitions that sinfo tells; none where it does not answer."""
    answer = ask("sinfo", "-h", seconds=SECONDS)
    return [] if answer.fault else _partitions(answer.out)


def _partitions(told: str) -> list[str]:
    return list(dict.fromkeys(line.split()[0].rstrip("*") for line in told.splitlines() if line.strip()))


def _accounting(controller: Finding) -> Finding:
    to_do = "nothing: the sweep falls back to squeue" if controller.state == "ok" else "as for sinfo"
    if shutil.which("sacct") is None:
        return Finding("sacct", "missing", to_do=to_do)
    fault = accounting_fault()
    return Finding("sacct", "broken", fault, to_do) if fault else Finding("sacct", "ok", "accounting works")


def accounting_fault() -> str | None:
    """Why sacct does not answer; where it does not, Snakemake must ask squeue or never hears of failed jobs."""
    return ask("sacct", "-n", "-X", "--format=JobID", seconds=SECONDS).fault
