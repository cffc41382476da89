"""What a model's build() returns: Brian2 objects, and the names a backend needs to feed and read them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import BrianObject, EventMonitor, Synapses, TimedArray

from equispike.models.errors import EquispikeError


@dataclass(frozen=True)
class Projection:
    """Synapses that carry weights from one group to another.

    Attributes
    ----------
    synapses : name of the Brian2 Synapses
    operation : ``AC``: a spike adds the weight; ``MAC``: a number is multiplied by it
    weights : state variable that holds the weights, as ``group.variable``; None where it is one constant for all synapses
    shape : of the weights, in the order of the state
    axes : what each axis of ``shape`` is: ``source``, ``target`` from all to all; ``source`` where each source neuron has
        one synapse; ``source maps``, ``rows``, ``columns``, ``target maps`` for kernels shared by all places
    turned : kernels are turned by 180 degrees in the state
    """

    synapses: str
    operation: str
    weights: str | None
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    turned: bool = False


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
    projections : the synapses that carry weights
    bookkeeping : names of Synapses that carry none: they count, compare or pool
    """

    objects: tuple[BrianObject, ...]
    namespace: dict[str, object]
    state: tuple[str, ...]
    inputs: dict[str, TimedArray]
    monitors: dict[str, EventMonitor] = field(default_factory=dict)
    projections: tuple[Projection, ...] = ()
    bookkeeping: tuple[str, ...] = ()

    def check_declared(self) -> None:
        """Raise EquispikeError for Synapses that are declared neither as a projection nor as bookkeeping."""
        declared = {*(each.synapses for each in self.projections), *self.bookkeeping}
        for thing in self.objects:
            if isinstance(thing, Synapses) and thing.name not in declared:
                raise EquispikeError(
                    f"the synapses {thing.name} are declared neither as a projection nor as bookkeeping: build them "
                    "with project(), convolve() or note()"
                )


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
