"""What a network uses of Brian2, and which code generators cannot do that: the one table of features and backends.

Found on the objects of a network that has been described and not run. What is not in the table, every backend can do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from brian2 import BrianObject, NetworkOperation, NeuronGroup, Synapses
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

Objects = Sequence[BrianObject]


@dataclass(frozen=True)
class Feature:
    """Something that not every code generator can do.

    Attributes
    ----------
    name : in words that follow "uses"
    where : names of the objects that use it
    cannot : by code generator (``cpp``, ``cuda``, ``genn``, ``jax``), what would come of it
    """

    name: str
    where: Callable[[Objects], Iterator[str]]
    cannot: dict[str, str] = field(default_factory=dict)


def _texts(group: NeuronGroup) -> str:
    """Equations, conditions of events and what follows them."""
    expressions = [str(each.expr) for each in group.equations.values() if each.expr is not None]
    return "\n".join([*expressions, *map(str, group.events.values()), *map(str, group.event_codes.values())])


def _pathways(synapses: Synapses) -> list[SynapticPathway]:
    return list(synapses._pathways)


def _posts(code: str) -> set[str]:
    """Variables of postsynaptic neurons that statements write."""
    return set(re.findall(r"^\s*(\w+_post)\s*[-+*/]?=(?!=)", code, flags=re.MULTILINE))


def _summed(objects: Objects) -> Iterator[str]:
    for thing in objects:
        if isinstance(thing, Synapses) and thing.summed_updaters:
            yield thing.name


def _two_posts(objects: Objects) -> Iterator[str]:
    for thing in objects:
        if isinstance(thing, Synapses):
            spikes = [pathway for pathway in _pathways(thing) if pathway.event == "spike"]
            sides = [pathway.prepost for pathway in spikes]
            if len(set(sides)) < len(sides) or any(len(_posts(str(pathway.code))) > 1 for pathway in spikes):
                yield thing.name


def _integrated(objects: Objects) -> Iterator[str]:
    for thing in objects:
        if isinstance(thing, Synapses) and (thing.equations.diff_eq_names or thing.event_driven):
            yield thing.name


def _constant_over_dt(objects: Objects) -> Iterator[str]:
    for thing in objects:
        if isinstance(thing, NeuronGroup) and any(
            "constant over dt" in each.flags for each in thing.user_equations.values()
        ):
            yield thing.name


def _clocks(objects: Objects) -> Iterator[str]:
    steps: dict[float, str] = {}
    for thing in objects:
        if isinstance(thing, NeuronGroup | Synapses):
            steps.setdefault(float(thing.clock.dt), thing.name)
    if len(steps) > 1:
        yield " and ".join(steps.values())


def _delays(objects: Objects) -> Iterator[str]:
    for thing in objects:
        if isinstance(thing, Synapses):
            for pathway in _pathways(thing):
                values = np.asarray(pathway.variables["delay"].get_value())
                if not pathway.variables["delay"].scalar and values.size > 1 and not (values == values[0]).all():
                    yield thing.name


def _operations(objects: Objects) -> Iterator[str]:
    for thing in objects:
        if isinstance(thing, NetworkOperation):
            yield thing.name


#: Names that mean something to C++, its preprocessor or Cython, and nothing to Brian2.
_WORDS_OF_CPP = frozenset([
    "alignas", "alignof", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "catch", "char", "char16_t",
    "char32_t", "char8_t", "co_await", "co_return", "co_yield", "compl", "concept", "const", "const_cast",
    "consteval", "constexpr", "constinit", "decltype", "default", "delete", "do", "double", "dynamic_cast",
    "enum", "explicit", "export", "extern", "false", "friend", "goto", "inline", "int16_t", "int32_t",
    "int64_t", "int8_t", "long", "mutable", "namespace", "new", "noexcept", "not_eq", "nullptr", "operator",
    "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "requires", "short", "signed",
    "size_t", "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this",
    "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "uint32_t", "uint64_t", "union",
    "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "xor", "xor_eq", "EOF", "EXIT_FAILURE",
    "EXIT_SUCCESS", "INFINITY", "NAN", "NULL", "RAND_MAX", "M_E", "M_LN10", "M_LN2", "M_PI", "M_SQRT2",
    "assert", "errno", "cdef", "cimport", "cpdef", "ctypedef",
])  # fmt: skip


def _spelled(objects: Objects, is_meant: Callable[[str], bool]) -> Iterator[str]:
    """Groups and synapses in whose equations and code there is such a name, with the name."""
    for thing in objects:
        if isinstance(thing, NeuronGroup | Synapses):
            texts = [_texts(thing)] if isinstance(thing, NeuronGroup) else [str(path.code) for path in _pathways(thing)]
            names = set(thing.equations) | get_identifiers("\n".join([*texts, str(thing.equations)]))
            if found := sorted(filter(is_meant, names)):
                yield f"{thing.name} ({found[0]})"


def _as_in_cpp(objects: Objects) -> Iterator[str]:
    return _spelled(objects, _WORDS_OF_CPP.__contains__)


def _as_in_jax(objects: Objects) -> Iterator[str]:
    return _spelled(objects, lambda name: name.endswith("_") and name != "_")


FEATURES = (
    Feature("a word of C++ or Cython as a name", _as_in_cpp,
            dict.fromkeys(("cpp", "cuda", "genn", "cython"), "the code would not compile")),
    Feature("a name that ends with an underscore", _as_in_jax, {"jax": "JAX programs have such names of their own"}),
    Feature("differential equations of synapses", _integrated, {"genn": "GeNN's synapses change with spikes alone here"}),
    Feature("a summed variable", _summed, {"genn": "GeNN sums what spikes bring alone here"}),
    Feature("several pathways on one side, or spikes that write two variables of neurons", _two_posts,
            {"genn": "a GeNN synapse adds to one variable"}),
    Feature("an expression that is constant over dt", _constant_over_dt,
            {"genn": "what happens between GeNN's time steps would miss it"}),
    Feature("clocks of different time steps", _clocks, {"genn": "GeNN has one clock", "jax": "a JAX program has one clock"}),
    Feature("delays that differ between synapses", _delays, {"genn": "GeNN has one delay for all synapses of a group"}),
    Feature("a network_operation", _operations, {
        "cpp": "its Python code would be left out without a word", "cuda": "its Python code would be left out",
        "genn": "Brian2GeNN has none", "jax": "its Python code is no equation"}),
)  # fmt: skip


def refusal(generator: str, objects: Objects) -> str | None:
    """One sentence about the first thing in a network that a code generator cannot do, and what can; None where it can all."""
    for feature in FEATURES:
        if generator in feature.cannot and (name := next(feature.where(objects), None)):
            others = [each for each in ("cpp", "numpy") if each not in feature.cannot]
            return f"{name} uses {feature.name}, and {feature.cannot[generator]}: use --backend {others[0]}"
    return None
