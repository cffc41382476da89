"""Three factors: pairs of spikes leave an eligibility trace at the synapse, which reward turns into a change of weight."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, ms

from equispike.models.params import param
from equispike.models.plasticity.base import CHOICE, Rule
from equispike.models.plasticity.pair import FROM_MEMORY, POST_TRACE, PRE_TRACE, SPIKE, TraceParams

PAPER = "Izhikevich 2007, Cereb. Cortex 17:2443-2452"
PORT = f"{PAPER}, as in Brian2's and sPyNNaker's examples"


@dataclass(frozen=True)
class RewardParams(TraceParams):
    """Dopamine that gates spike-timing-dependent plasticity."""

    tau_plus: Quantity = param(20 * ms, "time constant of potentiation", PORT, unit=ms, minimum=0, exclusive=True)
    tau_minus: Quantity = param(20 * ms, "time constant of depression", PORT, unit=ms, minimum=0, exclusive=True)
    a_plus: float = param(0.1, "eligibility by a pair without delay, pre before post", f"{PAPER}; {FROM_MEMORY}",
                          minimum=0)  # fmt: skip
    a_minus: float = param(0.15, "eligibility by a pair without delay, post before pre, taken off",
                           f"{PAPER}; {FROM_MEMORY}", minimum=0)  # fmt: skip
    tau_eligibility: Quantity = param(
        1000 * ms, "decay of the eligibility trace c", PORT, unit=ms, minimum=0, exclusive=True
    )
    tau_dopamine: Quantity = param(
        200 * ms, "decay of the dopamine concentration d", PORT, unit=ms, minimum=0, exclusive=True
    )
    reward: float = param(0.5, "dopamine that a reward brings, in units of one change of weight per second", CHOICE)
    rate_unit: Quantity = param(1000 * ms, "time in which c = d = 1 would change the weight by 1", PAPER, unit=ms,
                                minimum=0, exclusive=True)  # fmt: skip
    w_max: float = param(4.0, "largest weight (mV in the paper)", f"{PAPER}; {FROM_MEMORY}", minimum=0, exclusive=True)


REWARD_MODULATED = Rule(
    name="reward-modulated",
    summary="pairs of spikes mark a synapse, reward changes the marked ones",
    citation=f"{PAPER}, doi:10.1093/cercor/bhl152; Frémaux & Gerstner 2016, Front. Neural Circuits 9:85",
    params=RewardParams,
    pre_traces=PRE_TRACE,
    post_traces=POST_TRACE,
    at_pre_spike=SPIKE,
    at_post_spike=SPIKE,
    on_pre="c -= learning * a_minus * x_post\nw = clip(w, 0, w_max)",
    on_post="c += learning * a_plus * x_pre\nw = clip(w, 0, w_max)",
    synapse="""
        dc/dt = -c / tau_eligibility : 1 (clock-driven)
        dd/dt = -d / tau_dopamine : 1 (clock-driven)
        dw/dt = c * d / rate_unit * free : 1 (clock-driven)
        free = int((w > 0 or c > 0) and (w < w_max or c < 0)) : 1
    """,
    at_reward="d += reward",
)
