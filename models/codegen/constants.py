"""Numbers of a network's namespace: what code reads of them, and what a run may give in their place."""

from __future__ import annotations

import numbers
from collections.abc import Mapping

import brian2
import numpy as np
from brian2 import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS, Quantity
from brian2.core.variables import Constant

from equispike.models.errors import EquispikeError

type Number = bool | int | float

#: Whole numbers beyond this one are not all exact in the double precision in which a program reads them.
_EXACT = 2**53


def is_read(namespace: Mapping[str, object], owner: object, name: str, variable: object) -> bool:
    """Whether what the code of ``owner`` calls ``name`` was resolved to a number of this very ``namespace``.

    It was not where a group has a variable or a namespace of its own with that name, or Brian2 has a unit or constant.
    """
    return (
        isinstance(variable, Constant)
        and variable.owner is None
        and getattr(owner, "namespace", None) is namespace
        and name in namespace
        and not any(name in known for known in (DEFAULT_CONSTANTS, DEFAULT_UNITS, DEFAULT_FUNCTIONS))
    )


def numbers_of(namespace: Mapping[str, object]) -> dict[str, Number]:
    """The numbers of a namespace by name, in SI units: truth values, whole and floating-point numbers as Python has them."""
    return {name: _python(value) for name, value in namespace.items() if _is_number(value)}


def numbers_for_run(namespace: Mapping[str, object], given: Mapping[str, object]) -> dict[str, Number]:
    """All numbers of a run for which some are ``given``, in SI units; each keeps the type that it was built with.

    Raises
    ------
    EquispikeError
        A name is no number of the namespace; or its number has other units, or none that the type it was built with has.
    """
    result = numbers_of(namespace)
    for name, value in given.items():
        if name not in result:
            raise EquispikeError(
                f"the network has no number {name} that a run could give: it has {', '.join(sorted(result))}"
            )
        if not _is_number(value):
            raise EquispikeError(f"{name} is {value!r}, which is not a number")
        if isinstance(value, Quantity) and value.dim != brian2.get_dimensions(namespace[name]):
            wanted = brian2.get_dimensions(namespace[name])
            raise EquispikeError(f"{name} is {value}, in units other than those it was built with ({wanted})")
        result[name] = _as_built(name, _python(value), result[name])
        if isinstance(namespace[name], np.float32):
            result[name] = float(np.float32(result[name]))
    return result


def _as_built(name: str, value: Number, built: Number) -> Number:
    if isinstance(built, float):
        return float(value)
    if isinstance(built, bool) and value not in (0, 1):
        raise EquispikeError(f"{name} is {value}, but the network was built with a truth value: give True or False")
    if value != int(value) or abs(value) > _EXACT:
        raise EquispikeError(f"{name} is {value}, but the network was built with a whole number: give one up to 2^53")
    return type(built)(value)


def _is_number(value: object) -> bool:
    """Whether a value is one real number, with a unit or without."""
    if not isinstance(value, numbers.Number | np.generic | np.ndarray):
        return False
    array = np.asarray(value)
    return array.shape == () and array.dtype.kind in "biuf"


def _python(value: object) -> Number:
    """A number without its unit."""
    number = np.asarray(value).item()
    return number if isinstance(number, bool | int) else float(number)
