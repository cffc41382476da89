"""Pair rules that differ in how a change depends on the weight it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from brian2 import Quantity, ms

from equispike.models.params import param
from equispike.models.plasticity.base import CHOICE, Rule
from equispike.models.plasticity.pair import FROM_MEMORY, POST_TRACE, PRE_TRACE, SPIKE, TraceParams

SONG = "Song, Miller & Abbott 2000, Nat. Neurosci. 3:919-926, as in Brian2's example"
GUETIG_PAPER = "Gütig, Aharonov, Rotter & Sompolinsky 2003, J. Neurosci. 23:3697-3714"
MORRISON = "Morrison, Aertsen & Diesmann 2007, Neural Comput. 19:1437-1467"
#: Card of a later network with Morrison's rule: the values of the 2007 paper are for weights in pA.
LATER = f"{MORRISON}; values of PMC3398398, table 8"


@dataclass(frozen=True)
class SongParams(TraceParams):
    """Constants of Song, Miller and Abbott; weights are parts of the largest one."""

    tau_plus: Quantity = param(20 * ms, "time constant of potentiation", SONG, unit=ms, minimum=0, exclusive=True)
    tau_minus: Quantity = param(20 * ms, "time constant of depression", SONG, unit=ms, minimum=0, exclusive=True)
    a_plus: float = param(0.01, "potentiation by a pair without delay, part of w_max", SONG, minimum=0)
    a_minus: float = param(0.0105, "depression by a pair without delay, part of w_max", SONG, minimum=0)
    w_max: float = param(1.0, "largest weight", SONG, minimum=0, exclusive=True)


@dataclass(frozen=True)
class VanRossumParams(SongParams):
    """Depression in proportion to the weight, which settles where both are equal, near a_plus / a_minus."""

    a_minus: float = param(0.02, "depression by a pair without delay, part of the weight", CHOICE, minimum=0)


@dataclass(frozen=True)
class GuetigParams(SongParams):
    """Between additive (exponents 0) and multiplicative (1)."""

    a_plus: float = param(
        0.005, "potentiation by a pair without delay, part of w_max", f"{GUETIG_PAPER}; {FROM_MEMORY}", minimum=0
    )
    a_minus: float = param(
        0.00525, "depression by a pair without delay, part of w_max", f"{GUETIG_PAPER}; {FROM_MEMORY}", minimum=0
    )
    mu_plus: float = param(0.02, "exponent of potentiation", f"{GUETIG_PAPER}; {FROM_MEMORY}", minimum=0)
    mu_minus: float = param(0.02, "exponent of depression", f"{GUETIG_PAPER}; {FROM_MEMORY}", minimum=0)


@dataclass(frozen=True)
class PowerLawParams(TraceParams):
    """Potentiation that grows with a power of the weight, depression in proportion to it."""

    tau_plus: Quantity = param(20 * ms, "time constant of potentiation", LATER, unit=ms, minimum=0, exclusive=True)
    tau_minus: Quantity = param(20 * ms, "time constant of depression", LATER, unit=ms, minimum=0, exclusive=True)
    rate_learning: float = param(0.005, "learning rate (lambda)", LATER, minimum=0)
    alpha: float = param(1.05, "depression in relation to potentiation", LATER, minimum=0)
    mu: float = param(0.4, "exponent of potentiation", LATER, minimum=0)
    w_reference: float = param(0.5, "weight at which both are the learning rate times it (w_0)", CHOICE, minimum=0,
                               exclusive=True)  # fmt: skip
    w_max: float = param(1.0, "largest weight; the paper has none", CHOICE, minimum=0, exclusive=True)


ADDITIVE = Rule(
    name="additive",
    summary="changes do not depend on the weight",
    citation=f"{SONG}, doi:10.1038/78829",
    params=SongParams,
    pre_traces=PRE_TRACE,
    post_traces=POST_TRACE,
    at_pre_spike=SPIKE,
    at_post_spike=SPIKE,
    on_pre="w = clip(w - learning * a_minus * w_max * x_post, 0, w_max)",
    on_post="w = clip(w + learning * a_plus * w_max * x_pre, 0, w_max)",
)
MULTIPLICATIVE = replace(
    ADDITIVE,
    name="multiplicative",
    summary="changes in proportion to the distance from the bound ahead",
    citation="Rubin, Lee & Sompolinsky 2001, Phys. Rev. Lett. 86:364-367; constants of Song, Miller & Abbott 2000",
    on_pre="w = clip(w - learning * a_minus * w * x_post, 0, w_max)",
    on_post="w = clip(w + learning * a_plus * (w_max - w) * x_pre, 0, w_max)",
)
VAN_ROSSUM = replace(
    ADDITIVE,
    name="van-rossum",
    summary="potentiation does not depend on the weight, depression is in proportion to it",
    citation="van Rossum, Bi & Turrigiano 2000, J. Neurosci. 20:8812-8821; constants of Song, Miller & Abbott 2000",
    params=VanRossumParams,
    on_pre="w = clip(w - learning * a_minus * w * x_post, 0, w_max)",
    on_post="w = clip(w + learning * a_plus * w_max * x_pre, 0, w_max)",
)
GUETIG = replace(
    ADDITIVE,
    name="guetig",
    summary="changes with a power of the distance from the bound ahead",
    citation=f"{GUETIG_PAPER}, doi:10.1523/JNEUROSCI.23-09-03697.2003",
    params=GuetigParams,
    on_pre="w = clip(w - learning * a_minus * w_max * (w / w_max)**mu_minus * x_post, 0, w_max)",
    on_post="w = clip(w + learning * a_plus * w_max * (1 - w / w_max)**mu_plus * x_pre, 0, w_max)",
)
POWER_LAW = replace(
    ADDITIVE,
    name="power-law",
    summary="potentiation with a power of the weight, depression in proportion to it",
    citation=f"{MORRISON}, doi:10.1162/neco.2007.19.6.1437",
    params=PowerLawParams,
    on_pre="w = clip(w - learning * rate_learning * alpha * w * x_post, 0, w_max)",
    on_post="w = clip(w + learning * rate_learning * w_reference**(1 - mu) * w**mu * x_pre, 0, w_max)",
)
