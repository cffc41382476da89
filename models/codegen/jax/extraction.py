"""What each scheduled object of a Brian2 network does in a time step, as statements: all use of Brian2's internals is here.

Brian2 names no stable interface for ``sorted_objects``, ``abstract_code``, ``codeobj.variables``, ``variable_indices``,
``conditional_write``, ``override_conditional_write`` and ``make_statements``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import brian2
import numpy as np
from brian2 import (
    BrianObject,
    EventMonitor,
    Network,
    NetworkOperation,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    StateMonitor,
    Subgroup,
    Synapses,
    TimedArray,
    second,
)
from brian2.codegen.statements import Statement
from brian2.codegen.translation import make_statements
from brian2.core.clocks import Clock
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, AuxiliaryVariable, Constant, Subexpression
from brian2.groups.group import CodeRunner
from brian2.synapses.synapses import SummedVariableUpdater, SynapticPathway
from brian2.utils.stringtools import get_identifiers

from equispike.models.codegen.constants import is_read
from equispike.models.codegen.program import in_order_of_synapses
from equispike.models.codegen.told import in_one_sentence
from equispike.models.control import stop_when
from equispike.models.errors import EquispikeError

#: Names of what statements lead to beside the arrays they write.
OUTCOMES = ("_cond", "_synaptic_var", "_stop")
_MONITORS = (StateMonitor, EventMonitor, PopulationRateMonitor)


@dataclass(frozen=True)
class Array:
    """A variable that lies in memory, as a piece of code sees it.

    Attributes
    ----------
    key : ``group.variable``
    index : key of the array of whole numbers that says which element a neuron or synapse sees; None where it is its own
    side : for synapses' code: ``syn``, ``pre`` or ``post``: what an element belongs to; ``shared`` where there is but one
    """

    key: str
    index: str | None
    side: str


@dataclass(frozen=True)
class Code:
    """One object's part in a time step.

    Attributes
    ----------
    kind : ``update``: of all neurons or synapses; ``threshold``; ``event``: of neurons with an event; ``pathway``: of
        synapses whose neuron on one side has an event; ``sum``: a summed variable; ``monitor``: of events
    group : name of its neurons or synapses
    statements : in order; ``_cond`` is a threshold's outcome, ``_synaptic_var`` what is summed, ``_stop`` whether the run
        is to end
    arrays, constants, clock, timed, functions : what the names in the statements mean; the clock's are t, dt and timestep
    numbers : names of the constants that are numbers of the network's namespace
    conditions : variables that are only written where another one, by name, is true
    event : ``group.event`` that it makes or follows
    refractory : a threshold that notes the time of the event
    source, target : of a pathway: names of the groups whose event arrives and on the other side
    prepost : ``pre`` or ``post``: the side of the synapses on which a pathway's events are
    delays : of a pathway: in time steps, () or one a synapse
    summed : key of a summed variable
    """

    name: str
    kind: str
    group: str
    statements: tuple[Statement, ...]
    arrays: dict[str, Array]
    constants: dict[str, float | int | bool]
    clock: dict[str, str]
    timed: dict[str, str]
    functions: dict[str, str]
    conditions: dict[str, str]
    numbers: frozenset[str] = frozenset()
    event: str | None = None
    refractory: bool = False
    prepost: str = ""
    delays: np.ndarray | None = None
    summed: str | None = None

    def written(self) -> list[str]:
        """Names of the arrays that the statements write, in order."""
        return list(dict.fromkeys(s.var for s in self.statements if s.var in self.arrays))

    def recorded(self) -> dict[str, str]:
        """Of a monitor: keys under which its variables are recorded, to their keys in the network."""
        return {f"{self.name}.{name}": array.key for name, array in self.arrays.items()}


@dataclass(frozen=True)
class Extract:
    """A network taken apart.

    Attributes
    ----------
    codes : in the order of Brian2's schedule
    values : the arrays by key, as they are now; events have none
    timed : timed arrays by name: values and their time step in seconds
    sizes : number of neurons or synapses by group
    synapses : name of synapses to names of source and target, of the whole groups where parts are connected
    """

    dt: float
    codes: tuple[Code, ...]
    values: dict[str, np.ndarray]
    timed: dict[str, tuple[np.ndarray, float]]
    sizes: dict[str, int]
    synapses: dict[str, tuple[str, str]]


@dataclass
class _Notes:
    values: dict[str, np.ndarray] = field(default_factory=dict)
    timed: dict[str, tuple[np.ndarray, float]] = field(default_factory=dict)

    def key(self, variable: ArrayVariable) -> str:
        key = f"{variable.owner.name}.{variable.name}"
        if key not in self.values:
            values = np.array(variable.get_value())
            self.values[key] = values.reshape(()) if variable.scalar else values
        return key


def extract(
    objects: Sequence[object],
    inputs: Sequence[str] = (),
    monitors: Sequence[str] = (),
    namespace: Mapping[str, object] | None = None,
) -> Extract:
    """Take a network's ``objects`` apart; groups in ``inputs`` only lend their events, which come from outside.

    Of monitors those named are kept; the code notes which constants are numbers of ``namespace``. The objects
    become part of a simulation of no length on Brian2's runtime device: build them anew for anything else.

    Raises
    ------
    EquispikeError
        An object has no counterpart in a differentiable program; the message names it and says why.
    """
    brian2.set_device("runtime")
    target, brian2.prefs.codegen.target = brian2.prefs.codegen.target, "numpy"
    try:
        with in_order_of_synapses(), in_one_sentence():
            network = Network(*objects)
            network.run(0 * second, namespace={})
            return _extract(network, inputs, monitors, namespace or {})
    finally:
        brian2.prefs.codegen.target = target


def _extract(
    network: Network, inputs: Sequence[str], monitors: Sequence[str], namespace: Mapping[str, object]
) -> Extract:
    notes, codes, dts = _Notes(), [], {}
    sizes, synapses = {}, {}
    for thing in network.sorted_objects:
        name = thing.name
        if isinstance(thing, EventMonitor) and name in monitors:
            codes.append(_monitor(thing, notes))
            continue
        if isinstance(thing, _MONITORS) or not thing.active:
            continue
        if isinstance(thing, NetworkOperation):
            raise _refused(name, "is Python code (network_operation): write it as equations or events")
        if isinstance(thing, Synapses):
            synapses[name] = (_whole(thing.source).name, _whole(thing.target).name)
            for side in ("_synaptic_pre", "_synaptic_post"):
                notes.key(thing.variables[side])
        if hasattr(thing, "variables") and hasattr(thing, "__len__") and not isinstance(thing, SynapticPathway):
            sizes[name] = len(thing)
        if isinstance(thing, NeuronGroup | Synapses):
            for label in ("y", "x", "map"):
                if isinstance(thing.variables.get(label), ArrayVariable):
                    notes.key(thing.variables[label])
        if not isinstance(thing, CodeRunner):
            if isinstance(thing, NeuronGroup | Synapses | PoissonGroup | Subgroup) or name in inputs:
                continue
            raise _refused(name, f"is a {type(thing).__name__}: name it among the inputs, or make it a NeuronGroup")
        if thing.group.name in inputs:
            continue
        if isinstance(thing.group, Subgroup):
            raise _refused(name, f"belongs to a part of {thing.group.source.name}: let it belong to the whole group")
        if thing.codeobj is None:
            continue
        dts[float(thing.clock.dt)] = name
        codes.append(_code(thing, notes, namespace))
    if len(dts) > 1:
        raise EquispikeError(
            f"{' and '.join(dts.values())} run on clocks of different time steps ({', '.join(f'{dt} s' for dt in dts)}): "
            "a differentiable program has one"
        )
    if not dts:
        raise EquispikeError("the network has nothing that changes in time")
    return Extract(next(iter(dts)), tuple(codes), notes.values, notes.timed, sizes, synapses)


def _monitor(monitor: EventMonitor, notes: _Notes) -> Code:
    arrays = {}
    if isinstance(monitor.source, Subgroup):
        raise _refused(monitor.name, f"records a part of {monitor.source.source.name}: record the whole group")
    for name in sorted(set(monitor.record_variables) - {"i", "t"}):
        variable = monitor.source.variables[name]
        if not isinstance(variable, ArrayVariable):
            raise _refused(monitor.name, f"records {name}, which is not a variable that is stored")
        arrays[name] = Array(notes.key(variable), None, "syn")
    group = monitor.source.name
    event = f"{group}.{monitor.event}"
    return Code(monitor.name, "monitor", group, (), arrays, {}, {}, {}, {}, {}, event=event)


def _code(runner: CodeRunner, notes: _Notes, namespace: Mapping[str, object]) -> Code:
    variables, name = dict(runner.codeobj.variables), runner.name
    kind = _kind(runner)
    code = runner.abstract_code
    scalar, vector = make_statements(code, variables, np.float64, optimise=True)
    if kind == "threshold" and not any(s.var == "_cond" for s in scalar + vector):
        raise _refused(name, "has no condition")
    statements = _without_dead([_with_stop(s, variables) for s in scalar + vector], variables)
    options = _options(runner, kind, notes)
    arrays: dict[str, Array] = {}
    constants: dict[str, float | int | bool] = {}
    clock: dict[str, str] = {}
    timed: dict[str, str] = {}
    functions: dict[str, str] = {}
    indices = runner.codeobj.variable_indices
    used = {s.var for s in statements} | {word for s in statements for word in get_identifiers(s.expr)}
    if options.get("refractory"):
        used |= {"lastspike", "not_refractory"}
    local = {s.var for s in statements if s.op == ":="}
    conditions = {}
    for word in sorted(used):
        variable = variables.get(word)
        if isinstance(variable, ArrayVariable) and isinstance(variable.conditional_write, ArrayVariable):
            condition = variable.conditional_write.name
            if condition not in (runner.override_conditional_write or ()) and word in {s.var for s in statements}:
                conditions[word] = condition
    for word in sorted(used | set(conditions.values())):
        variable = variables.get(word)
        if word in local or variable is None or isinstance(variable, AuxiliaryVariable | Subexpression):
            continue
        if isinstance(variable, TimedArray):
            timed[word] = variable.name
            notes.timed[variable.name] = (np.array(variable.values), float(variable.dt))
        elif isinstance(variable, Function):
            functions[word] = name
        elif isinstance(variable, Constant):
            constants[word] = _python(variable.value)
        elif isinstance(variable, ArrayVariable):
            if isinstance(variable.owner, Clock):
                clock[word] = variable.name
                continue
            arrays[word] = _array(runner, word, variable, indices[word], notes)
        else:
            raise _refused(name, f"uses {word}, a {type(variable).__name__}")
    return Code(
        name,
        kind,
        runner.group.name,
        tuple(statements),
        arrays,
        constants,
        clock,
        timed,
        functions,
        conditions,
        frozenset(word for word in constants if is_read(namespace, runner.group, word, variables[word])),
        **options,
    )


def _options(runner: CodeRunner, kind: str, notes: _Notes) -> dict:
    """What a Code of a ``kind`` has beside its statements and names."""
    template = runner.template_kwds or {}
    if kind == "threshold":
        return {
            "event": f"{runner.group.name}.{runner.event}",
            "refractory": bool(template.get("_uses_refractory")),
        }
    if kind == "event":
        space = template["eventspace_variable"]
        return {"event": f"{space.owner.name}.{_event_of(space.name)}"}
    if kind == "pathway":
        assert isinstance(runner, SynapticPathway)
        delays = np.floor(np.asarray(runner.variables["delay"].get_value()) / float(runner.clock.dt) + 0.5).astype(
            np.int32
        )
        return {
            "event": f"{_whole(runner.source).name}.{runner.event}",
            "prepost": runner.prepost,
            "delays": delays[0] if delays.size and (delays == delays.flat[0]).all() else delays,
        }
    if kind == "sum":
        return {"summed": notes.key(runner.target_var)}
    return {}


def _kind(runner: CodeRunner) -> str:
    if isinstance(runner, SynapticPathway):
        return "pathway"
    if isinstance(runner, SummedVariableUpdater):
        return "sum"
    kinds = {"stateupdate": "update", "threshold": "threshold", "reset": "event"}
    if runner.template not in kinds:
        raise _refused(
            runner.name,
            f"is a {type(runner).__name__} ({runner.template}): name its group among the inputs, or make it a NeuronGroup",
        )
    return kinds[runner.template]


def _whole(group: BrianObject) -> BrianObject:
    """The group that a subgroup is a part of: synapses count its neurons."""
    return group.source if isinstance(group, Subgroup) else group


def _event_of(space: str) -> str:
    return space.removeprefix("_").removesuffix("space")


def _array(runner: CodeRunner, word: str, variable: ArrayVariable, index: str, notes: _Notes) -> Array:
    key = notes.key(variable)
    if variable.scalar or index == "0":
        return Array(key, None, "shared")
    sides = {"_idx": "syn", "_presynaptic_idx": "pre", "_postsynaptic_idx": "post"}
    if index in sides:
        return Array(key, None, sides[index])
    position = runner.codeobj.variables.get(index)
    if not isinstance(position, ArrayVariable):
        raise _refused(runner.name, f"sees {word} through {index}")
    # A linked variable's position is an array of the group's own, or of the group on one side of its synapses.
    side = sides.get(runner.codeobj.variable_indices.get(index, "_idx"), "syn")
    return Array(key, notes.key(position), side)


def _without_dead(statements: Sequence[Statement], variables: dict) -> list[Statement]:
    """Leave out what nobody reads."""
    kept: list[Statement] = []
    read = set(OUTCOMES)
    for statement in reversed(statements):
        variable = variables.get(statement.var)
        if isinstance(variable, ArrayVariable) or statement.var in read:
            kept.insert(0, statement)
            read |= get_identifiers(statement.expr)
            if statement.op not in ("=", ":="):
                read.add(statement.var)
    return kept


def _with_stop(statement: Statement, variables: dict) -> Statement:
    """``_ = stop_when(condition)`` as ``_stop := condition``."""
    match ast.parse(statement.expr, mode="eval").body:
        case ast.Call(func=ast.Name(id=name), args=[condition]) if variables.get(name) is stop_when:
            return Statement("_stop", ":=", ast.unparse(condition), "", bool)
    return statement


def _python(value: object) -> float | int | bool:
    return np.asarray(value).item()


def _refused(name: str, why: str) -> EquispikeError:
    return EquispikeError(f"cannot make a JAX program: {name} {why}")
