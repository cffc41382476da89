"""Rules of Diehl & Cook 2015, with the constants of their network.

Normalisation may lift a weight above w_max; its room for growth is then zero, and the next postsynaptic spike brings it
back.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, ms

from equispike.models.params import Params, param
from equispike.models.plasticity.base import Rule

PAPER = "Diehl & Cook 2015, section 2.3"
CODE = "Diehl & Cook 2015, released code"
OURS = "not given in the paper; chosen here"


@dataclass(frozen=True)
class DiehlCookRuleParams(Params):
    """Constants of the network's rules; a rule uses the ones its equations name."""

    nu_pre: float = param(1e-4, "learning rate at a presynaptic spike", CODE, minimum=0)
    nu_post: float = param(1e-2, "learning rate at a postsynaptic spike", CODE, minimum=0)
    tau_x_pre: Quantity = param(
        20 * ms, "time constant of the presynaptic trace", CODE, unit=ms, minimum=0, exclusive=True
    )
    tau_x_post: Quantity = param(
        20 * ms, "time constant of the fast postsynaptic trace", CODE, unit=ms, minimum=0, exclusive=True
    )
    tau_y_post: Quantity = param(
        40 * ms, "time constant of the slow postsynaptic trace", CODE, unit=ms, minimum=0, exclusive=True
    )
    w_max: float = param(1.0, "largest weight", CODE, minimum=0, exclusive=True)
    x_target: float = param(0.4, "target value of the presynaptic trace at a postsynaptic spike", OURS, minimum=0)
    mu: float = param(0.9, "exponent of the weight dependence", OURS, minimum=0)
    beta: float = param(1.0, "strength of the exponential weight dependence", OURS, minimum=0)


_PRE = "dx/dt = -x / tau_x_pre : 1"
_POST_X = "dx/dt = -x / tau_x_post : 1"
_POST_Y = "dy/dt = -y / tau_y_post : 1"

DIEHL_COOK_RULES = {
    rule.name: rule
    for rule in (
        Rule(
            name="diehl-cook-triplet",
            summary="set traces, potentiation asks for an earlier postsynaptic spike",
            params=DiehlCookRuleParams,
            citation="Diehl & Cook 2015, as in their released code (after Pfister & Gerstner 2006)",
            pre_traces=_PRE,
            post_traces=f"{_POST_X}\n{_POST_Y}",
            at_pre_spike="x = 1",
            at_post_spike="x = 1\ny = 1",
            on_pre="w = clip(w - learning * nu_pre * x_post, 0, w_max)",
            on_post="w = clip(w + learning * nu_post * x_pre * y_post, 0, w_max)",
        ),
        Rule(
            name="diehl-cook-power-law",
            summary="at postsynaptic spikes only, power law of the weight",
            params=DiehlCookRuleParams,
            citation="Diehl & Cook 2015, equation 1",
            pre_traces=_PRE,
            post_traces="",
            at_pre_spike="x += 1",
            at_post_spike="",
            on_pre="",
            on_post="w = clip(w + learning * nu_post * (x_pre - x_target) * clip(w_max - w, 0, w_max)**mu, 0, w_max)",
        ),
        Rule(
            name="diehl-cook-exponential",
            summary="at postsynaptic spikes only, exponential of the weight",
            params=DiehlCookRuleParams,
            citation="Diehl & Cook 2015, equation 2 (weight dependence of Querlioz et al. 2013)",
            pre_traces=_PRE,
            post_traces="",
            at_pre_spike="x += 1",
            at_post_spike="",
            on_pre="",
            on_post=(
                "w = clip(w + learning * nu_post * (x_pre * exp(-beta * w) - x_target * exp(-beta * (w_max - w))), 0, w_max)"
            ),
        ),
        Rule(
            name="diehl-cook-pre-and-post",
            summary="at spikes of both sides, power law of the weight",
            params=DiehlCookRuleParams,
            citation="Diehl & Cook 2015, equations 3 and 4",
            pre_traces=_PRE,
            post_traces=_POST_X,
            at_pre_spike="x += 1",
            at_post_spike="x += 1",
            on_pre="w = clip(w - learning * nu_pre * x_post * w**mu, 0, w_max)",
            on_post="w = clip(w + learning * nu_post * (x_pre - x_target) * clip(w_max - w, 0, w_max)**mu, 0, w_max)",
        ),
        Rule(
            name="diehl-cook-pair",
            summary="pairs of spikes, additive, with the network's constants",
            params=DiehlCookRuleParams,
            citation="Song, Miller & Abbott 2000, additive, all-to-all pairs",
            pre_traces=_PRE,
            post_traces=_POST_X,
            at_pre_spike="x += 1",
            at_post_spike="x += 1",
            on_pre="w = clip(w - learning * nu_pre * x_post, 0, w_max)",
            on_post="w = clip(w + learning * nu_post * x_pre, 0, w_max)",
        ),
    )
}
