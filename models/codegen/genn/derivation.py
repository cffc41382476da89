"""From a network's ordinary Brian2 objects to what Brian2GeNN can take.

GeNN has groups, synapses and spikes. What else a network has runs between two time steps, in blocks: custom events and what
follows them, ``run_regularly``, linked variables (copies that are made again when their source changed), monitors of
events. An event that comes once in so many time steps is looked for then only. Spikes read what the resets of their own
time step have not changed yet: GeNN resets first, so that neurons keep what the variables were before.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from brian2 import EventMonitor, NetworkOperation, NeuronGroup, SpikeMonitor, Synapses, TimedArray, get_dimensions
from brian2.core.variables import ArrayVariable, Subexpression, Variable
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import Resetter, Thresholder
from brian2.synapses.synapses import SynapticPathway

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen.constants import Number, numbers_of
from equispike.models.codegen.features import refusal
from equispike.models.codegen.genn import schedule
from equispike.models.codegen.genn.plan import Block, Connections, Group, Plan, Shelf
from equispike.models.codegen.genn.statements import (
    assignments,
    calls_of,
    calls_replaced,
    names_in,
    parsed,
    renamed,
)
from equispike.models.control import stop_when
from equispike.models.errors import EquispikeError
from equispike.models.units import unit_text

_RARELY = 10_000  # time steps after which what does not change is copied again
_OTHERWISE = "use --backend cpp"
#: Functions that GeNN's code has; :mod:`models.codegen.genn.generate` adds the last ones.
_FUNCTIONS = {
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "exp", "log", "log10", "sqrt"),
    *("ceil", "floor", "abs", "rand", "randn", "sign", "timestep", "clip", "int", "log1p", "expm1", "exprel"),
}


@dataclass(frozen=True)
class _Piece:
    """Something that happens outside of a spiking time step, at its place among others."""

    when: str
    order: int
    name: str
    blocks: Callable[[bool], None]

    @property
    def ends(self) -> bool:
        return schedule.is_after(self.when)


def derive(network: BuiltNetwork, changed: Mapping[str, Number] | None = None) -> Plan:
    """Plan of a network that has been described (:func:`models.codegen.runtime.described`), with some numbers ``changed``.

    Raises
    ------
    EquispikeError
        One sentence about what GeNN cannot do.
    """
    for thing in network.objects:
        if type(thing) not in (NeuronGroup, Synapses, EventMonitor, SpikeMonitor, NetworkOperation):
            raise EquispikeError(
                f"{thing.name} is a {type(thing).__name__}, which is not derived for GeNN: {_OTHERWISE}"
            )
        if isinstance(thing, Synapses) and not {thing.source, thing.target} <= {*network.objects}:
            raise EquispikeError(f"{thing.name} connects parts of groups, which are not derived for GeNN: {_OTHERWISE}")
        if isinstance(thing, NeuronGroup | Synapses) and thing.namespace is not network.namespace:
            raise EquispikeError(f"{thing.name} has a namespace of its own, and GeNN's network has one: {_OTHERWISE}")
    if reason := refusal("genn", network.objects):
        raise EquispikeError(reason)
    return _Derivation(network, {**numbers_of(network.namespace), **(changed or {})}).plan


class _Derivation:
    def __init__(self, network: BuiltNetwork, numbers: Mapping[str, Number]) -> None:
        self._network, self._numbers = network, numbers
        self._timed = {name for name, value in network.namespace.items() if isinstance(value, TimedArray)}
        self._groups = {each.name: each for each in network.objects if isinstance(each, NeuronGroup)}
        # Brian2GeNN makes code of synapses that are not there, and GeNN none of it.
        self._synapses = [each for each in network.objects if isinstance(each, Synapses) and len(each)]
        self._more_equations: dict[str, list[str]] = defaultdict(list)
        self._more_resets: dict[str, list[str]] = defaultdict(list)
        self._seen: dict[str, set[str]] = defaultdict(set)
        self._read: dict[str, set[str]] = defaultdict(set)
        self._arriving: dict[str, set[str]] = defaultdict(set)
        self._spiking_code: list[str] = []
        self._scheduling: set[str] = set()
        self._hoisted: dict[tuple[str, str], str] = {}
        self._pieces: list[_Piece] = []
        self._awaited = self._awaited_events()
        self._followers = self._followers_of_sources()
        self.plan = Plan(dt=float(next(iter(self._groups.values())).clock.dt), state=network.state)
        self._derive()

    def _derive(self) -> None:
        for synapses in self._synapses:
            self._add_connections(synapses)
        for group in self._groups.values():
            self._add_group(group)
        for monitor in (each for each in self._network.objects if isinstance(each, EventMonitor)):
            self._add_monitor(monitor)
        for source in self._followers:
            self._check_source(*source)
        self._add_blocks()
        self.plan.groups = [self._finished(each) for each in self.plan.groups]
        self._check_resets()
        self._add_numbers()
        read = set().union(*(names_in(block.code) for block in self.plan.blocks))
        for name, array in self._network.inputs.items():
            if name not in read:
                raise EquispikeError(
                    f"nothing in the course of a run reads {name}, and GeNN builds delays before one: {_OTHERWISE}"
                )
            self.plan.inputs[name] = (array.values.shape, float(array.dt), unit_text(array.dim))

    # Synapses

    def _add_connections(self, synapses: Synapses) -> None:
        code = {"pre": "", "post": ""}
        delay, order = 0.0, {}
        for part in synapses.contained_objects:
            if isinstance(part, SynapticPathway):
                late = _delay(part)
                if part.event == "spike":
                    if part.when != "synapses":
                        raise EquispikeError(_middle(part.name))
                    code[part.prepost] = self._spike_code(synapses, part)
                    order[part.prepost] = part.order
                    delay = late if part.prepost == "pre" else delay
                if late and (part.event != "spike" or part.prepost == "post"):
                    raise EquispikeError(
                        f"{part.name} has a delay, which GeNN has of presynaptic spikes alone: {_OTHERWISE}"
                    )
                if part.event != "spike":
                    self._add_pathway(synapses, part)
            elif type(part) is CodeRunner:
                self._add_regular(synapses, part)
        if all(code.values()):
            self.plan.post_first = order["post"] < order["pre"]
        for each in synapses.equations.values():
            if each.var_type == "boolean" or (each.var_type == "integer" and "constant" not in each.flags):
                raise EquispikeError(
                    f"{each.varname} of {synapses.name} is no floating-point number, as what synapses keep in Brian2GeNN is: "
                    f"{_OTHERWISE}"
                )
        equations = "\n".join(
            f"{each.varname} : {unit_text(each.dim)}{_flags(each)}" for each in synapses.equations.values()
        )
        self.plan.connections.append(
            Connections(
                synapses.name, synapses.source.name, synapses.target.name, equations, code["pre"], code["post"], delay
            )
        )
        i, j = (np.array(getattr(synapses, each)[:]) for each in "ij")  # copies: Brian2 frees its own
        if len(np.unique(i.astype(np.int64) * len(synapses.target) + j)) < len(i):
            raise EquispikeError(
                f"{synapses.name} has several synapses between two neurons, and GeNN one: {_OTHERWISE}"
            )
        self.plan.arrays |= {f"{synapses.name}.i": i, f"{synapses.name}.j": j}
        self._keep_values(synapses)

    def _spike_code(self, synapses: Synapses, pathway: SynapticPathway) -> str:
        lines = []
        for name, sign, value in assignments(pathway.code) if pathway.code.strip() else ():
            value = renamed(value, lambda each: self._as_spikes_read(synapses, each))
            there = self._neuron_variable(synapses, name)
            if there is None:
                lines.append(f"{name} {sign}= {value}")
                continue
            group, variable, side = there
            if sign not in ("+", "-") or side != "post" or pathway.prepost != "pre":
                raise EquispikeError(
                    f"{pathway.name} changes {variable} of {group.name}, to which GeNN's spikes can add alone: {_OTHERWISE}"
                )
            self._arriving[group.name].add(variable)
            lines.append(f"{variable}_post += {value if sign == '+' else f'-({value})'}")
        code = "\n".join(lines)
        self._note(pathway.name, code)
        return code

    def _as_spikes_read(self, synapses: Synapses, name: str) -> str | None:
        """What spikes read: the neurons' variables as they were before the neurons were reset."""
        if name in ("t_in_timesteps", *self._timed):
            raise EquispikeError(f"spikes at {synapses.name} read {name}, which GeNN's synapses cannot: {_OTHERWISE}")
        there = self._neuron_variable(synapses, name)
        if there is None:
            return None
        group, variable, side = there
        if side == "pre" and any(_delay(each) for each in synapses._pathways if each.event == "spike"):
            raise EquispikeError(
                f"{synapses.name} has a delay and reads {variable} of its presynaptic neurons, which GeNN would give it as "
                f"late as their spikes: {_OTHERWISE}"
            )
        self._read[group.name].add(variable)
        if variable not in _assigned(group.event_codes.get("spike")):
            return f"{variable}_{side}"
        self._seen[group.name].add(variable)
        return f"genn_seen_{variable}_{side}"

    def _neuron_variable(self, synapses: Synapses, name: str) -> tuple[NeuronGroup, str, str] | None:
        """Group, name and side (``pre``, ``post``) of a neurons' variable that synapses call ``name``."""
        variable = synapses.variables.get(name)
        if (
            not isinstance(variable, Variable)
            or variable.owner is None
            or name in ("t", "dt", "t_in_timesteps", "i", "j")
        ):
            return None
        owner = variable.owner.name
        if owner == synapses.name or name in synapses.equations:
            if isinstance(variable, Subexpression):
                raise EquispikeError(f"{synapses.name} reads its expression {name}, and GeNN's have none: {_OTHERWISE}")
            return None
        side = {"_presynaptic_idx": "pre", "_postsynaptic_idx": "post"}.get(synapses.variables.indices[name], "")
        group = synapses.source if side == "pre" else synapses.target
        if not side or owner != group.name or isinstance(variable, Subexpression):
            raise EquispikeError(f"{synapses.name} reads {name}, which is no variable of its own neurons: {_OTHERWISE}")
        return self._groups[owner], variable.name, side

    def _add_pathway(self, synapses: Synapses, pathway: SynapticPathway) -> None:
        index, group = "ij"[pathway.prepost == "post"], self._groups[pathway.source.name]
        flag = _happened(pathway.event)

        self._after(pathway, group, pathway.event)

        def add(ends: bool) -> None:
            shelf = self._shelf(group.name, flag, "1")
            every = self._every(group, group.events[pathway.event], ends)
            self._block(group.name, f"_ = put_{shelf}(i, {flag})", every, ends)
            self._synaptic_blocks(synapses, pathway.code, f"at_{shelf}({index}) > 0.5", every, ends)

        self._place(pathway, add)

    def _synaptic_blocks(self, synapses: Synapses, code: str, flag: str | None, every: int, ends: bool) -> None:
        """Blocks of what happens at synapses, between those that lay out what it reads and take what it wrote."""
        lines: list[str] = []
        laid: set[tuple[str, str]] = set()
        found: dict[str, str] = {}
        taken: dict[str, str] = {}

        def shelf(group: NeuronGroup, variable: str) -> str:
            laid.add((group.name, variable))
            return self._shelf(group.name, variable, unit_text(group.variables[variable].dim))

        def read(name: str) -> str | None:
            if there := self._neuron_variable(synapses, name):
                group, variable, side = there
                found[f"genn_{variable}_{side}"] = f"at_{shelf(group, variable)}({'ij'[side == 'post']})"
                return f"genn_{variable}_{side}"
            return schedule.at(name, ends)

        for name, sign, value in assignments(code):
            value = renamed(value, read)
            if there := self._neuron_variable(synapses, name):
                group, variable, side = there
                if sign not in ("+", "-"):
                    raise EquispikeError(
                        f"{synapses.name} sets {variable} of {group.name}, to which synapses can add alone in GeNN: {_OTHERWISE}"
                    )
                added = f"add_{shelf(group, variable)}({flag or 'True'}, {'ij'[side == 'post']}, {sign}({value}))"
                lines.append(f"_ = {added}")
                taken[variable] = group.name
            elif name in synapses.variables:
                lines.append(_set(name, sign, value, flag))
            else:
                lines.append(f"{name} {sign}= {value}")
        for group, variable in sorted(laid):
            self._block(group, f"_ = put_{group}__{variable}(i, {variable})", every, ends)
        lines = [*(f"{name} = {value}" for name, value in found.items()), *lines]
        self._block(synapses.name, "\n".join(lines), every, ends)
        for variable, group in taken.items():
            self._block(group, f"{variable} = at_{group}__{variable}(i)", every, ends)
            if (group, variable) in self._followers:
                self._lay_out(group, variable, every, ends)
                self._copy(group, variable, every, ends)

    # Groups

    def _add_group(self, group: NeuronGroup) -> None:
        for part in group.contained_objects:
            if isinstance(part, Thresholder | Resetter):
                if part.event != "spike":
                    if (group.name, part.event) in self._awaited:
                        self._add_event_part(group, part)
                elif part.when != ("thresholds" if isinstance(part, Thresholder) else "resets"):
                    raise EquispikeError(_middle(part.name))
            elif type(part) is CodeRunner:
                self._add_regular(group, part)
        lines = []
        for each in group.user_equations.values():
            if each.type == "differential equation":
                lines.append(
                    f"d{each.varname}/dt = {self._spiking(group, str(each.expr))} : {_kind(each)}{_flags(each)}"
                )
            elif each.type == "subexpression":
                lines.append(f"{each.varname} = {self._spiking(group, str(each.expr))} : {_kind(each)}{_flags(each)}")
            else:
                lines.append(f"{each.varname} : {_kind(each)}{_flags(each)}")
        update = str(group.state_updater.abstract_code).strip().split("\n")
        if group._refractory is not False:
            del update[0]  # Brian2 writes it again
        threshold, refractory = group.events.get("spike"), group._refractory
        self.plan.groups.append(
            Group(
                group.name,
                len(group),
                "\n".join(lines),
                None if threshold is None else self._spiking(group, threshold),
                self._spiking_statements(group, group.event_codes.get("spike")),
                refractory if isinstance(refractory, bool | str) else f"{float(refractory)!r} * second",
                self._spiking_statements(group, "\n".join(update)) or "",
            )
        )
        self._keep_values(group)

    def _finished(self, group: Group) -> Group:
        """The group with what others asked of it."""
        seen, source = sorted(self._seen[group.name]), self._groups[group.name]
        integrated = bool(source.equations.diff_eq_names)
        equations = [group.equations, *self._more_equations[group.name]]
        for name in seen:
            unit = unit_text(source.variables[name].dim)
            # Where nothing is integrated it is what it was when the time step began.
            equations.append(
                f"genn_seen_{name} : {unit}" if integrated else f"genn_seen_{name} = {name} : {unit} (constant over dt)"
            )
        update = [group.update, *(f"genn_seen_{name} = {name}" for name in seen)]
        reset = group.reset
        if self._more_resets[group.name]:
            reset = "\n".join([reset or "", *self._more_resets[group.name]])
        return replace(group, equations="\n".join(equations), reset=reset, update="\n".join(update))

    def _spiking(self, group: NeuronGroup, expression: str) -> str:
        """An expression of what GeNN does in a time step."""
        for name in sorted(self._timed & names_in(expression)):
            expression = calls_replaced(expression, name, lambda call: self._hoist(group, call))
        expression = renamed(expression, lambda each: schedule.STEP[False] if each == "t_in_timesteps" else None)
        self._note(group.name, expression)
        return expression

    def _spiking_statements(self, group: NeuronGroup, code: str | None) -> str | None:
        if code is None or not code.strip():
            return code
        return "\n".join(f"{name} {sign}= {self._spiking(group, value)}" for name, sign, value in assignments(code))

    def _hoist(self, group: NeuronGroup, call: str) -> str:
        """A variable that is set before each time step to what a TimedArray will say in it."""
        call = self._whole(group, call)
        if (group.name, call) not in self._hoisted:
            function = parsed(call).func.id  # type: ignore[attr-defined]
            for name in names_in(call):
                if name in group.equations and not self._is_still(group, name):
                    raise EquispikeError(
                        f"{group.name} looks up {function} by {name}, which GeNN changes first: {_OTHERWISE}"
                    )
            name = self._hoisted[group.name, call] = f"genn_now_{len(self._hoisted)}"
            self._more_equations[group.name].append(f"{name} : {unit_text(self._network.namespace[function].dim)}")  # type: ignore[attr-defined]
        return self._hoisted[group.name, call]

    def _is_still(self, group: NeuronGroup, variable: str) -> bool:
        """Whether neither equations nor spikes change a variable."""
        return not (
            variable in group.equations.diff_eq_names
            or variable in _assigned(group.event_codes.get("spike"))
            or variable in self._arriving[group.name]
        )

    def _check_resets(self) -> None:
        """Spikes arrive before the resets of their time step in Brian2, after them in GeNN."""
        for group in self._groups.values():
            arriving = self._arriving[group.name]
            for name, sign, value in assignments(group.event_codes.get("spike") or ""):
                both = ({name} if sign not in ("+", "-") else set()) & arriving | names_in(
                    self._whole(group, value)
                ) & arriving
                if both:
                    raise EquispikeError(
                        f"the reset of {group.name} depends on {sorted(both)[0]} or sets it, and spikes of the same time step "
                        f"change it; GeNN resets before they arrive: {_OTHERWISE}"
                    )
            if clash := self._read[group.name] & arriving:
                raise EquispikeError(
                    f"spikes change {sorted(clash)[0]} of {group.name} and read it in the same time step, in which GeNN's "
                    f"spikes do not see each other: {_OTHERWISE}"
                )

    def _keep_values(self, thing: NeuronGroup | Synapses) -> None:
        """What variables start from."""
        equations = thing.user_equations if isinstance(thing, NeuronGroup) else thing.equations
        for name, equation in equations.items():
            variable = thing.variables[name]
            if (
                equation.type == "subexpression"
                or "linked" in equation.flags
                or not isinstance(variable, ArrayVariable)
            ):
                continue
            values = np.array(variable.get_value())
            if values.any() or f"{thing.name}.{name}" in self._network.state:
                self.plan.arrays[f"{thing.name}.{name}"] = values

    # What happens between time steps

    def _awaited_events(self) -> set[tuple[str, str]]:
        """Events, by group and name, that something follows."""
        followed = {(group.name, event) for group in self._groups.values() for event in group.event_codes}
        for thing in self._network.objects:
            if isinstance(thing, EventMonitor):
                followed.add((thing.source.name, thing.event))
            for part in thing.contained_objects:
                if isinstance(part, SynapticPathway):
                    followed.add((part.source.name, part.event))
        return followed

    def _after(self, part: CodeRunner | EventMonitor, group: NeuronGroup, event: str) -> None:
        """Check that something follows an event between the same two time steps in which it is looked for."""
        look = group.thresholder[event]
        before = schedule.place(part.when, part.order, part.name) < schedule.place(look.when, look.order, look.name)
        if before or schedule.is_after(part.when) != schedule.is_after(look.when):
            raise EquispikeError(
                f"{part.name} waits for {event} of {group.name} until the next time step, which GeNN cannot: {_OTHERWISE}"
            )

    def _place(self, part: CodeRunner | EventMonitor, blocks: Callable[[bool], None]) -> None:
        if not schedule.is_between(part.when):
            raise EquispikeError(_middle(part.name))
        self._pieces.append(_Piece(part.when, part.order, part.name, blocks))

    def _add_event_part(self, group: NeuronGroup, part: Thresholder | Resetter) -> None:
        event, flag = part.event, _happened(part.event)
        if isinstance(part, Thresholder):
            self._more_equations[group.name].append(f"{flag} : 1")
        else:
            self._after(part, group, event)

        def look(ends: bool) -> None:
            condition = self._between(group, group.events[event], ends)
            guard = f" and {schedule.NOT_FIRST}" if ends else ""
            every = self._every(group, group.events[event], ends)
            self._block(group.name, f"{flag} = int(({condition}){guard})", every, ends)

        def follow(ends: bool) -> None:
            every = self._every(group, group.events[event], ends)
            self._group_blocks(group, group.event_codes[event], f"{flag} > 0.5", every, ends)

        self._place(part, look if isinstance(part, Thresholder) else follow)

    def _add_regular(self, thing: NeuronGroup | Synapses, part: CodeRunner) -> None:
        every = round(float(part.clock.dt) / self.plan.dt)

        def add(ends: bool) -> None:
            flag = None
            if ends:
                flag = (
                    f"{schedule.NOT_FIRST} and {schedule.STEP[True]} % {every} == 0"
                    if every > 1
                    else schedule.NOT_FIRST
                )
            often = 1 if ends else every
            blocks = self._group_blocks if isinstance(thing, NeuronGroup) else self._synaptic_blocks
            blocks(thing, str(part.abstract_code), flag, often, ends)  # type: ignore[arg-type]

        self._place(part, add)

    def _add_monitor(self, monitor: EventMonitor) -> None:
        group = self._groups[monitor.source.name]
        columns = sorted(set(monitor.record_variables) - {"i", "t"})
        if monitor.event == "spike" and not columns:
            self.plan.spike_monitors[monitor.name] = group.name
            return
        self.plan.recorders[monitor.name] = {name: unit_text(group.variables[name].dim) for name in columns}
        flag, spike = _happened(monitor.event), monitor.event == "spike"
        if spike:
            flag = f"genn_spike_{monitor.name}"
            self._more_equations[group.name].append(f"{flag} : 1")
            self._more_resets[group.name].append(f"{flag} = 1")
        else:
            self._after(monitor, group, monitor.event)

        def note(ends: bool) -> None:
            if spike and not ends:
                raise EquispikeError(_middle(monitor.name))
            time = schedule.at("t", ends) or "t"
            values = [self._between(group, name, ends) for name in columns]
            every = 1 if spike else self._every(group, group.events[monitor.event], ends)
            row = ", ".join([f"{flag} > 0.5", "i", time, *values])
            again = f"\n{flag} = 0" if spike else ""
            self._block(group.name, f"_ = record_{monitor.name}({row}){again}", every, ends)

        self._place(monitor, note)

    def _add_blocks(self) -> None:
        for source in self._followers:
            self._lay_out(*source, _RARELY, False)
        for source in self._followers:
            self._copy(*source, _RARELY, False)
        pieces = sorted(self._pieces, key=lambda piece: schedule.place(piece.when, piece.order, piece.name))
        for piece in [each for each in pieces if each.ends] + [each for each in pieces if not each.ends]:
            piece.blocks(piece.ends)
        for (group, call), name in self._hoisted.items():
            self._block(group, f"{name} = {self._between(self._groups[group], call, False)}", 1, False)

    def _group_blocks(self, group: NeuronGroup, code: str, flag: str | None, every: int, ends: bool) -> None:
        lines, written = [], []
        for name, sign, value in assignments(code):
            value = self._between(group, value, ends)
            if calls_of(value, "stop_when"):
                if not ends:
                    raise EquispikeError(
                        f"{group.name} ends the run at the start of a time step, GeNN after one: {_OTHERWISE}"
                    )
                value = calls_replaced(value, "stop_when", lambda call: _guarded(call, flag))
            if name in group.variables:
                if group.variables[name].scalar:
                    raise EquispikeError(
                        f"{group.name} sets {name}, which its neurons share, and GeNN sets each neuron's: {_OTHERWISE}"
                    )
                lines.append(_set(name, sign, value, flag))
                written.append(name)
            else:
                lines.append(f"{name} {sign}= {value}")
        self._block(group.name, "\n".join(lines), every, ends)
        copied = [name for name in dict.fromkeys(written) if (group.name, name) in self._followers]
        for name in copied:
            self._lay_out(group.name, name, every, ends)
        for name in copied:
            self._copy(group.name, name, every, ends)

    def _block(self, owner: str, code: str, every: int, ends: bool) -> None:
        """Add a block, to the last one where that does the same: each is a file to be compiled."""
        last = self.plan.blocks[-1] if self.plan.blocks else None
        if last and (last.owner, last.every, last.ends) == (owner, every, ends) and self._goes_on(last, code):
            self.plan.blocks[-1] = replace(last, code=f"{last.code}\n{code}")
        else:
            self.plan.blocks.append(Block(owner, code, every, ends))

    def _goes_on(self, last: Block, code: str) -> bool:
        """Whether statements do the same neuron by neuron as after the last block: names of its own do not outlive that, and
        they read of shelves what is their own, or write to none."""
        known = next(each for each in self._network.objects if each.name == last.owner).equations
        added = {equation.split(" : ")[0] for equation in self._more_equations[last.owner]}
        both = f"{last.code}\n{code}"
        return _assigned(last.code) <= {"_", *known, *added} and not (
            re.search(r"\bat_\w+\((?!i\))", both) and re.search(r"\b(put|add)_", both)
        )

    def _shelf(self, group: str, variable: str, unit: str) -> str:
        shelf = Shelf(f"{group}__{variable}", len(self._groups[group]), unit)
        if shelf not in self.plan.shelves:
            self.plan.shelves.append(shelf)
        return shelf.name

    def _whole(self, group: NeuronGroup, expression: str) -> str:
        """An expression with a group's own expressions written out."""

        def written_out(name: str) -> str | None:
            each = group.equations.get(name)
            return self._whole(group, str(each.expr)) if each is not None and each.type == "subexpression" else None

        return renamed(expression, written_out)

    def _between(self, group: NeuronGroup, expression: str, ends: bool) -> str:
        """An expression as it is between two time steps."""
        return renamed(self._whole(group, expression), lambda name: schedule.at(name, ends))

    def _every(self, group: NeuronGroup, condition: str, ends: bool) -> int:
        """Time steps from one block to the next that has to look for an event."""
        every, numbers = schedule.recurrence(self._whole(group, condition), self._numbers, ends)
        self._scheduling |= numbers
        return every

    # Linked variables

    def _followers_of_sources(self) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
        """For each variable that others are linked to (group, name): the group, name and index of the others."""
        found: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
        for thing in (*self._groups.values(), *self._synapses):
            for name in sorted(name for name, each in thing.equations.items() if "linked" in each.flags):
                source, index = thing.variables[name], thing.variables.indices[name]
                if source.owner.name not in self._groups or index not in ("0", "_idx", *thing.equations):
                    raise EquispikeError(
                        f"{name} of {thing.name} is linked by an index of Brian2's own, which GeNN does not see: {_OTHERWISE}"
                    )
                found[source.owner.name, source.name].append((thing.name, name, "i" if index == "_idx" else index))
        return found

    def _check_source(self, group: str, variable: str) -> None:
        if not self._is_still(self._groups[group], variable):
            raise EquispikeError(
                f"a variable is linked to {variable} of {group}, which changes within a time step, and GeNN can copy it "
                f"between two: {_OTHERWISE}"
            )

    def _lay_out(self, group: str, variable: str, every: int, ends: bool) -> None:
        shelf = self._shelf(group, variable, unit_text(self._groups[group].variables[variable].dim))
        self._block(group, f"_ = put_{shelf}(i, {variable})", every, ends)

    def _copy(self, group: str, variable: str, every: int, ends: bool) -> None:
        """Let those that are linked to a variable take what has been laid out."""
        for follower, name, index in self._followers[group, variable]:
            self._block(follower, f"{name} = at_{group}__{variable}({index})", every, ends)

    # Numbers

    def _note(self, where: str, code: str) -> None:
        """Take note of code of a time step, whose numbers are compiled in."""
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) not in _FUNCTIONS:
                raise EquispikeError(
                    f"{where} calls {ast.unparse(node.func)}() in its time step, and GeNN has no such function: {_OTHERWISE}"
                )
        self._spiking_code.append(code)

    def _add_numbers(self) -> None:
        texts = [*self._spiking_code, *(str(each.refractory) for each in self.plan.groups)]
        compiled = set().union(*map(names_in, texts)) | self._scheduling
        used = set().union(*(names_in(block.code) for block in self.plan.blocks))
        known = self._network.namespace
        for name, value in self._numbers.items():
            measure = (value, unit_text(get_dimensions(known[name])))
            if name in compiled or isinstance(value, bool):
                self.plan.constants[name] = measure
            elif name in used:
                self.plan.numbers[name] = measure
        self.plan.blocks = [
            replace(block, code=_reading(block.code, self.plan.numbers.keys())) for block in self.plan.blocks
        ]
        functions = {name for name, value in known.items() if not isinstance(value, TimedArray)} - self._numbers.keys()
        if strange := {name for name in functions & used if known[name] is not stop_when}:
            raise EquispikeError(
                f"the network calls {sorted(strange)[0]}(), a function of its own, which GeNN has not: {_OTHERWISE}"
            )


def _reading(code: str, numbers: object) -> str:
    return "\n".join(
        f"{name} {sign}= " + renamed(value, lambda each: f"number_{each}(0)" if each in numbers else None)  # type: ignore[operator]
        for name, sign, value in assignments(code)
    )


def _set(name: str, sign: str, value: str, flag: str | None) -> str:
    """Statement that changes a variable where ``flag`` holds."""
    if flag is None:
        return f"{name} {sign}= {value}"
    return f"{name} = genn_chosen({flag}, {f'{name} {sign} ({value})' if sign else value}, {name})"


def _guarded(call: str, flag: str | None) -> str:
    ((condition,),) = calls_of(call, "stop_when")
    return f"stop_when(({flag}) and ({condition}))" if flag else call


def _assigned(code: str | None) -> set[str]:
    return {name for name, _, _ in assignments(code)} if code and code.strip() else set()


def _happened(event: str) -> str:
    return f"genn_happened_{event}"


def _middle(name: str) -> str:
    return f"{name} has a place of its own in the midst of a time step, which is one piece in GeNN: {_OTHERWISE}"


def _delay(pathway: SynapticPathway) -> float:
    values = np.asarray(pathway.variables["delay"].get_value()).ravel()
    return float(values[0]) if values.size else 0.0


def _kind(equation) -> str:  # type: ignore[no-untyped-def]
    """Unit of a variable, or its type where that is not a floating-point number."""
    return {"integer": "integer", "boolean": "boolean"}.get(equation.var_type, unit_text(equation.dim))


def _flags(equation) -> str:  # type: ignore[no-untyped-def]
    flags = [flag for flag in equation.flags if flag != "linked"]
    return f" ({', '.join(flags)})" if flags else ""
