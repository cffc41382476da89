"""A window that does not ask which spike came first, balanced by depression at each presynaptic spike."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Hz, Quantity, ms

from equispike.models.params import param
from equispike.models.plasticity.base import CHOICE, Rule
from equispike.models.plasticity.pair import SPIKE, TraceParams

PAPER = "Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Science 334:1569-1573"
PORT = f"{PAPER}, as in Brian2's example"


@dataclass(frozen=True)
class SymmetricParams(TraceParams):
    """Inhibitory plasticity that holds the postsynaptic rate at a target."""

    tau_plus: Quantity = param(
        20 * ms, "time constant of the presynaptic trace", PORT, unit=ms, minimum=0, exclusive=True
    )
    tau_minus: Quantity = param(
        20 * ms, "time constant of the postsynaptic trace", PORT, unit=ms, minimum=0, exclusive=True
    )
    eta: float = param(0.01, "learning rate", PORT, minimum=0)
    rate_target: Quantity = param(3 * Hz, "postsynaptic rate that the rule aims at", PORT, unit=Hz, minimum=0)
    w_max: float = param(1.0, "largest weight", CHOICE, minimum=0, exclusive=True)


SYMMETRIC = Rule(
    name="symmetric",
    summary="pairs in either order strengthen, each presynaptic spike weakens",
    citation=f"{PAPER}, doi:10.1126/science.1211095",
    params=SymmetricParams,
    pre_traces="dx/dt = -x / tau_plus : 1",
    post_traces="dx/dt = -x / tau_minus : 1",
    at_pre_spike=SPIKE,
    at_post_spike=SPIKE,
    on_pre="w = clip(w + learning * eta * (x_post - 2 * rate_target * tau_minus), 0, w_max)",
    on_post="w = clip(w + learning * eta * x_pre, 0, w_max)",
)
