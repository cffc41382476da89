"""What a model's build() returns: Brian2 objects, and the names a backend needs to feed and read them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import BrianObject, EventMonitor, TimedArray


@dataclass(frozen=True)
class BuiltNetwork:
    """A network that has been described but not run.

    Attributes
    ----------
    objects : every Brian2 object of the network
    namespace : the one namespace all objects share; its numbers can be replaced at each run
    state : variables carried from one run to the next, as ``group.variable``
    inputs : arrays that are replaced at each run, of unchanging shape
    monitors : what a run records; each contributes its event indices, times and variables
    """

    objects: tuple[BrianObject, ...]
    namespace: dict[str, object]
    state: tuple[str, ...]
    inputs: dict[str, TimedArray]
    monitors: dict[str, EventMonitor] = field(default_factory=dict)


@dataclass(frozen=True)
class RunResult:
    """Outcome of one run.

    Attributes
    ----------
    state : the variables of :attr:`BuiltNetwork.state`, one-dimensional, SI units
    records : for each monitor a dict of equally long arrays: ``i`` (index), ``t`` (s) and its variables (SI units)
    """

    state: dict[str, np.ndarray]
    records: dict[str, dict[str, np.ndarray]]
