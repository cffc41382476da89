"""Synapses that open a conductance: AMPA, NMDA and GABA receptors with the constants of Brunel & Wang 2001."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from brian2 import Quantity, mM, ms, mV, nS

from equispike.models.params import Params, param
from equispike.models.synapses.base import Synapse

PAPER = "Brunel & Wang 2001, J. Comput. Neurosci. 11:63-85"
PORT = f"{PAPER}, pyramidal cells, as in Brian2's example"
JAHR = "Jahr & Stevens 1990, J. Neurosci. 10:3178-3182"


@dataclass(frozen=True)
class AmpaParams(Params):
    """AMPA receptors."""

    g_syn: Quantity = param(2.08 * nS, "conductance of one spike, external input", PORT, unit=nS, minimum=0)
    tau_syn: Quantity = param(2 * ms, "decay of the conductance", PORT, unit=ms, minimum=0, exclusive=True)
    e_syn: Quantity = param(0 * mV, "reversal potential", PORT, unit=mV)


@dataclass(frozen=True)
class GabaParams(AmpaParams):
    """GABA-A receptors."""

    g_syn: Quantity = param(1.25 * nS, "conductance of one spike", PORT, unit=nS, minimum=0)
    tau_syn: Quantity = param(10 * ms, "decay of the conductance", PORT, unit=ms, minimum=0, exclusive=True)
    e_syn: Quantity = param(-70 * mV, "reversal potential", PORT, unit=mV)


@dataclass(frozen=True)
class NmdaParams(Params):
    """NMDA receptors: slow, saturating, blocked by magnesium at low potentials."""

    g_syn: Quantity = param(0.327 * nS, "conductance with all gates open", PORT, unit=nS, minimum=0)
    tau_rise: Quantity = param(2 * ms, "decay of the transmitter, rise of the conductance", PORT, unit=ms, minimum=0,
                               exclusive=True)  # fmt: skip
    tau_decay: Quantity = param(100 * ms, "decay of the conductance", PORT, unit=ms, minimum=0, exclusive=True)
    rate_open: Quantity = param(0.5 / ms, "rate at which gates open (alpha)", PORT, unit=1 / ms, minimum=0)
    e_syn: Quantity = param(0 * mV, "reversal potential", PORT, unit=mV)
    c_mg: Quantity = param(1 * mM, "concentration of magnesium", PORT, unit=mM, minimum=0)
    c_half: Quantity = param(3.57 * mM, "magnesium that blocks half at 0 mV", JAHR, unit=mM, minimum=0, exclusive=True)
    v_block: Quantity = param(
        1 / 0.062 * mV, "steepness of the block (1 / 0.062 per mV)", JAHR, unit=mV, minimum=0, exclusive=True
    )


def _one_gate(params: AmpaParams, t: np.ndarray, v: float) -> np.ndarray:
    return float(params.g_syn) * np.exp(-t / float(params.tau_syn)) * (float(params.e_syn) - v)


AMPA = Synapse(
    name="ampa",
    summary="fast excitatory conductance",
    citation=f"{PAPER}, doi:10.1023/A:1011204814320",
    equations="""
        i_syn = g_syn * s * (e_syn - v) : amp
        ds/dt = -s / tau_syn : 1
    """,
    on_pre="s_post += w",
    params=AmpaParams,
    kernel=_one_gate,
    conductance=True,
)
GABA = replace(AMPA, name="gaba", summary="inhibitory conductance", params=GabaParams)
NMDA = Synapse(
    name="nmda",
    summary="slow excitatory conductance, blocked by magnesium",
    citation=f"{AMPA.citation}; block of {JAHR}",
    equations="""
        i_syn = g_syn * s * (e_syn - v) / (1 + c_mg / c_half * exp(-v / v_block)) : amp
        ds/dt = -s / tau_decay + rate_open * x * (1 - s) : 1
        dx/dt = -x / tau_rise : 1
    """,
    on_pre="x_post += w",
    params=NmdaParams,
    conductance=True,
)
