"""The one builder of networks: groups, synapses that declare their weights, counters, and events at fixed times of a step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2 import (
    DEFAULT_CONSTANTS,
    DEFAULT_FUNCTIONS,
    DEFAULT_UNITS,
    BrianObject,
    Clock,
    Equations,
    EventMonitor,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    Synapses,
    TimedArray,
    linked_var,
    second,
)

from equispike.models.built_network import BuiltNetwork, Projection
from equispike.models.control import stop_when
from equispike.models.errors import EquispikeError
from equispike.models.plasticity.base import Rule

_PLACE = {"y": "i // {row}", "x": "(i // {maps}) % {width}", "map": "i % {maps}"}

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_ALL_TO_ALL = _NOTHING


class Builder:
    """The objects of one network while they are being put together.

    Attributes
    ----------
    own : numbers that the network itself counts with, beside ``constants`` of its parts
    common : namespace and clock, which all objects share
    counters : equations that every group has, of what passes with the time steps
    """

    def __init__(
        self, constants: Mapping[str, Any], dt: Quantity, *, own: Mapping[str, Any] = _NOTHING, counters: str = ""
    ) -> None:
        own = {**own, "stop_when": stop_when}
        for name in constants:
            if name in own or any(name in known for known in (DEFAULT_CONSTANTS, DEFAULT_UNITS, DEFAULT_FUNCTIONS)):
                whose = "the network around it" if name in own else "Brian2"
                raise EquispikeError(
                    f"there is a parameter named {name}, which means something else to {whose}: rename it"
                )
        self.namespace = {key: value for key, value in constants.items() if key != "dt"} | own
        self.common = {"namespace": self.namespace, "clock": Clock(dt, name="step_clock")}
        self.counters = counters
        self.groups: dict[str, NeuronGroup] = {}
        self._objects: list[BrianObject] = []
        self._inputs: dict[str, TimedArray] = {}
        self._state: list[str] = []
        self._monitors: dict[str, EventMonitor] = {}
        self._projections: list[Projection] = []
        self._bookkeeping: list[str] = []

    def built(self) -> BuiltNetwork:
        return BuiltNetwork(
            (*self._objects, *self._monitors.values()),
            self.namespace,
            tuple(self._state),
            self._inputs,
            self._monitors,
            tuple(self._projections),
            tuple(self._bookkeeping),
        )

    def input(self, name: str, shape: tuple[int, int], *, dt: Quantity = second, unit: Quantity | int = 1) -> None:
        """Add an array of ``shape`` that is replaced at each run: its row r is ``name((r + 0.5) * dt, i)``."""
        self._inputs[name] = self.namespace[name] = TimedArray(np.zeros(shape) * unit, dt=dt, name=name)

    def group(
        self, name: str, n: int, model: str = "", *, events: Mapping[str, str] = _NOTHING, **options: Any
    ) -> NeuronGroup:
        # A copy, because Brian2 adds to it.
        self.groups[name] = NeuronGroup(
            n, f"{model}\n{self.counters}", name=name, events=dict(events), **options, **self.common
        )
        for clash in sorted(self.namespace.keys() & self.groups[name].variables.keys()):
            raise EquispikeError(
                f"there is a parameter named {clash}, which is a variable of {name}: rename one of them"
            )
        self._objects.append(self.groups[name])
        return self.groups[name]

    def layer(self, name: str, shape: tuple[int, ...], model: str, **options: Any) -> NeuronGroup:
        """Add a group whose neurons, where ``shape`` is (height, width[, maps]), know their place: ``y``, ``x`` and ``map``."""
        place = list(_PLACE)[: len(shape)] if len(shape) > 1 else []
        positions = "\n".join(f"{name} : integer (constant)" for name in place)
        group = self.group(name, math.prod(shape), f"{model}\n{positions}", **options)
        for axis in place:
            width, maps = shape[1], math.prod(shape[2:])
            setattr(group, axis, _PLACE[axis].format(row=width * maps, width=width, maps=maps))
        return group

    def carry(self, group: NeuronGroup | Synapses, *variables: str) -> None:
        """Make ``variables`` part of the state between runs."""
        self._state += [f"{group.name}.{variable}" for variable in variables]

    def carry_equations(self, group: NeuronGroup, *equations: str) -> None:
        """Make the variables of differential ``equations`` part of the state between runs."""
        for text in equations:
            self.carry(group, *sorted(Equations(text).diff_eq_names))

    @staticmethod
    def at(group: NeuronGroup, event: str, code: str = "", *, when: str, order: int = 1) -> None:
        """Look for a group's ``event`` first of all in a slot of the time step, and run ``code`` at ``order`` in it."""
        group.set_event_schedule(event, when=when, order=0)
        if code.strip():
            group.run_on_event(event, code, when=when, order=order)

    def stop_after(self, name: str) -> None:
        """End a run after as many time steps as the constant ``name`` says."""
        end = self.group("end", 1, events={"reached": f"t_in_timesteps >= {name} - 1"})
        self.at(end, "reached", f"_ = stop_when(t_in_timesteps >= {name} - 1)", when="end", order=2)

    def project(
        self, name: str, source: NeuronGroup, target: NeuronGroup, model: str = "", *, operation: str,
        connect: Mapping[str, str] = _ALL_TO_ALL, **options: Any,
    ) -> Synapses:  # fmt: skip
        """Add synapses that carry weights: a ``w`` of each where ``model`` has one, or one constant.

        With a ``w`` they are all to all, or ``connect`` gives each source neuron one.
        """
        synapses = self._synapses(name, source, target, model, **options)
        synapses.connect(**connect)
        if "w" not in synapses.equations:
            self._declare(Projection(name, operation, None, (), ()))
        elif connect:
            self._declare(Projection(name, operation, f"{name}.w", (len(source),), ("source",)))
        else:
            shape = (len(source), len(target))
            self._declare(Projection(name, operation, f"{name}.w", shape, ("source", "target")))
        return synapses

    def learn(
        self, name: str, source: NeuronGroup, target: NeuronGroup, rule: Rule, *, arrives: str = "",
        on_post: Mapping[str, str] = _NOTHING, on_event: Mapping[str, str] = _NOTHING,
        connect: Mapping[str, str] = _ALL_TO_ALL,
    ) -> Synapses:  # fmt: skip
        """Add synapses that learn by a ``rule``.

        Parameters
        ----------
        arrives : what a spike does to the target, by the weight before the rule changes it
        on_post, on_event : further pathways, and the events of all that do not follow spikes
        """
        on_pre, rewards = f"{arrives}\n{rule.on_pre}".strip(), {"reward": rule.at_reward} if rule.at_reward else {}
        paths = {"post": rule.on_post} | rewards | dict(on_post)
        events = dict.fromkeys(rewards, "rewarded") | dict(on_event)
        method = {"method": "rk4"} if Equations(rule.synapse).diff_eq_names else {}
        synapses = self.project(name, source, target, rule.synapse, operation="AC", connect=connect, on_pre=on_pre or None,
                                on_post=paths, on_event=events, **method)  # fmt: skip
        synapses.post.order = -2  # before pre, whose default is -1
        equations = synapses.equations
        self.carry(
            synapses,
            *sorted(
                each for each in equations.diff_eq_names if each != "w" and "clock-driven" in equations[each].flags
            ),
        )
        return synapses

    def convolve(
        self, name: str, source: NeuronGroup, target: NeuronGroup, before: tuple[int, ...], after: tuple[int, ...],
        size: int, *, operation: str, stride: int = 1, padding: int = 0, **options: Any,
    ) -> Synapses:  # fmt: skip
        """Add synapses between layers of shapes ``before`` and ``after`` that take weights from ``size`` x ``size`` kernels."""
        maps = after[2]
        shape, kernels = (before[2], size, size, maps), f"{target.name}_kernels"
        self.groups[kernels] = NeuronGroup(math.prod(shape), "w : 1", name=kernels, **self.common)
        self._objects.append(self.groups[kernels])
        model = "kernel : integer (constant)\nw : 1 (linked)"
        synapses = self._synapses(name, source, target, model, **options)
        axes = ("source maps", "rows", "columns", "target maps")
        self._declare(Projection(name, operation, f"{kernels}.w", shape, axes, turned=True))
        y, x, n, inside = _windows(after, size, stride, padding, maps)
        synapses.connect(j=f"({y} * {after[1]} + {x}) * {maps} + k % {maps} for k in range({n * n * maps}) if {inside}")
        # Neighbouring synapses reach neighbouring neurons through neighbouring weights, as kernels are turned by 180 degrees.
        row, column = (f"({axis}_post * {stride} - {axis}_pre - {padding - size + 1})" for axis in ("y", "x"))
        synapses.kernel = f"((map_pre * {size} + {row}) * {size} + {column}) * {maps} + map_post"
        synapses.w = linked_var(self.groups[kernels], "w", index="kernel")
        return synapses

    def pool(
        self, name: str, source: NeuronGroup, target: NeuronGroup, after: tuple[int, ...], size: int, stride: int,
        **options: Any,
    ) -> Synapses:  # fmt: skip
        """Add bookkeeping from ``size`` x ``size`` windows to neurons of the same map in a layer of shape ``after``."""
        y, x, n, inside = _windows(after, size, stride, 0, 1)
        j = f"({y} * {after[1]} + {x}) * {after[2]} + map_pre for k in range({n * n}) if {inside}"
        return self.note(name, source, target, j=j, **options)

    def note(
        self, name: str, source: NeuronGroup, target: NeuronGroup, *, j: str | None = None, **options: Any
    ) -> Synapses:
        """Add bookkeeping: synapses without weights, that count, compare or pool."""
        self._bookkeeping.append(name)
        synapses = self._synapses(name, source, target, "", **options)
        synapses.connect(j=j)
        return synapses

    def _declare(self, projection: Projection) -> None:
        self._projections.append(projection)
        if projection.weights:
            self._state.append(projection.weights)

    def _synapses(self, name: str, source: NeuronGroup, target: NeuronGroup, model: str, **options: Any) -> Synapses:
        synapses = Synapses(source, target, model, name=name, **options, **self.common)
        self._objects.append(synapses)
        return synapses

    def monitor(
        self, name: str, group: NeuronGroup, event: str, variables: Sequence[str] = (), *, order: int | None = None,
        when: str = "end",
    ) -> None:  # fmt: skip
        """Record the ``event`` of a group, with the values of ``variables``."""
        options = {} if order is None else {"order": order}
        monitor = EventMonitor(group, event, variables=list(variables), name=name, when=when, **options)
        self._monitors[name] = monitor

    def record_spikes(self, group: NeuronGroup, name: str = "") -> None:
        """Record the spikes of a group, in a monitor such as ``exc_spikes``."""
        name = name or f"{group.name}_spikes"
        self._monitors[name] = SpikeMonitor(group, name=name)


def _windows(after: tuple[int, ...], size: int, stride: int, padding: int, maps: int) -> tuple[str, str, int, str]:
    """Of the windows over a neuron: rows and columns by k, how many there may be on a side, and which are inside."""
    # The first starts size - 1 before the neuron; size * stride is added and taken off so that nothing negative is divided.
    n = -(-size // stride)
    y, x = (
        f"(({axis}_pre + {padding - size + 1} + {stride - 1} + {size * stride}) // {stride} - {size} + {offset})"
        for axis, offset in (("y", f"k // {n * maps}"), ("x", f"(k // {maps}) % {n}"))
    )
    inside = " and ".join(
        f"{place} >= 0 and {place} < {length} and {place} * {stride} <= {axis}_pre + {padding}"
        for place, length, axis in ((y, after[0], "y"), (x, after[1], "x"))
    )
    return y, x, n, inside
