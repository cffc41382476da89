"""What has become of the runs of a sweep, told by its files alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equispike.protocols.claim import holder
from equispike.scripts.workflow.files import CLAIMS, DONE, FAILED, STEPS, names, read
from equispike.scripts.workflow.plan import Plan

#: In the order of interest.
STATES = ("failed", "running", "interrupted", "outdated", "missing", "done")


@dataclass(frozen=True)
class State:
    """One of STATES; ``reason`` where it failed, ``marker`` where it is done.

    Outdated: done, but with other settings or code, or its folder is gone.
    """

    name: str
    reason: str = ""
    marker: dict[str, Any] | None = None


def states(plan: Plan, folder: Path) -> dict[str, State]:
    """The state of every run."""
    present = {kind: names(folder / kind) for kind in (DONE, FAILED, CLAIMS, STEPS)}
    return {name: _state(plan, folder, name, present) for name in plan.runs}


def _state(plan: Plan, folder: Path, name: str, present: dict[str, set[str]]) -> State:
    if name in present[CLAIMS] and holder(folder / CLAIMS / name):
        return State("running")
    marker = read(folder / DONE / f"{name}.json") if name in present[DONE] else {}
    whole = marker.get("key") == plan.runs[name].key and (folder / plan.runs[name].folder / "run.json").exists()
    if whole:
        return State("done", marker=marker)
    if name in present[FAILED]:
        return State("failed", read(folder / FAILED / f"{name}.json").get("reason", "unknown"))
    if marker:
        return State("outdated")
    if name in present[STEPS]:
        return State("interrupted", "killed before it could say why")
    return State("missing")


def count(found: dict[str, State]) -> str:
    """How many runs are in each state, in words."""
    numbers = Counter(state.name for state in found.values())
    return ", ".join(f"{numbers[name]} {name}" for name in reversed(STATES) if numbers[name])
