"""What figures need from a run folder, and what is said where it is missing."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from equispike.models.errors import EquispikeError
from equispike.protocols.run_folder import RunFolder

SPLITS = ("test", "validation")

#: The name of a figure and how to make it of a run; raises EquispikeError where something is missing.
type Source = tuple[str, Callable[[RunFolder], Figure]]


def need(run: RunFolder, name: str, why: str) -> None:
    """Raise EquispikeError where the run has no file ``name``."""
    if not run.has(name):
        raise EquispikeError(f"{run.path} has no {name}, {why}")


def evaluated(run: RunFolder) -> list[str]:
    """The splits that the run was evaluated on; may be none."""
    return [split for split in SPLITS if run.has(f"evaluation-{split}.npz")]
