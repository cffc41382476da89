"""Triplet rule: potentiation also asks for an earlier postsynaptic spike, depression for an earlier presynaptic one.

A presynaptic neuron has a fast trace x (r1) and a slow one y (r2), a postsynaptic neuron a fast trace x (o1) and a slow one
y (o2). The slow traces are read before the spike's own increment, which the order within a time step takes care of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from brian2 import Quantity, ms

from equispike.models.params import param
from equispike.models.plasticity.base import Rule
from equispike.models.plasticity.pair import TraceParams

PAPER = "Pfister & Gerstner 2006, J. Neurosci. 26:9673-9682"
#: The tables as other projects quote them (NEST's stdp_triplet_synapse has the row of the visual cortex).
VISUAL, HIPPOCAMPUS = f"{PAPER}, table 3", f"{PAPER}, table 4"


def _amplitude(value: float, doc: str, source: str) -> float:
    return param(value, doc, source, minimum=0)


def _tau(value: float, doc: str, source: str) -> Quantity:
    return param(value * ms, doc, source, unit=ms, minimum=0, exclusive=True)


_A2_PLUS, _A3_PLUS = "potentiation by pairs", "potentiation by triplets"
_A2_MINUS, _A3_MINUS = "depression by pairs", "depression by triplets"
_TAU_X, _TAU_Y = "time constant of the slow presynaptic trace", "time constant of the slow postsynaptic trace"


@dataclass(frozen=True)
class TripletParams(TraceParams):
    """Fit to slices of visual cortex, all spikes."""

    a2_plus: float = _amplitude(5e-10, _A2_PLUS, VISUAL)
    a3_plus: float = _amplitude(6.2e-3, _A3_PLUS, VISUAL)
    a2_minus: float = _amplitude(7e-3, _A2_MINUS, VISUAL)
    a3_minus: float = _amplitude(2.3e-4, _A3_MINUS, VISUAL)
    tau_x: Quantity = _tau(101, f"{_TAU_X}; the fit does not depend on it", VISUAL)
    tau_y: Quantity = _tau(125, _TAU_Y, VISUAL)


@dataclass(frozen=True)
class MinimalTripletParams(TripletParams):
    """Fit to slices of visual cortex, all spikes, with two amplitudes only."""

    a2_plus: float = _amplitude(0.0, _A2_PLUS, VISUAL)
    a3_plus: float = _amplitude(6.5e-3, _A3_PLUS, VISUAL)
    a2_minus: float = _amplitude(7.1e-3, _A2_MINUS, VISUAL)
    a3_minus: float = _amplitude(0.0, _A3_MINUS, VISUAL)
    tau_y: Quantity = _tau(114, _TAU_Y, VISUAL)


@dataclass(frozen=True)
class HippocampalTripletParams(TripletParams):
    """Fit to hippocampal neurons in culture, all spikes."""

    a2_plus: float = _amplitude(6.1e-3, _A2_PLUS, HIPPOCAMPUS)
    a3_plus: float = _amplitude(6.7e-3, _A3_PLUS, HIPPOCAMPUS)
    a2_minus: float = _amplitude(1.6e-3, _A2_MINUS, HIPPOCAMPUS)
    a3_minus: float = _amplitude(1.4e-3, _A3_MINUS, HIPPOCAMPUS)
    tau_x: Quantity = _tau(946, _TAU_X, HIPPOCAMPUS)
    tau_y: Quantity = _tau(27, _TAU_Y, HIPPOCAMPUS)


@dataclass(frozen=True)
class NearestTripletParams(TripletParams):
    """Fit to hippocampal neurons in culture, nearest spikes."""

    a2_plus: float = _amplitude(4.6e-3, _A2_PLUS, HIPPOCAMPUS)
    a3_plus: float = _amplitude(9.1e-3, _A3_PLUS, HIPPOCAMPUS)
    a2_minus: float = _amplitude(3.0e-3, _A2_MINUS, HIPPOCAMPUS)
    a3_minus: float = _amplitude(7.5e-9, _A3_MINUS, HIPPOCAMPUS)
    tau_x: Quantity = _tau(575, f"{_TAU_X}; the fit does not depend on it", HIPPOCAMPUS)
    tau_y: Quantity = _tau(47, _TAU_Y, HIPPOCAMPUS)
    pairing: str = param(
        "nearest",
        "all-to-all: spikes add to traces; nearest: they set them to 1, so that only the last spike counts",
        HIPPOCAMPUS,
        choices=("all-to-all", "nearest"),
    )


_SPIKE = "x = all_to_all * x + 1\ny = all_to_all * y + 1"

TRIPLET = Rule(
    name="triplet-stdp",
    summary="pairs and triplets of spikes, fitted to visual cortex",
    citation=f"{PAPER}, doi:10.1523/JNEUROSCI.1425-06.2006",
    params=TripletParams,
    pre_traces="dx/dt = -x / tau_plus : 1\ndy/dt = -y / tau_x : 1",
    post_traces="dx/dt = -x / tau_minus : 1\ndy/dt = -y / tau_y : 1",
    at_pre_spike=_SPIKE,
    at_post_spike=_SPIKE,
    on_pre="w = clip(w - learning * x_post * (a2_minus + a3_minus * y_pre), 0, w_max)",
    on_post="w = clip(w + learning * x_pre * (a2_plus + a3_plus * y_post), 0, w_max)",
)
MINIMAL_TRIPLET = replace(
    TRIPLET,
    name="triplet-stdp-minimal",
    summary="depression by pairs, potentiation by triplets, fitted to visual cortex",
    params=MinimalTripletParams,
)
HIPPOCAMPAL_TRIPLET = replace(
    TRIPLET,
    name="triplet-stdp-hippocampus",
    summary="pairs and triplets of spikes, fitted to hippocampal culture",
    params=HippocampalTripletParams,
)
NEAREST_TRIPLET = replace(
    TRIPLET,
    name="triplet-stdp-hippocampus-nearest",
    summary="pairs and triplets of nearest spikes, fitted to hippocampal culture",
    params=NearestTripletParams,
)
