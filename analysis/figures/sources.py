"""What figures need from a run folder, and what is said where it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from matplotlib.figure import Figure

from equispike.models.errors import EquispikeError
from equispike.protocols.derived import WEIGHTS, why_void
from equispike.protocols.evaluations import SPLITS, Kept, chosen, why_none
from equispike.protocols.learned import kept_arrays
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

#: The name of a figure and how to make it of a run; raises EquispikeError where something is missing.
type Source = tuple[str, Callable[[RunFolder], Figure]]


def need(run: RunFolder, name: str, why: str) -> None:
    """Raise EquispikeError where the run has no file ``name``."""
    if not run.has(name):
        raise EquispikeError(f"{run.path} has no {name}, {why}")


def arrays(run: RunFolder) -> dict[str, np.ndarray]:
    """Return what training left; raises EquispikeError where it has not ended."""
    return run.trained_arrays()


def activity(run: RunFolder, groups: Iterable[str] = ()) -> dict[str, np.ndarray]:
    """Return what protocols.activity kept; raises EquispikeError where it has kept nothing, or nothing of ``groups``."""
    need(run, "activity.npz", "no spikes were recorded for it")
    if reason := why_void(run, "activity.npz"):
        raise EquispikeError(reason)
    found = run.read_arrays("activity.npz")
    if missing := [f"{group}{ending}" for group in groups for ending in (".counts", ".per_step")
                   if f"{group}{ending}" not in found]:  # fmt: skip
        raise run.damaged("activity.npz", f"it has no array {missing[0]}")
    found.pop(WEIGHTS, None)
    return found


def evaluations(run: RunFolder) -> dict[str, Kept]:
    """Return the evaluation that stands for the run on each split, where there is one."""
    found = {split: chosen(run, split) for split in SPLITS}
    return {split: each for split, each in found.items() if each is not None}


def evaluation(run: RunFolder, split: str) -> Kept:
    """Return the evaluation that stands for the run on a split; raises EquispikeError where there is none."""
    if (found := chosen(run, split)) is None:
        raise EquispikeError(f"{run.path}: {why_none(run, split)}")
    return found


def learned(run: RunFolder, readout: str) -> dict[str, np.ndarray]:
    """Return what a readout has learned of the weights as they are now; nothing before an evaluation."""
    return kept_arrays(run, TrainingSpec.of_run(run).procedure(), readout)
