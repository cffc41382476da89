"""The settings that a sweep goes through: every combination, a list, at random, or a Latin hypercube."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import have_same_dimensions

from equispike.models.errors import EquispikeError
from equispike.models.params import describe_value, parse_value
from equispike.protocols.system import System
from equispike.scripts.workflow.located import Located

#: Settings by name, each as text that knows its line.
type Point = dict[str, Located]

#: Points of a sweep, seeds apart.
MOST_POINTS = 100_000
#: What is not a parameter of the system, but of the run.
OPTIONS = ("system", "data", "backend", "images", "holdout", "source", "chunk-images")


@dataclass(frozen=True)
class Range:
    """An axis to draw from: numbers from ``low`` to ``high``, or words.

    Attributes
    ----------
    unit : of ``low`` and ``high``; None where they have none
    """

    name: str
    where: Located
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    unit: object = None
    words: tuple[str, ...] = ()

    def at(self, fraction: float) -> Located:
        """The value at a ``fraction`` (0 to 1) of the axis."""
        if self.words:
            return Located(self.words[min(int(fraction * len(self.words)), len(self.words) - 1)], self.where.where)
        if self.log:
            number = float(np.exp(np.log(self.low) + fraction * (np.log(self.high) - np.log(self.low))))
        else:
            number = self.low + fraction * (self.high - self.low)
        return self.written(number)

    def written(self, number: float) -> Located:
        """A number of this axis as text."""
        if self.whole:
            return Located(str(round(number)), self.where.where)
        text = f"{number:.6g}"
        return Located(text if self.unit is None else f"{text}*{self.unit}", self.where.where)


def points(content: dict[str, Located], system: System) -> list[Point]:
    """Every combination of what ``grid``, ``list``, ``random`` and ``latin-hypercube`` of a sweep file ask for.

    Raises
    ------
    EquispikeError
        An axis is empty or cannot be read, or there are more than MOST_POINTS; names the line.
    """
    found: list[Point] = [{}]
    for kind, make in (("grid", _grid), ("list", _list), ("random", _random), ("latin-hypercube", _latin_hypercube)):
        if kind in content:
            others = make(content[kind], system)
            check_number(content[kind], len(found) * len(others))
            found = [_joined(one, other) for one in found for other in others]
    return found


def check_number(node: Located, number: int, things: str = "combinations of settings") -> None:
    """Raise EquispikeError that names the line where a sweep would have more than MOST_POINTS of something."""
    if number > MOST_POINTS:
        raise node.error(f"these are {number:,} {things}, and at most {MOST_POINTS:,} can be planned: ask for fewer")


def _joined(one: Point, other: Point) -> Point:
    for name in one.keys() & other.keys():
        raise other[name].error(f"{name} is on two axes: keep one of them")
    return one | other


def _grid(node: Located, system: System) -> list[Point]:
    axes = node.mapping("grid")
    if not axes:
        raise node.error("grid is empty: give it axes such as 'n_exc: [100, 400]'")
    values = {name: axis.list(name) for name, axis in axes.items()}
    for name, items in values.items():
        for item in items:
            item.text(name)
    check_number(node, math.prod(map(len, values.values())))
    return [dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values())]


def _list(node: Located, system: System) -> list[Point]:
    found = [dict(item.mapping("an item of list")) for item in node.list("list")]
    for point in found:
        for name, value in point.items():
            value.text(name)
    return found


def _random(node: Located, system: System) -> list[Point]:
    number, seed, axes = _drawn(node, "random", system)
    parts = np.random.default_rng(seed).random((number, len(axes)))
    return [_point(axes, row) for row in parts]


def _latin_hypercube(node: Located, system: System) -> list[Point]:
    from scipy.stats import qmc  # takes most of a second, which every job would wait for

    number, seed, axes = _drawn(node, "latin-hypercube", system)
    parts = qmc.LatinHypercube(len(axes), rng=np.random.default_rng(seed)).random(number)
    return [_point(axes, row) for row in parts]


def _point(axes: list[Range], parts: np.ndarray) -> Point:
    return {axis.name: axis.at(float(part)) for axis, part in zip(axes, parts, strict=True)}


def _drawn(node: Located, kind: str, system: System) -> tuple[int, int, list[Range]]:
    entries = node.mapping(kind, ("draws", "seed", "axes"))
    for name in ("draws", "axes"):
        if name not in entries:
            raise node.error(f"{kind} needs an entry '{name}'")
    seed = entries["seed"].whole("seed", 0) if "seed" in entries else 0
    draws = entries["draws"].whole("draws")
    check_number(entries["draws"], draws, "draws")
    return draws, seed, ranges(entries["axes"], system)


def ranges(node: Located, system: System) -> list[Range]:
    """Axes such as ``tau_mem: {from: 50*ms, to: 150*ms, scale: log}`` or ``rule: {choose: [a, b]}``."""
    axes = node.mapping("axes")
    if not axes:
        raise node.error("axes is empty: give it axes such as 'tau_mem: {from: 50*ms, to: 150*ms}'")
    return [_range(name, axis, system) for name, axis in axes.items()]


def _range(name: str, node: Located, system: System) -> Range:
    entries = node.mapping(name, ("from", "to", "scale", "choose"))
    if "choose" in entries:
        return Range(name, node, words=tuple(item.text(name) for item in entries["choose"].list(f"choose of {name}")))
    for end in ("from", "to"):
        if end not in entries:
            raise node.error(f"{name} needs 'from' and 'to', such as {{from: 50*ms, to: 150*ms}}, or 'choose'")
    field = system.fields().get(name)
    unit = None if field is None else field.metadata["unit"]
    whole = name in OPTIONS or (field is not None and type(field.metadata["default"]) is int)
    low, high = (_number(name, entries[end], unit) for end in ("from", "to"))
    scale = entries["scale"].text("scale") if "scale" in entries else "linear"
    if scale not in ("linear", "log"):
        raise entries["scale"].error(f"scale must be linear or log, not '{scale}'")
    if not low < high:
        raise entries["to"].error(f"{name} must go from a smaller to a larger value")
    if scale == "log" and low <= 0:
        raise entries["from"].error(f"{name} cannot be on a logarithmic scale from {low:g} on")
    return Range(name, node, low, high, scale == "log", whole, unit)


def _number(name: str, node: Located, unit: Any) -> float:
    """A value in ``unit``."""
    try:
        value = parse_value(node.text(name))
    except EquispikeError as error:
        raise node.error(str(error)) from None
    if isinstance(value, str) or not have_same_dimensions(value, 1 if unit is None else unit):
        wanted = "a plain number" if unit is None else f"a value in {unit}, such as {describe_value(unit, unit)}"
        raise node.error(f"{name} needs {wanted}, but got '{node.value}'")
    return float(value) / (1.0 if unit is None else float(unit))
