"""What figures need from a run folder, and what is said where it is missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
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


def arrays(run: RunFolder) -> dict[str, np.ndarray]:
    """Return what training left; raises EquispikeError where it has not ended."""
    need(run, "arrays.npz", "it is not fully trained")
    return run.read_arrays("arrays.npz")


def activity(run: RunFolder) -> dict[str, np.ndarray]:
    """Return what protocols.activity kept; raises EquispikeError where it has kept nothing."""
    need(run, "activity.npz", "no spikes were recorded for it")
    return run.read_arrays("activity.npz")


def evaluated(run: RunFolder) -> list[str]:
    """Return the splits that the run was evaluated on; may be none."""
    return [split for split in SPLITS if run.has(f"evaluation-{split}.npz")]
