"""What a neuron model is: equations, threshold, reset and refractoriness as text, with a parameter set for its numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2 import Equations, Quantity, ms

from equispike.models.params import Params, param

CHOICE = "chosen here"


@dataclass(frozen=True)
class NeuronParams(Params):
    """Base of a neuron's parameters: those of its equations, and the time step they are integrated with."""

    dt: Quantity = param(
        0.1 * ms, "time step of the integration", CHOICE, unit=ms, minimum=1e-6, maximum=10, exclusive=True
    )


@dataclass(frozen=True)
class Pattern:
    """A published panel: parameters, beginning and current of a neuron that shows a firing pattern.

    Attributes
    ----------
    label : what the paper calls it
    kind : what it is, in the words of :mod:`analysis.firing_patterns`, which knows several papers' words as one
    settings : parameters that differ from the neuron's, as text or values
    initial : state variables at the beginning, by name
    current : (time, value) or (time, value, slope) from which on the current is the value, growing with the slope; the
        unit of time is ms, that of values the neuron's ``current_unit``, and slopes are values a ms
    duration : in ms
    dt : time step in ms, part of the figure where the integration is coarse; None for that of the parameters
    """

    label: str
    kind: str
    settings: Mapping[str, Any]
    current: tuple[tuple[float, ...], ...]
    duration: float
    initial: Mapping[str, Any] = field(default_factory=dict)
    dt: float | None = None


@dataclass(frozen=True)
class Neuron:
    """Equations, threshold, reset and end of refractoriness of a neuron, without numbers.

    Attributes
    ----------
    threshold : any condition; the time of a spike is interpolated within its time step where it is one comparison
    refractory : how long, or the condition under which variables marked ``(unless refractory)`` are held; False where there
        is none
    slow : what changes in a time step by less than single precision resolves
    summary : what it is, in a few words
    params : its parameter class, a :class:`NeuronParams`; None for neurons whose numbers belong to a network's parameters
    method : Brian2's name of the integration method
    rest : variables that do not start at zero, as expressions of parameters, in the order in which they are set
    input : the variable that a current from outside sets; "" where there is none
    current : a current at which the neuron fires a few tens of times per second, in ``current_unit`` (None: a plain number);
        experiments take the scale of their currents from it
    patterns : published firing patterns
    in_mv : a dimensionless ``v`` stands for mV
    peak : the parameter that cuts a spike's upstroke off, up to which papers draw it; "" where spikes have their own shape or
        none
    """

    name: str
    citation: str
    equations: str
    threshold: str
    reset: str
    # A comparison of times, not Brian2's timestep(): the rounding to whole steps would keep compilers from vectorising.
    refractory: str | bool | Quantity = "t - lastspike < t_refractory - 0.5 * dt"
    slow: tuple[str, ...] = ()
    summary: str = ""
    params: type[NeuronParams] | None = None
    method: str = "exponential_euler"
    rest: Mapping[str, str] = field(default_factory=dict)
    input: str = ""
    current: float = 1.0
    current_unit: Quantity | None = None
    patterns: tuple[Pattern, ...] = ()
    in_mv: bool = False
    peak: str = ""

    @property
    def dtype(self) -> dict[str, type]:
        """Types for Brian2's NeuronGroup: slow variables are double on every backend."""
        return dict.fromkeys(self.slow, np.float64)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the differential equations' variables, ``v`` first."""
        names = Equations(self.equations).diff_eq_names
        return tuple(sorted(names, key=lambda name: (name != "v", name)))

    @property
    def excess(self) -> str | None:
        """How far the neuron is above its threshold, an expression; None where the threshold is not one comparison of what
        is the same when it is computed twice."""
        match ast.parse(self.threshold.strip(), mode="eval").body:
            case ast.Compare(left=left, ops=[ast.Gt() | ast.GtE()], comparators=[right]):
                pass
            case ast.Compare(left=right, ops=[ast.Lt() | ast.LtE()], comparators=[left]):
                pass
            case _:
                return None
        if re.search(r"\brandn?\(", self.threshold):
            return None
        return f"({ast.unparse(left)}) - ({ast.unparse(right)})"

    def renamed(self, suffix: str, names: frozenset[str]) -> Neuron:
        """The same neuron with its constants ``names`` written ``name_suffix``: one of several populations."""
        pattern = re.compile(rf"\b({'|'.join(sorted(names))})\b")
        texts = [
            text for text in ("equations", "threshold", "reset", "refractory") if isinstance(getattr(self, text), str)
        ]
        renamed: dict[str, Any] = {text: pattern.sub(rf"\1_{suffix}", getattr(self, text)) for text in texts}
        rest = {name: pattern.sub(rf"\1_{suffix}", value) for name, value in self.rest.items()}
        return replace(self, rest=rest, **renamed)
