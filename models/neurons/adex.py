"""Adaptive exponential integrate-and-fire neuron."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, ms, mV, nA, nS, pA, pF

from models.neurons.base import CHOICE, Neuron, NeuronParams
from models.neurons.lif import HELD
from models.params import param

PAPER = "Brette & Gerstner 2005, J. Neurophysiol. 94:3637-3642, legend of figure 2"


@dataclass(frozen=True)
class AdexParams(NeuronParams):
    """Adaptive exponential integrate-and-fire neuron."""

    dt: Quantity = param(
        0.02 * ms, "time step of the integration", CHOICE, unit=ms, minimum=0, maximum=10, exclusive=True
    )
    c_mem: Quantity = param(281 * pF, "membrane capacitance", PAPER, unit=pF, minimum=0, exclusive=True)
    g_leak: Quantity = param(30 * nS, "leak conductance", PAPER, unit=nS, minimum=0, exclusive=True)
    e_leak: Quantity = param(-70.6 * mV, "leak reversal potential", PAPER, unit=mV)
    v_threshold: Quantity = param(-50.4 * mV, "potential at which the spike's upstroke begins", PAPER, unit=mV)
    delta_t: Quantity = param(2 * mV, "sharpness of the upstroke", PAPER, unit=mV, minimum=0, exclusive=True)
    tau_w: Quantity = param(144 * ms, "time constant of adaptation", PAPER, unit=ms, minimum=0, exclusive=True)
    a: Quantity = param(4 * nS, "adaptation below threshold", PAPER, unit=nS)
    b: Quantity = param(80.5 * pA, "adaptation by a spike", PAPER, unit=pA)
    v_reset: Quantity = param(-70.6 * mV, "potential after a spike", PAPER, unit=mV)
    v_cut: Quantity = param(0 * mV, "potential at which a spike is cut off", "Naud et al. 2008, section 2", unit=mV)
    t_refractory: Quantity = param(0 * ms, "absolute refractory period", PAPER, unit=ms, minimum=0)


ADEX = Neuron(
    name="adex",
    summary="adaptive exponential integrate-and-fire: exponential upstroke, one adaptation current",
    citation="Brette & Gerstner 2005, J. Neurophysiol. 94:3637-3642, doi:10.1152/jn.00686.2005",
    equations="""
        dv/dt = (g_leak * (e_leak - v + upstroke) - w + i_ext) / c_mem : volt (unless refractory)
        upstroke = delta_t * exp((v - v_threshold) / delta_t) : volt
        dw/dt = (a * (v - e_leak) - w) / tau_w : amp
        i_ext : amp
    """,
    threshold="v > v_cut",
    reset="v = v_reset\nw += b",
    refractory=HELD,
    params=AdexParams,
    method="euler",
    rest={"v": "e_leak"},
    input="i_ext",
    current=1.0,
    current_unit=nA,
)
