"""Rewriting of Brian2's generated C++ statements, each with the condition under which it changes no result.

Brian2 writes one statement a line: loads into local variables (``double w = _ptr_array_S_w[_idx];``), statements on
these, stores (``_ptr_array_S_w[_idx] = w;``). The functions here are what our templates call; where a condition does
not hold they return the code as it was, or None.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from brian2 import prefs

type Code = str | list[str]

#: Functions whose value depends on their arguments alone, and which have no effect.
_PURE = {
    *("exp", "log", "log10", "log1p", "expm1", "exprel", "_exprel", "sqrt", "abs", "fabs", "_brian_abs", "floor", "ceil"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "_clip", "_sign", "int_", "_brian_pow"),
    *("_brian_mod", "_brian_floordiv", "_timestep"),
}  # fmt: skip
_KEYWORDS = {"if", "while", "for", "sizeof", "return"}
_LOAD = r"(?P<const>const )?(?P<type>\w+) {name} = (?P<array>_ptr_\w+)\[_idx\];"
_STORE = re.compile(r"^(?P<array>_ptr_\w+)\[(?P<index>\w+)\] = (?P<name>\w+);$")
_DECLARATION = re.compile(
    r"^(?P<const>const )?(?P<type>double|float|char|int32_t|int64_t|bool) (?P<name>\w+)(?: = (?P<value>.+))?;$"
)
_ASSIGNMENT = re.compile(r"^(?:const )?(?:\w+ )?(?P<name>\w+) (?:[-+*/]?)= (?P<value>.+);$")
_LOOKUP = re.compile(r"^const int32_t _(pre|post)synaptic_idx = \w*__synaptic_\1\[_idx\];$")
_NUMBER = re.compile(r"(?<![\w.])(\d+\.\d*(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?![\w.])")


def lines_of(code: Code) -> list[str]:
    return [line.strip() for line in (code.split("\n") if isinstance(code, str) else code) if line.strip()]


def is_stateful(code: Code) -> bool:
    """Whether something is called that is not known to be a pure function: random numbers, functions of users."""
    calls = set(re.findall(r"\b([A-Za-z_]\w*)\s*\(", "\n".join(lines_of(code))))
    return not calls <= _PURE | _KEYWORDS


def once_a_run(scalar_code: Code) -> list[str]:
    """Compute at the first time step what no later one changes: expressions of constants and the time step alone."""
    lines, known_to_vary = [], set()
    for line in lines_of(scalar_code):
        match = _DECLARATION.match(line)
        if match is None or match["value"] is None:
            known_to_vary |= set(re.findall(r"\b([A-Za-z_]\w*)\b(?= [-+*/]?=)", line))
            lines.append(line)
            continue
        value, is_dt = match["value"], match["name"] == "dt"
        fixed = "[" not in value and not is_stateful(value) and not set(re.findall(r"\w+", value)) & known_to_vary
        if match["const"] and (fixed or is_dt):
            lines.append(f"static {line}")
        else:
            known_to_vary.add(match["name"])
            lines.append(line)
    return lines


@dataclass(frozen=True)
class Precision:
    """Scalar and vector code in the precision of the run."""

    scalar: list[str]
    vector: list[str]


def in_precision(scalar_code: Code, vector_code: Code) -> Precision:
    """Where variables are float32, float instead of double for all that neither depends on a double nor makes one.

    Brian2 writes numbers and intermediate values as double, and one of them makes a loop compute in double throughout.
    A double that is only read, and not compared with the time, is rounded when it is loaded.
    """
    scalar, vector = lines_of(scalar_code), lines_of(vector_code)
    if prefs["core.default_float_dtype"] is not np.float32:
        return Precision(scalar, vector)
    stored = {match["name"] for line in vector if (match := _STORE.match(line))}
    timed = any(re.search(r"\bt\b", line) for line in vector)
    doubles = {"t"}
    for lines, rounded in ((scalar, False), (vector, not timed)):
        for k, line in enumerate(lines):
            match = _DECLARATION.match(line)
            if not match or match["type"] != "double" or "_ptr_" not in (match["value"] or "") or match["name"] == "dt":
                continue
            if rounded and match["name"] not in stored:
                lines[k] = f"const float {match['name']} = (float){match['value']};"
            else:
                doubles.add(match["name"])
    assigned = [(match["name"], match["value"]) for line in scalar + vector if (match := _ASSIGNMENT.match(line))]
    while grown := {name for name, value in assigned if _needs_double(value, doubles)} - doubles:
        doubles |= grown
    made = doubles & stored
    while grown := {word for name, value in assigned if name in made for word in _words(value)} - made:
        made |= grown

    def typed(line: str) -> str:
        match = _DECLARATION.match(line)
        if match and match["name"] in doubles | made | {"dt"}:
            if "_ptr_" in (match["value"] or ""):
                return line
            # Constants are float, and exp of floats would be one.
            return re.sub(r"\bexp\(", "exp(1.0*", re.sub(r"^(const )?float ", r"\1double ", line))
        line = re.sub(r"^(const )?double ", r"\1float ", line)
        if _needs_double(line, doubles):
            return line
        return _NUMBER.sub(r"\1f", re.sub(r"\bdt\b", "(float)dt", line))

    return Precision([typed(line) for line in scalar], [typed(line) for line in vector])


def by_precision(vector_code: Code) -> list[list[str]]:
    """The code of one loop as two, where statements on doubles are independent of the others: both then vectorise."""
    lines = lines_of(vector_code)
    if prefs["core.default_float_dtype"] is not np.float32 or is_stateful(lines):
        return [lines]
    own = {match["name"] for line in lines if (match := _DECLARATION.match(line))}
    part = {
        match["name"]
        for line in lines
        if (match := _DECLARATION.match(line)) and line.startswith("double") and "_ptr_" in line
    }
    statements = re.findall(r"^if\(.*\n.*\nelse\n.*$|^if\(.*\n.*$|^.*$", "\n".join(lines), flags=re.MULTILINE)
    concerned = [_words(statement) & own | set(re.findall(r"_ptr_\w+", statement)) for statement in statements]
    while grown := {name for names in concerned if names & part for name in names} - part:
        part |= grown
    first = [statement for statement, names in zip(statements, concerned, strict=True) if names & part]
    rest = [statement for statement, names in zip(statements, concerned, strict=True) if not names & part]
    return [lines_of("\n".join(chunk)) for chunk in (first, rest) if chunk]


def _words(expression: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", expression))


def _needs_double(expression: str, doubles: set[str]) -> bool:
    return "_timestep(" in expression or bool(_words(expression) & doubles)


@dataclass(frozen=True)
class Split:
    """A state update in two.

    Attributes
    ----------
    free : the code of a neuron that is not refractory
    flags : the array that says so
    written : the arrays that the code writes, ``flags`` excepted
    """

    free: list[str]
    flags: str
    written: list[str]


def split_refractory(vector_code: Code) -> Split | None:
    """The state update of neurons that are not refractory.

    None where there is no refractoriness, or where running the code twice for a neuron could differ from running it once
    (random numbers), or where it might end the state of not being refractory, which takes a threshold.
    """
    lines = lines_of(vector_code)
    load = re.compile(_LOAD.format(name="not_refractory"))
    loads = [match for line in lines if (match := load.match(line))]
    if len(loads) != 1 or is_stateful(lines):
        return None
    flags = loads[0]["array"]
    free, written = [], []
    for line in lines:
        if load.match(line):
            free.append("char not_refractory = true;")
        elif match := _STORE.match(line):
            if match["index"] != "_idx":
                return None
            if match["array"] != flags:
                written.append(match["array"])
                free.append(line)
        elif re.match(r"not_refractory = (?!(true|false|not_refractory) \|\| )", line):
            return None
        else:
            free.append(line)
    return Split(free, flags, written)


def never_refractory(vector_code: Code) -> list[str]:
    """A threshold's condition as if no neuron were refractory: true at least where the condition is.

    So only where refractoriness enters as Brian2 adds it, ``(...) and not_refractory``.
    """
    text = "\n".join(lines_of(vector_code))
    load = re.compile(_LOAD.format(name="not_refractory"))
    added = re.compile(
        r"if\(!not_refractory\)\n_cond = (?P<a>.+) && false;\nelse\n_cond = (?P=a) && true;"
        r"|_cond = (?P<b>.+) && not_refractory;"
    )
    match = added.search(text)
    if match and "not_refractory" not in (match["a"] or match["b"]) and len(load.findall(text)) == 1:
        return load.sub("const char not_refractory = true;", text).split("\n")
    return text.split("\n")


def shared_condition(vector_code: Code) -> str | None:
    """The part of a threshold's condition that is the same for all neurons, where it is one factor of a conjunction."""
    for line in lines_of(vector_code):
        if match := re.match(
            r"const char _cond = (?:(?P<only>_lio_\d+)|(?P<first>_lio_\d+) && \([^()]*\)|\([^()]*\) && (?P<last>_lio_\d+));",
            line,
        ):
            return match["only"] or match["first"] or match["last"]
    return None


def with_true(vector_code: Code, name: str) -> list[str]:
    """The code where the local variable ``name`` is known to be true."""
    return [re.sub(rf"\b{name}\b", "true", line) for line in lines_of(vector_code)]


def without_lookups(vector_code: Code) -> list[str]:
    """Drop the lookups of pre- and postsynaptic indices, which the loops of our template already have."""
    return [line for line in lines_of(vector_code) if not _LOOKUP.match(line)]


@dataclass(frozen=True)
class Indirect:
    """Synapses' code apart from what looks up, for each synapse, whole numbers that say which elements it concerns.

    Attributes
    ----------
    lookups : name and array of each such number, those of the spiking neuron excepted
    code : the rest
    """

    lookups: list[tuple[str, str]]
    code: list[str]


def stored(code: Code) -> set[str]:
    """Names of the arrays that the code writes."""
    return {match["array"] for line in lines_of(code) if (match := _STORE.match(line))}


def indirect(vector_code: Code, own: str, fixed: Collection[str]) -> Indirect | None:
    """Separate the lookups (``const int32_t kernel = _ptr_array_S_kernel[_idx];``); None where there is none.

    Where the numbers of neighbouring synapses follow one another, such code needs the first ones only. They are looked up
    once for ever, so only in arrays that are ``fixed``, which nothing writes during a run.
    """
    lookups, code = [], []
    for line in lines_of(vector_code):
        match = re.match(r"^const int32_t (?P<name>\w+) = (?P<array>_ptr_\w+)\[_idx\];$", line)
        if match is None or match["array"] not in fixed:
            code.append(line)
        elif match["name"] != own:
            lookups.append((match["name"], match["array"]))
    return Indirect(lookups, code) if lookups else None


@dataclass(frozen=True)
class Buffered:
    """Synapses' code that stores into ``_new<array>[_k]`` and notes in ``_changed<array>`` whether anything changed."""

    code: list[str]
    arrays: list[str]


def buffer_writes(vector_code: Code) -> Buffered | None:
    """Keep a block's new values of synaptic variables back, to be written if one of them differs; None without any."""
    code, arrays = [], []
    lines = lines_of(vector_code)
    for before, line in zip(["", *lines], lines, strict=False):
        match = _STORE.match(line)
        if match is None or match["index"] != "_idx":
            code.append(line)
            continue
        if before.startswith(("if", "else")):
            return None
        array, name = match["array"], match["name"]
        arrays.append(array)
        code += [f"_new{array}[_k] = {name};", f"_changed{array} |= {name} != {array}[_idx];"]
    return Buffered(code, arrays) if arrays else None


#: What templates may call.
FUNCTIONS = {
    function.__name__: function
    for function in (
        is_stateful,
        once_a_run,
        in_precision,
        by_precision,
        split_refractory,
        never_refractory,
        shared_condition,
        with_true,
        without_lookups,
        indirect,
        buffer_writes,
    )
}
