"""Parameters: frozen dataclasses whose every field carries its unit, meaning, source and permitted range."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import html
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import brian2
import numpy as np
from brian2 import Quantity, get_unit, have_same_dimensions

from equispike.models import own_files
from equispike.models.errors import EquispikeError

type Value = Quantity | np.ndarray | float | int | str

_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: lambda base, exponent: operator.pow(base * 1.0, exponent),  # of integers it could take forever
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
#: Ways to write several values, by the name of the NumPy function: first, last, how many.
_SERIES: dict[str, Any] = {"linspace": np.linspace, "logspace": np.logspace, "geomspace": np.geomspace}
_LONGEST = 100_000
#: Of programs; and what no quantity reaches in the unit that it is written in.
_LARGEST_INT, _LARGEST_QUANTITY = 2**31 - 1, 1e30


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
    default : value in Brian2 units (or int, float, str); an array (n,) where the parameter takes several values
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


def slot(
    default: str,
    parts: Mapping[str, Any],
    doc: str,
    source: str,
    *,
    why_not: Callable[[Any], str | None] = lambda part: None,
) -> Any:
    """Declare a field of :class:`SlotParams`: the name of the part of the suite that fills a place in the network.

    Parameters
    ----------
    parts : what there is, by name; each has a parameter class ``params``
    why_not : (part) -> one sentence why it cannot stand there, or None
    """
    refused = {name: why for name, part in parts.items() if (why := why_not(part))}
    made = param(default, doc, source, choices=tuple(name for name in parts if name not in refused))
    made.metadata = made.metadata | {"parts": _Parts(parts), "refused": refused, "why_not": why_not}
    return made


def parse_value(text: str) -> Any:
    """Evaluate ``100*ms``, ``-65*mV`` or ``0.5`` (numbers, Brian2 units, arithmetic); a bare word stays a string.

    Several values, as an array (n,), are ``linspace(0, 5, 41)*nA``, ``geomspace(1, 100, 3)``, ``logspace(0, 2, 3)`` or a
    list such as ``[1, 2, 5]*ms``.

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
            case ast.Call(func=ast.Name(id=name), args=[first, last, count], keywords=[]) if name in _SERIES:
                return _series(name, visit(first), visit(last), visit(count))
            case ast.List(elts=[_, *_] as elements):
                return _listed([visit(element) for element in elements])
        raise ValueError(ast.unparse(node))

    text = text.strip()
    try:
        with np.errstate(all="ignore"):
            value = visit(ast.parse(text, mode="eval").body)
        if np.ndim(value) == 0:
            float(value)  # neither complex nor too large
        return value
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, brian2.DimensionMismatchError):
        if text.replace("-", "_").isidentifier():
            return text
        raise EquispikeError(
            f"cannot read the value '{text}': write a number with its unit, such as 100*ms, 20*mV, 63.75*Hz or 0.5, or "
            "several, such as linspace(0,5,41)*nA or [1,2,5]*ms"
        ) from None


def _series(name: str, first: Any, last: Any, count: Any) -> Any:
    """Evenly spaced values; ``first`` and ``last`` may have a unit, for logspace they are powers of ten."""
    if not isinstance(count, int) or not 1 <= count <= _LONGEST or np.ndim(first) or np.ndim(last):
        raise ValueError(name)
    if name == "logspace" or not isinstance(first, Quantity):
        return _SERIES[name](float(first), float(last), count) if _plain(first, last) else _mismatch()
    if not have_same_dimensions(first, last):
        _mismatch()
    return Quantity(_SERIES[name](float(first), float(last), count), dim=first.dim)


def _listed(values: list[Any]) -> Any:
    if any(np.ndim(value) for value in values):
        raise ValueError("nested")
    if _plain(*values):
        return np.array([float(value) for value in values])
    if not all(have_same_dimensions(value, values[0]) for value in values):
        _mismatch()
    return Quantity([float(value) for value in values], dim=values[0].dim)


def _plain(*values: Any) -> bool:
    return all(have_same_dimensions(value, 1) for value in values)


def _mismatch() -> Any:
    raise ValueError("units that do not fit")


def unit_name(unit: Quantity) -> str:
    """A unit as :func:`parse_value` reads it, for example ``uA/cm**2``."""
    return re.sub(r"\((\w+\*\*\d+)\)", r"\1", str(unit).replace("^", "**"))


def describe_value(value: Value, unit: Quantity | None) -> str:
    """Write a value the way :func:`parse_value` reads it, for example ``100*ms`` or ``linspace(0,5,41)*nA``."""
    if np.ndim(value):
        numbers = np.asarray(value, dtype=float) / (1.0 if unit is None else float(unit))
        return _describe_series(numbers) + ("" if unit is None else f"*{unit_name(unit)}")
    if unit is None:
        return str(value)
    # As numbers: dividing quantities takes ten times as long.
    return f"{float(value) / float(unit):.12g}*{unit_name(unit)}"


def _describe_series(numbers: np.ndarray) -> str:
    if len(numbers) > 3:
        ends = f"{numbers[0]:.12g},{numbers[-1]:.12g},{len(numbers)}"
        if np.allclose(numbers, np.linspace(numbers[0], numbers[-1], len(numbers)), rtol=1e-12, atol=0):
            return f"linspace({ends})"
        if np.all(numbers > 0) and np.allclose(
            numbers, np.geomspace(numbers[0], numbers[-1], len(numbers)), rtol=1e-12, atol=0
        ):
            return f"geomspace({ends})"
    return "[" + ",".join(f"{number:.12g}" for number in numbers) + "]"


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
        _check_keys(keys, cls.keys())

    def sections(self) -> dict[str, Params]:
        """All parameter sets of the network by the prefix of their names: this one by ``""``, others by ``conv1.`` and so on."""
        return {"": self}

    def rows(self) -> list[dict[str, str]]:
        """Name, default (its value here), permitted values, meaning and source of each parameter of all sections."""
        return [
            {
                "name": prefix + field.name,
                "default": describe_value(getattr(section, field.name), field.metadata["unit"]),
                "permitted": permitted_range(field),
                "meaning": field.metadata["doc"],
                "source": field.metadata["source"],
            }
            for prefix, section in self.sections().items()
            for field in section.declared()
        ]

    def _repr_html_(self) -> str:
        """The parameters as a table, in Jupyter."""
        columns = ("parameter", "value", "permitted", "meaning", "source")
        head = "".join(f"<th>{column}</th>" for column in columns)
        rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row.values()) for row in self.rows())
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def structure(self) -> str:
        """How large the network is, in a few characters for a table."""
        return ""

    def structure_keys(self) -> set[str]:
        """The parameters that :meth:`structure` tells."""
        return set()

    def weights_and_synapses(self) -> tuple[int, int]:
        """How many weights the network learns, and how many synapses it has; 0 where it does not tell."""
        return 0, 0

    def check_kind(self, model: str, data: str, kind: str) -> None:
        """Raise EquispikeError where samples of a ``kind``, images, events or features, cannot be shown to the network."""
        if kind == "events":
            raise EquispikeError(
                f"{data} holds recordings of events: train spiking-mlp or spiking-cnn on them, with --set encoding=events"
            )
        if kind == "features":
            raise EquispikeError(f"{model} learns from images: --source is for lif-readout and spiking-mlp")

    def fitted_to(self, shape: tuple[int, ...], n_classes: int) -> dict[str, Any]:
        """Return the settings with which the network takes images of ``shape`` (height, width[, channels]) and tells so many
        classes apart.
        """
        return {}

    def check_images(self, data: str, shape: tuple[int, ...]) -> None:
        """Raise EquispikeError where images of ``shape`` (height, width[, channels]) cannot be shown to the network."""

    def namespace(self) -> dict[str, Quantity | float | int]:
        """The fields that are one number under their own names, as the namespace of the equations."""
        values = {key: getattr(self, key) for key in self.keys()}
        return {key: value for key, value in values.items() if not isinstance(value, str) and np.ndim(value) == 0}

    def as_text(self) -> dict[str, str]:
        """Every field as text that :meth:`updated` reads back."""
        return {
            field.name: describe_value(getattr(self, field.name), field.metadata["unit"]) for field in self.declared()
        }


class _Parts(dict[str, Any]):
    """Parts by name, and those of a user's own files by ``PATH.py:NAME``."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or own_files.is_own(name)

    def __missing__(self, name: str) -> Any:
        return own_files.load(name, type(next(iter(self.values()))))


@dataclasses.dataclass(frozen=True)
class SlotParams(Params):
    """Parameters of a network with slots: those of the part that fills slot ``rule`` are ``rule.tau_plus`` and so on.

    Attributes
    ----------
    filled : parameters of the part in each slot
    """

    filled: Mapping[str, Params] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        filled = {}
        for name in self.slots():
            params = self.part(name).params
            filled[name] = self.filled[name] if type(self.filled.get(name)) is params else params()
        object.__setattr__(self, "filled", filled)

    @classmethod
    def slots(cls) -> dict[str, Mapping[str, Any]]:
        """Return the parts that there are for each slot, by name."""
        return {field.name: field.metadata["parts"] for field in cls.declared() if "parts" in field.metadata}

    def part(self, slot: str) -> Any:
        """Return the part that fills a slot."""
        return self.slots()[slot][getattr(self, slot)]

    def part_params(self, slot: str) -> Any:
        """Return the parameters of the part that fills a slot."""
        return self.filled[slot]

    def updated(self, settings: Mapping[str, Value]) -> Self:
        chosen: dict[str, Params] = {}
        for name, parts in self.slots().items():
            now, wanted = getattr(self, name), str(settings.get(name, getattr(self, name)))
            chosen[name] = self.filled[name] if wanted == now or wanted not in parts else parts[wanted].params()
        known = [*self.keys(), *(f"{name}.{key}" for name, params in chosen.items() for key in params.keys())]
        _check_keys(settings, known)
        own = {key: value for key, value in settings.items() if "." not in key}
        for name, params in chosen.items():
            of_part = {key.removeprefix(f"{name}."): settings[key] for key in settings if key.startswith(f"{name}.")}
            try:
                chosen[name] = params.updated(of_part)
            except EquispikeError as error:
                words = "|".join(of_part)
                raise EquispikeError(re.sub(rf"\b({words})\b", rf"{name}.\1", str(error))) from None
        return dataclasses.replace(self, filled=chosen, **own)

    def sections(self) -> dict[str, Params]:
        return {"": self} | {f"{name}.": params for name, params in self.filled.items()}

    def namespace(self) -> dict[str, Quantity | float | int]:
        numbers = super().namespace()
        for name, params in self.filled.items():
            numbers = together(numbers, params.namespace(), f"{name}.")
        return numbers

    def as_text(self) -> dict[str, str]:
        of_parts = {f"{name}.{k}": text for name, params in self.filled.items() for k, text in params.as_text().items()}
        return super().as_text() | of_parts


def together(numbers: dict, others: Mapping[str, Any], prefix: str = "") -> dict:
    """Join the numbers of two namespaces; raises EquispikeError where they mean different numbers by one name."""
    for key, value in others.items():
        if key in numbers and (not have_same_dimensions(numbers[key], value) or numbers[key] != value):
            raise EquispikeError(f"{key} has two values, one of them that of {prefix}{key}: give one another name")
    return numbers | dict(others)


def _check_keys(keys: Iterable[str], known: list[str]) -> None:
    for key in keys:
        if key not in known:
            # Also by the names without their sections: what is called tau_mem may be neuron.tau_mem here.
            full = {name.rpartition(".")[2]: name for name in reversed(known)} | {name: name for name in known}
            near = difflib.get_close_matches(key, full, n=1)
            hint = f" (did you mean '{full[near[0]]}'?)" if near else ""
            raise EquispikeError(f"unknown parameter '{key}'{hint}; the parameters are: {', '.join(known)}")


def _checked(field: dataclasses.Field, value: Any) -> Any:
    meta, name = field.metadata, field.name
    kind = type(meta["default"])
    if kind is str and meta["pattern"]:
        if not re.fullmatch(meta["pattern"], str(value)):
            raise EquispikeError(f"{name} = {str(value)[:60]!r} does not look like {meta['example']}")
        return value
    if kind is str:
        if "parts" in meta and own_files.is_own(value):
            value = own_files.absolute(value)
            if why := meta["why_not"](meta["parts"][value]):
                raise EquispikeError(why)
            return value
        if why := meta.get("refused", {}).get(str(value)):
            raise EquispikeError(why)
        if value not in meta["choices"]:
            raise EquispikeError(f"{name} = {value!r} is not one of: {', '.join(meta['choices'])}")
        return value
    several = bool(np.ndim(meta["default"]))
    if several and isinstance(value, list) and all(isinstance(each, str) for each in value):  # of a file
        value = f"[{','.join(value)}]"
    if isinstance(value, str | list | dict):  # other lists and mappings from a file mean nothing here
        value = parse_value(str(value))
    unit = meta["unit"]
    if isinstance(value, str) or not have_same_dimensions(value, meta["default"]):
        wanted = (
            f"a value in {unit_name(unit)}, such as {name}={describe_value(meta['default'], unit)}"
            if unit is not None
            else "a plain number"
        )
        raise EquispikeError(f"{name} needs {wanted}, but got {_received(value, unit)}")
    if several:
        return _checked_series(name, meta, value)
    if np.ndim(value):
        raise EquispikeError(
            f"{name} takes one value, such as {name}={describe_value(meta['default'], unit)}, but got {np.size(value)}"
        )
    number = float(value) / float(unit) if unit is not None else float(value)
    if kind is int:
        if not math.isfinite(number) or number != int(number):
            raise EquispikeError(f"{name} must be a whole number, but is {number:g}")
        if abs(number) > _LARGEST_INT:
            raise EquispikeError(f"{name} = {number:g} is out of range: whole numbers go up to {_LARGEST_INT}")
        value = int(number)
    elif unit is None:
        value = number
    elif abs(number) > _LARGEST_QUANTITY:
        raise EquispikeError(
            f"{name} = {number:g}*{unit_name(unit)} is out of range: {_LARGEST_QUANTITY:g} is the most in size"
        )
    if not _permitted(meta, number):
        raise EquispikeError(f"{name} = {describe_value(value, unit)} is out of range: {permitted_range(field)}")
    return value


def _received(value: Any, unit: Quantity | None) -> Any:
    """A value that was refused, in one line."""
    if isinstance(value, str):
        return f"'{value}'"
    if np.ndim(value):
        return describe_value(value, value.get_best_unit() if isinstance(value, Quantity) else None)
    return f"{value} ({get_unit(value.dim)})" if unit is None else value


def _checked_series(name: str, meta: Mapping[str, Any], value: Any) -> Any:
    """Several values, (n,), which one value becomes as well; read only, as parameters are frozen."""
    unit = meta["unit"]
    values = np.atleast_1d(np.array(value, dtype=float))
    numbers = values if unit is None else values / float(unit)
    if values.ndim > 1 or not values.size:
        raise EquispikeError(f"{name} takes one row of values")
    for number in numbers:
        if not _permitted(meta, float(number)):
            raise EquispikeError(f"{name} holds {number:g}, which is out of range: {_range_in_words(meta)}")
    result = values if unit is None else Quantity(values, dim=unit.dim)
    result.flags.writeable = False
    return result


def _permitted(meta: Mapping[str, Any], number: float) -> bool:
    below = number <= meta["minimum"] if meta["exclusive"] else number < meta["minimum"]
    return math.isfinite(number) and not below and number <= meta["maximum"]


def permitted_range(field: dataclasses.Field) -> str:
    """The permitted values of a field in words, for example ``more than 0*ms``."""
    return _range_in_words(field.metadata)


def _range_in_words(meta: Mapping[str, Any]) -> str:
    if meta["choices"]:
        return "one of " + ", ".join(meta["choices"])
    if meta["pattern"]:
        return f"such as {meta['example']}"
    unit = f"*{unit_name(meta['unit'])}" if meta["unit"] is not None else ""
    parts = []
    if meta["minimum"] > -math.inf:
        parts.append(f"{'more than' if meta['exclusive'] else 'at least'} {meta['minimum']:g}{unit}")
    if meta["maximum"] < math.inf:
        parts.append(f"at most {meta['maximum']:g}{unit}")
    return " and ".join(parts) or "any finite value"
