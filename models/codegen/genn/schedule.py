"""When something happens: before or after the time step that is one piece in GeNN, and every how many time steps."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping

from equispike.models.codegen.constants import Number
from equispike.models.codegen.genn.statements import conjuncts, names_in, parsed

#: Number of the time step that begins (False) or ends (True) where a block runs; Brian2GeNN keeps the time alone.
STEP = {False: "int(t / dt + 0.5)", True: "(int(t / dt + 0.5) - 1)"}
#: Holds unless the first time step is still to come, so that none has ended.
NOT_FIRST = "t > 0.5 * dt"

_SLOTS = ("start", "groups", "thresholds", "synapses", "resets", "end")
_BEFORE = ("before_start", "start", "after_start", "before_groups")
_AFTER = ("after_resets", "before_end", "end", "after_end")
_LONGEST_PERIOD = 1_000_000  # time steps


def is_after(when: str) -> bool:
    """Whether a slot of Brian2's time step comes after all that GeNN does in one."""
    return when in _AFTER


def is_between(when: str) -> bool:
    """Whether a slot comes before or after all that."""
    return when in _BEFORE or when in _AFTER


def place(when: str, order: int, name: str) -> tuple[int, int, str]:
    """What Brian2 sorts by what it does in a time step."""
    shift = -1 if when.startswith("before_") else int(when.startswith("after_"))
    return 3 * _SLOTS.index(when.removeprefix("before_").removeprefix("after_")) + shift, order, name


def at(name: str, ends: bool) -> str | None:
    """What a block that begins, or ends, a time step has for the time ``name``; None for other names."""
    if name == "t_in_timesteps":
        return STEP[ends]
    return f"{STEP[True]} * dt" if name == "t" and ends else None


def recurrence(condition: str, numbers: Mapping[str, Number], ends: bool) -> tuple[int, set[str]]:
    """Time steps from one possible begin (end) of a time step in which a ``condition`` holds to the next, and the numbers on
    which that depends; 1 and none where it is not known, or not the first (last) of each period."""
    for part in conjuncts(condition):
        period = _period(part, numbers)
        if period is not None:
            true = [step for step in range(period) if _value(part, {**numbers, "t_in_timesteps": step})]
            if true == [period - 1 if ends else 0]:
                return period, names_in(part) & numbers.keys()
    return 1, set()


def _period(condition: str, numbers: Mapping[str, Number]) -> int | None:
    """Period of a condition on the remainder of the time step alone; None of others."""
    if names_in(condition) - numbers.keys() != {"t_in_timesteps"}:
        return None
    nodes = list(ast.walk(parsed(condition)))
    divisors = [
        ast.unparse(node.right)
        for node in nodes
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and ast.unparse(node.left) == "t_in_timesteps"
    ]
    times = [node for node in nodes if isinstance(node, ast.Name) and node.id == "t_in_timesteps"]
    if len(times) != len(divisors) or any("t_in_timesteps" in names_in(each) for each in divisors):
        return None
    values = [_value(each, numbers) for each in divisors]
    if any(value < 1 or value != int(value) for value in values):
        return None
    period = math.lcm(*map(int, values))
    return period if period <= _LONGEST_PERIOD else None


def _value(expression: str, names: Mapping[str, Number]) -> Number:
    return eval(expression, {"__builtins__": {}}, dict(names))
