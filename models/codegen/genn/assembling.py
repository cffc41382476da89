"""The Brian2 objects of a plan, for any version of Brian2; what blocks reach from outside their group, in Python and C++."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
from brian2 import (
    BrianObject,
    Function,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    TimedArray,
    Unit,
    defaultclock,
    get_dimensions,
    get_unit,
    second,
)
from brian2.groups.group import CodeRunner

from equispike.models.codegen.genn.plan import Measure, Plan


@dataclass(frozen=True)
class Assembled:
    """Objects of a network, on Brian2's default clock.

    Attributes
    ----------
    blocks : in the order of the plan
    numbers : what ``number_NAME`` says, without units; to be changed in place
    records : what recorders noted, one list of values a row
    """

    objects: tuple[BrianObject, ...]
    namespace: dict[str, object]
    blocks: tuple[CodeRunner, ...]
    inputs: dict[str, TimedArray]
    numbers: dict[str, float]
    records: dict[str, list[tuple[float, ...]]]


def assemble(plan: Plan) -> Assembled:
    """Make the Brian2 objects of a plan."""
    defaultclock.dt = plan.dt * second
    numbers = {name: value for name, (value, _) in plan.numbers.items()}
    records: dict[str, list[tuple[float, ...]]] = {name: [] for name in plan.recorders}
    inputs = {
        name: TimedArray(np.zeros(shape) * _unit(unit), dt=dt * second, name=name)
        for name, (shape, dt, unit) in plan.inputs.items()
    }
    namespace: dict[str, object] = {name: _measured(each) for name, each in plan.constants.items()}
    namespace |= inputs | {"genn_chosen": _chosen(), "stop_when": _stop_when()}
    for number, shelf in enumerate(plan.shelves):
        array, unit = np.zeros(shelf.n), _unit(shelf.unit)
        namespace[f"put_{shelf.name}"] = _put(number, array, unit)
        namespace[f"add_{shelf.name}"] = _add(number, array, unit)
        namespace[f"at_{shelf.name}"] = _at(number, array, unit)
    for number, (name, columns) in enumerate(plan.recorders.items()):
        namespace[f"record_{name}"] = _record(number, records[name], [_unit(each) for each in columns.values()])
    for number, (name, (value, unit)) in enumerate(plan.numbers.items()):
        namespace[f"number_{name}"] = _number(number, numbers, name, _unit(unit), whole=isinstance(value, int))
    owners = _groups(plan, namespace)
    owners |= _connections(plan, namespace, owners)
    blocks = tuple(
        owners[block.owner].run_regularly(block.code, dt=block.every * plan.dt * second, order=order)
        for order, block in enumerate(plan.blocks)
    )
    monitors = [SpikeMonitor(owners[group], name=name) for name, group in plan.spike_monitors.items()]
    return Assembled((*owners.values(), *monitors), namespace, blocks, inputs, numbers, records)


def _groups(plan: Plan, namespace: dict[str, object]) -> dict[str, NeuronGroup | Synapses]:
    return {
        group.name: NeuronGroup(
            group.n,
            group.equations,
            threshold=group.threshold,
            reset=group.reset,
            refractory=group.refractory,
            method=_given(group.update),
            namespace=namespace,
            name=group.name,
        )
        for group in plan.groups
    }


def _given(update: str) -> Callable[..., str]:
    """A method of integration that has its code already."""
    return lambda equations, variables, method_options=None: f"{update}\n"


def _connections(
    plan: Plan, namespace: dict[str, object], groups: dict[str, NeuronGroup | Synapses]
) -> dict[str, NeuronGroup | Synapses]:
    made: dict[str, NeuronGroup | Synapses] = {}
    for each in plan.connections:
        delay = {"delay": each.delay * second} if each.delay else {}
        synapses = Synapses(
            groups[each.source],
            groups[each.target],
            each.equations,
            on_pre=each.on_pre or None,
            on_post=each.on_post or None,
            namespace=namespace,
            name=each.name,
            **delay,
        )
        synapses.connect(i=plan.arrays[f"{each.name}.i"], j=plan.arrays[f"{each.name}.j"])
        if plan.post_first and each.on_post and each.on_pre:
            synapses.post.order = -2  # before pre, whose default is -1
        made[each.name] = synapses
    return made


def _unit(text: str) -> Unit:
    """A unit as equations write it."""
    return get_unit(get_dimensions(eval(text, vars(brian2).copy())))


def _measured(measure: Measure) -> object:
    value, unit = measure
    return value if unit == "1" else value * _unit(unit)


def _function(
    name: str, python: Callable, units: Sequence, returns: object, code: str, *, stateless: bool = False, **options: Any
) -> Function:
    function = Function(
        python, arg_units=list(units), return_unit=returns, auto_vectorise=False, stateless=stateless, **options
    )
    function.implementations.add_numpy_implementation(python, discard_units=True)
    function.implementations.add_implementation("cpp", code, name=name)
    return function


def _chosen() -> Function:
    code = (
        "inline double genn_chosen(const bool condition, const double a, const double b) { return condition ? a : b; }"
    )
    return _function(
        "genn_chosen", lambda condition, a, b: np.where(condition, a, b), [bool, None, "a"], lambda condition, a, b: a, code,
        arg_names=["condition", "a", "b"], return_type="highest", stateless=True,
    )  # fmt: skip


def _stop_when() -> Function:
    def python(condition):
        if np.any(condition):
            brian2.stop()
        return 0.0

    code = """
    inline double stop_when(const bool condition)
    {
        if (condition) equispike::stopped() = true;
        return 0.0;
    }
    """
    return _function("stop_when", python, [bool], 1, code)


def _put(number: int, array: np.ndarray, unit: Unit) -> Function:
    def python(i, value):
        array[i] = value
        return 0.0

    code = f"""
    inline double put_{number}(const int i, const double value)
    {{
        equispike::shelf({number}, i) = value;
        return 0.0;
    }}
    """
    return _function(f"put_{number}", python, [1, unit], 1, code)


def _add(number: int, array: np.ndarray, unit: Unit) -> Function:
    def python(condition, i, value):
        condition, i, value = np.broadcast_arrays(condition, i, value)
        np.add.at(array, i[condition], value[condition])
        return 0.0

    code = f"""
    inline double add_{number}(const bool condition, const int i, const double value)
    {{
        if (condition) equispike::shelf({number}, i) += value;
        return 0.0;
    }}
    """
    return _function(f"add_{number}", python, [bool, 1, unit], 1, code)


def _at(number: int, array: np.ndarray, unit: Unit) -> Function:
    code = f"inline double at_{number}(const int i) {{ return equispike::shelf({number}, i); }}"
    return _function(f"at_{number}", lambda i: array[np.asarray(i, dtype=int)], [1], unit, code)


def _record(number: int, rows: list[tuple[float, ...]], units: list[Unit]) -> Function:
    def python(condition, *values):
        condition, *columns = np.broadcast_arrays(condition, *values)
        rows.extend(zip(*(each[condition].tolist() for each in columns), strict=True))
        return 0.0

    values = [f"x{k}" for k in range(len(units) + 2)]
    code = f"""
    inline double record_{number}(const bool condition, {", ".join(f"const double {each}" for each in values)})
    {{
        if (condition) {{
            const double row[] = {{{", ".join(values)}}};
            equispike::note({number}, row, {len(values)});
        }}
        return 0.0;
    }}
    """
    names = ["condition", *values]
    return _function(f"record_{number}", python, [bool, 1, second, *units], 1, code, arg_names=names)


def _number(number: int, numbers: dict[str, float], name: str, unit: Unit, *, whole: bool) -> Function:
    kind, returns = ("int64_t", "integer") if whole else ("double", "float")
    code = f"inline {kind} number_{number}(const int) {{ return ({kind})equispike::number({number}); }}"
    return _function(f"number_{number}", lambda _: numbers[name], [1], unit, code, return_type=returns, stateless=True)
