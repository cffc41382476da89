"""Pair rules: a weight changes at each spike by what is left of the spikes of the other side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from brian2 import Quantity, ms

from equispike.models.params import Params, param
from equispike.models.plasticity.base import CHOICE, Rule

BI_POO = "Bi & Poo 2001, Annu. Rev. Neurosci. 24:139-166"
FIT = f"{BI_POO}, as used by Pfister & Gerstner 2006, J. Neurosci. 26:9673-9682"
FROM_MEMORY = "remembered, not checked against the paper"


@dataclass(frozen=True)
class TraceParams(Params):
    """What all rules of two exponential traces have."""

    tau_plus: Quantity = param(
        16.8 * ms, "time constant of potentiation (presynaptic trace)", FIT, unit=ms, minimum=0, exclusive=True
    )
    tau_minus: Quantity = param(
        33.7 * ms, "time constant of depression (postsynaptic trace)", FIT, unit=ms, minimum=0, exclusive=True
    )
    pairing: str = param(
        "all-to-all",
        "all-to-all: spikes add to traces; nearest: they set them to 1, so that only the last spike counts",
        CHOICE,
        choices=("all-to-all", "nearest"),
    )
    w_max: float = param(2.0, "largest weight", CHOICE, minimum=0, exclusive=True)

    def namespace(self) -> dict:
        return super().namespace() | {"all_to_all": float(self.pairing == "all-to-all")}


@dataclass(frozen=True)
class PairParams(TraceParams):
    """Window of hippocampal neurons in culture: the change after 60 pairs is 77.7 % and -27.3 % at the peaks."""

    a_plus: float = param(
        0.777 / 60,
        "potentiation by a pair without delay (a 60th of 0.777)",
        f"{BI_POO}; {FROM_MEMORY}",
        minimum=0,
    )
    a_minus: float = param(
        0.273 / 60, "depression by a pair without delay (a 60th of 0.273)", f"{BI_POO}; {FROM_MEMORY}", minimum=0
    )


@dataclass(frozen=True)
class AntiSymmetricParams(TraceParams):
    """Potentiation and depression of one size and one time constant."""

    a_plus: float = param(0.01, "potentiation by a pair without delay", CHOICE, minimum=0)
    a_minus: float = param(0.01, "depression by a pair without delay", CHOICE, minimum=0)
    tau_plus: Quantity = param(20 * ms, "time constant of potentiation", CHOICE, unit=ms, minimum=0, exclusive=True)
    tau_minus: Quantity = param(20 * ms, "time constant of depression", CHOICE, unit=ms, minimum=0, exclusive=True)


#: Traces of pair rules, and what a neuron's own spike does to them.
PRE_TRACE = "dx/dt = -x / tau_plus : 1"
POST_TRACE = "dx/dt = -x / tau_minus : 1"
SPIKE = "x = all_to_all * x + 1"

PAIR = Rule(
    name="pair-stdp",
    summary="pairs of spikes, additive, window of Bi & Poo",
    citation="Gerstner, Kempter, van Hemmen & Wagner 1996, Nature 383:76-81; Bi & Poo 1998, J. Neurosci. 18:10464-10472",
    params=PairParams,
    pre_traces=PRE_TRACE,
    post_traces=POST_TRACE,
    at_pre_spike=SPIKE,
    at_post_spike=SPIKE,
    on_pre="w = clip(w - learning * a_minus * x_post, 0, w_max)",
    on_post="w = clip(w + learning * a_plus * x_pre, 0, w_max)",
)
ANTI_SYMMETRIC = replace(
    PAIR,
    name="anti-symmetric",
    summary="pairs of spikes, window that changes its sign with the order of the spikes",
    citation="Abbott & Nelson 2000, Nat. Neurosci. 3:1178-1183",
    params=AntiSymmetricParams,
)
