"""A network as Brian2GeNN can take it, in plain data: written in one environment, read in another.

A time step of GeNN's is one piece: neurons integrate, spike and are reset, then their spikes reach the synapses. All else
happens in blocks, between two time steps. A block belongs to a group or to synapses and does not see the variables of
others; what crosses lies on shelves, arrays of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

#: A number or an array element in SI units, and its unit as equations write it.
type Measure = tuple[float, str]


@dataclass(frozen=True)
class Group:
    """Neurons; ``update`` is the code of the state update that Brian2 made from the equations."""

    name: str
    n: int
    equations: str
    threshold: str | None
    reset: str | None
    refractory: str | bool
    update: str


@dataclass(frozen=True)
class Connections:
    """Synapses, whose spikes arrive after ``delay`` (s)."""

    name: str
    source: str
    target: str
    equations: str
    on_pre: str
    on_post: str
    delay: float


@dataclass(frozen=True)
class Block:
    """Statements of ``owner`` that run before every ``every``-th time step; ``ends``: they end the step before it."""

    owner: str
    code: str
    every: int
    ends: bool


@dataclass(frozen=True)
class Shelf:
    """An array of ``n`` elements that all blocks reach: ``put_NAME(i, x)``, ``add_NAME(when, i, x)`` and ``at_NAME(i)``."""

    name: str
    n: int
    unit: str


@dataclass
class Plan:
    """What is built.

    Attributes
    ----------
    dt : time step (s)
    post_first : postsynaptic plasticity comes before presynaptic in a time step
    blocks : in the order in which they run
    recorders : by name the units of what is noted beside index and time; ``record_NAME(when, i, t, ...)`` notes a row
    constants : compiled in
    numbers : read by blocks when the program starts: ``number_NAME(0)``
    inputs : by name the shape, the time step (s) and the unit of a TimedArray
    spike_monitors : by name the group
    state : variables carried from one run to the next, as ``group.variable``
    arrays : ``synapses.i``, ``synapses.j``, and what variables start from, as ``group.variable``
    """

    dt: float
    post_first: bool = False
    groups: list[Group] = field(default_factory=list)
    connections: list[Connections] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    shelves: list[Shelf] = field(default_factory=list)
    recorders: dict[str, dict[str, str]] = field(default_factory=dict)
    constants: dict[str, Measure] = field(default_factory=dict)
    numbers: dict[str, Measure] = field(default_factory=dict)
    inputs: dict[str, tuple[tuple[int, ...], float, str]] = field(default_factory=dict)
    spike_monitors: dict[str, str] = field(default_factory=dict)
    state: tuple[str, ...] = ()
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def text(self) -> str:
        """All but the arrays, as JSON."""
        return json.dumps({name: value for name, value in vars(self).items() if name != "arrays"}, default=vars)

    def write(self, folder: Path) -> None:
        (folder / "plan.json").write_text(self.text())
        np.savez(folder / "plan.npz", **self.arrays)  # type: ignore[arg-type]

    @classmethod
    def read(cls, folder: Path) -> Plan:
        plan = cls(**json.loads((folder / "plan.json").read_text()))
        plan.groups = [Group(**each) for each in plan.groups]  # type: ignore[arg-type]
        plan.connections = [Connections(**each) for each in plan.connections]  # type: ignore[arg-type]
        plan.blocks = [Block(**each) for each in plan.blocks]  # type: ignore[arg-type]
        plan.shelves = [Shelf(**each) for each in plan.shelves]  # type: ignore[arg-type]
        with np.load(folder / "plan.npz") as arrays:
            plan.arrays = dict(arrays)
        return plan
