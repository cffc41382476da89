"""Parameters: frozen dataclasses whose every field carries its unit, meaning, source and permitted range."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import math
import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

import brian2
from brian2 import Quantity, get_unit, have_same_dimensions

from models.errors import EquispikeError

type Value = Quantity | float | int | str

_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: lambda base, exponent: operator.pow(base * 1.0, exponent),  # of integers it could take forever
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def param(
    default: Value,
    doc: str,
    source: str,
    *,
    unit: Quantity | None = None,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    exclusive: bool = False,
    choices: tuple[str, ...] = (),
    pattern: str = "",
    example: str = "",
) -> Any:
    """Declare a field of a :class:`Params`.

    Parameters
    ----------
    default : value in Brian2 units (or int, float, str)
    doc, source : what it is, and the paper, section or code it comes from
    unit : unit in which the value, ``minimum`` and ``maximum`` are written and shown
    minimum, maximum : permitted range; ``exclusive`` excludes the minimum itself
    choices : permitted words of a string parameter; or
    pattern, example : regular expression that a string parameter matches, and such a string
    """
    metadata = {
        "default": default,
        "doc": doc,
        "source": source,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "exclusive": exclusive,
        "choices": choices,
        "pattern": pattern,
        "example": example,
    }
    # A factory, because dataclasses take a Quantity (an array) for a mutable default.
    return dataclasses.field(default_factory=lambda: default, metadata=metadata)


def parse_value(text: str) -> Any:
    """Evaluate ``100*ms``, ``-65*mV`` or ``0.5`` (numbers, Brian2 units, arithmetic); a bare word stays a string.

    Raises
    ------
    EquispikeError
        The text is neither an expression of numbers and units nor a word.
    """

    def visit(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return number
            case ast.Name(id=name) if isinstance(getattr(brian2, name, None), brian2.Unit):
                return getattr(brian2, name)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](visit(left), visit(right))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](visit(operand))
        raise ValueError(ast.unparse(node))

    text = text.strip()
    try:
        value = visit(ast.parse(text, mode="eval").body)
        float(value)  # neither complex nor too large
        return value
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, brian2.DimensionMismatchError):
        if text.replace("-", "_").isidentifier():
            return text
        raise EquispikeError(
            f"cannot read the value '{text}': write a number with its unit, such as 100*ms, 20*mV, 63.75*Hz or 0.5"
        ) from None


def describe_value(value: Value, unit: Quantity | None) -> str:
    """Write a value the way :func:`parse_value` reads it, for example ``100*ms``."""
    if unit is None:
        return str(value)
    return f"{float(value) / float(unit):.12g}*{unit}"  # as numbers: dividing quantities takes ten times as long


@dataclasses.dataclass(frozen=True)
class Params:
    """Base of all parameter sets: checked on construction, never changed afterwards."""

    def __post_init__(self) -> None:
        for field in self.declared():
            object.__setattr__(self, field.name, _checked(field, getattr(self, field.name)))

    @classmethod
    def declared(cls) -> list[dataclasses.Field]:
        """The fields made by :func:`param`."""
        return [field for field in dataclasses.fields(cls) if field.metadata]

    @classmethod
    def keys(cls) -> list[str]:
        return [field.name for field in cls.declared()]

    def updated(self, settings: Mapping[str, Value]) -> Self:
        """A copy with ``settings`` applied; values may be text such as ``100*ms``.

        Raises
        ------
        EquispikeError
            A key does not exist, a unit does not fit, or a value is out of range.
        """
        self.check_keys(settings)
        return dataclasses.replace(self, **settings)

    @classmethod
    def check_keys(cls, keys: Iterable[str]) -> None:
        """Raise EquispikeError for the first of ``keys`` that is not a parameter."""
        known = cls.keys()
        for key in keys:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f" (did you mean '{near[0]}'?)" if near else ""
                raise EquispikeError(f"unknown parameter '{key}'{hint}; the parameters are: {', '.join(known)}")

    def sections(self) -> dict[str, Params]:
        """All parameter sets of the network by the prefix of their names: this one by ``""``, others by ``conv1.`` and so on."""
        return {"": self}

    def structure(self) -> str:
        """How large the network is, in a few characters for a table."""
        return ""

    def structure_keys(self) -> set[str]:
        """The parameters that :meth:`structure` tells."""
        return set()

    def check_kind(self, model: str, data: str, kind: str) -> None:
        """Raise EquispikeError where samples of a ``kind``, images, events or features, cannot be shown to the network."""
        if kind == "events":
            raise EquispikeError(
                f"{data} holds recordings of events: train spiking-mlp or spiking-cnn on them, with --set encoding=events"
            )
        if kind == "features":
            raise EquispikeError(f"{model} learns from images: --features is for lif-readout and spiking-mlp")

    def check_images(self, data: str, shape: tuple[int, ...]) -> None:
        """Raise EquispikeError where images of ``shape`` (height, width[, channels]) cannot be shown to the network."""

    def namespace(self) -> dict[str, Quantity | float | int]:
        """The numeric fields under their own names, as the namespace of the equations."""
        return {key: value for key in self.keys() if not isinstance(value := getattr(self, key), str)}

    def as_text(self) -> dict[str, str]:
        """Every field as text that :meth:`updated` reads back."""
        return {
            field.name: describe_value(getattr(self, field.name), field.metadata["unit"]) for field in self.declared()
        }


def _checked(field: dataclasses.Field, value: Any) -> Any:
    meta, name = field.metadata, field.name
    kind = type(meta["default"])
    if kind is str and meta["pattern"]:
        if not re.fullmatch(meta["pattern"], str(value)):
            raise EquispikeError(f"{name} = {value!r} does not look like {meta['example']}")
        return value
    if kind is str:
        if value not in meta["choices"]:
            raise EquispikeError(f"{name} = {value!r} is not one of: {', '.join(meta['choices'])}")
        return value
    if isinstance(value, str | list | dict):  # lists and mappings from a file mean nothing here
        value = parse_value(str(value))
    unit = meta["unit"]
    if isinstance(value, str) or not have_same_dimensions(value, meta["default"]):
        wanted = (
            f"a value in {unit}, such as {name}={describe_value(meta['default'], unit)}" if unit else "a plain number"
        )
        got = f"'{value}'" if isinstance(value, str) else f"{value} ({get_unit(value.dim)})" if unit is None else value
        raise EquispikeError(f"{name} needs {wanted}, but got {got}")
    number = float(value) / float(unit) if unit is not None else float(value)
    if kind is int:
        if not math.isfinite(number) or number != int(number):
            raise EquispikeError(f"{name} must be a whole number, but is {number:g}")
        value = int(number)
    elif unit is None:
        value = number
    below = number <= meta["minimum"] if meta["exclusive"] else number < meta["minimum"]
    if not math.isfinite(number) or below or number > meta["maximum"]:
        raise EquispikeError(f"{name} = {describe_value(value, unit)} is out of range: {permitted_range(field)}")
    return value


def permitted_range(field: dataclasses.Field) -> str:
    """The permitted values of a field in words, for example ``more than 0*ms``."""
    meta = field.metadata
    if meta["choices"]:
        return "one of " + ", ".join(meta["choices"])
    if meta["pattern"]:
        return f"such as {meta['example']}"
    unit = f"*{meta['unit']}" if meta["unit"] is not None else ""
    parts = []
    if meta["minimum"] > -math.inf:
        parts.append(f"{'more than' if meta['exclusive'] else 'at least'} {meta['minimum']:g}{unit}")
    if meta["maximum"] < math.inf:
        parts.append(f"at most {meta['maximum']:g}{unit}")
    return " and ".join(parts) or "any finite value"
