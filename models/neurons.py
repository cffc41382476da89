"""Integrate-and-fire neurons as equations. Their constants are names only; a network's Params gives the numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Neuron:
    """Equations, threshold, reset and end of refractoriness of a neuron, without numbers."""

    name: str
    citation: str
    equations: str
    threshold: str
    reset: str
    # A comparison of times, not Brian2's timestep(): the rounding to whole steps would keep compilers from vectorising.
    refractory: str = "t - lastspike < t_refractory - 0.5 * dt"
    #: What changes in a time step by less than single precision resolves.
    slow: tuple[str, ...] = ()

    @property
    def dtype(self) -> dict[str, type]:
        """Types for Brian2's NeuronGroup: slow variables are double on every backend."""
        return dict.fromkeys(self.slow, np.float64)

    def renamed(self, suffix: str, names: frozenset[str]) -> Neuron:
        """The same neuron with its constants ``names`` written ``name_suffix``: one of several populations."""
        pattern = re.compile(rf"\b({'|'.join(sorted(names))})\b")
        texts = ("equations", "threshold", "reset", "refractory")
        renamed: dict[str, Any] = {text: pattern.sub(rf"\1_{suffix}", getattr(self, text)) for text in texts}
        return replace(self, **renamed)


LIF = Neuron(
    name="lif",
    citation="Lapicque 1907; Gerstner & Kistler 2002, section 4.1",
    equations="""
        dv/dt = (v_rest - v + r_mem * i_ext) / tau_mem : volt (unless refractory)
        i_ext : amp
    """,
    threshold="v > v_threshold",
    reset="v = v_reset",
)

CONDUCTANCE_LIF = Neuron(
    name="conductance-lif",
    citation="Diehl & Cook 2015, equations of section 2.1",
    equations="""
        dv/dt = ((v_rest - v) + ge * (e_exc - v) + gi * (e_inh - v)) / tau_mem : volt (unless refractory)
        dge/dt = -ge / tau_ge : 1
        dgi/dt = -gi / tau_gi : 1
    """,
    threshold="v > v_threshold",
    reset="v = v_reset",
)

DRIVEN_LIF = Neuron(
    name="driven-lif",
    citation="Neftci, Mostafa & Zenke 2019, equations 2 and 4, with a constant drive and bias; units of the threshold",
    equations="""
        dv/dt = (drive + b - v) / tau_mem : 1
        drive : 1
        b : 1
    """,
    threshold="v > v_threshold",
    reset="v -= v_threshold",
)

ADAPTING_DRIVEN_LIF = replace(
    DRIVEN_LIF,
    name="adapting-driven-lif",
    citation="Bellec et al. 2018, equations 1 to 3: threshold that spikes raise",
    equations=f"{DRIVEN_LIF.equations}\n        da/dt = -a / tau_adapt : 1\n        adapts : 1 (constant)",
    threshold="v > v_threshold + a",
    reset="v -= v_threshold + a\na += adapts * adaptation",
)


def with_adaptive_threshold(neuron: Neuron, name: str) -> Neuron:
    """``neuron`` with a threshold that each spike raises by theta_plus and that decays with tau_theta."""
    return replace(
        neuron,
        name=name,
        citation=f"{neuron.citation}; adaptive threshold of Diehl & Cook 2015, section 2.4",
        equations=f"{neuron.equations}\n        dtheta/dt = -learning * theta / tau_theta : volt",
        threshold="v > v_threshold + theta - theta_offset",
        reset=f"{neuron.reset}\ntheta += learning * theta_plus",
        slow=("theta",),
    )


ADAPTIVE_LIF = with_adaptive_threshold(LIF, "adaptive-lif")
ADAPTIVE_CONDUCTANCE_LIF = with_adaptive_threshold(CONDUCTANCE_LIF, "adaptive-conductance-lif")

NEURONS = {
    n.name: n for n in (LIF, ADAPTIVE_LIF, CONDUCTANCE_LIF, ADAPTIVE_CONDUCTANCE_LIF, DRIVEN_LIF, ADAPTING_DRIVEN_LIF)
}
