"""Adaptive exponential integrate-and-fire neuron."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, ms, mV, nA, nS, pA, pF

from equispike.models.neurons.base import CHOICE, Neuron, NeuronParams, Pattern
from equispike.models.neurons.lif import HELD
from equispike.models.params import param

PAPER = "Brette & Gerstner 2005, J. Neurophysiol. 94:3637-3642, legend of figure 2"


@dataclass(frozen=True)
class AdexParams(NeuronParams):
    """Adaptive exponential integrate-and-fire neuron."""

    dt: Quantity = param(
        0.02 * ms, "time step of the integration", CHOICE, unit=ms, minimum=1e-6, maximum=10, exclusive=True
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


def _pattern(label, kind, c_mem, g_leak, e_leak, a, tau_w, b, v_reset, current, duration=600.0) -> Pattern:
    settings = {
        "c_mem": c_mem * pF, "g_leak": g_leak * nS, "e_leak": e_leak * mV, "v_threshold": -50 * mV, "delta_t": 2 * mV,
        "a": a * nS, "tau_w": tau_w * ms, "b": b * pA, "v_reset": v_reset * mV, "v_cut": 0 * mV,
    }  # fmt: skip
    return Pattern(label, kind, settings, ((0.0, current / 1000),), duration, dt=0.1)


#: Table 1 of Naud et al. 2008, Biol. Cybern. 99:335-347, doi:10.1007/s00422-008-0264-7, with the changes by P. Müller that
#: make the published figures, as in Brian2's example of that paper (Schmitt & Billaudelle 2022), from which they are
#: taken with its time step; the paper itself was not at hand.
_PATTERNS = (
    _pattern("tonic spiking", "tonic spiking", 200, 10, -70, 2, 30, 0, -58, 500),
    _pattern("adaptation", "adaptation", 200, 12, -70, 2, 300, 60, -58, 500),
    _pattern("initial burst", "initial burst", 130, 18, -58, 4, 150, 120, -50, 400),
    _pattern("regular bursting", "tonic bursting", 200, 10, -58, 2, 120, 100, -46, 210),
    _pattern("delayed accelerating", "delayed accelerating", 200, 12, -70, -10, 300, 0, -58, 300),
    _pattern("delayed regular bursting", "delayed bursting", 100, 10, -65, -10, 90, 30, -47, 110),
    _pattern("transient spiking", "phasic spiking", 100, 10, -65, 10, 90, 100, -47, 180),
    _pattern("irregular spiking", "irregular spiking", 100, 12, -60, -11, 130, 30, -48, 160),
)

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
    peak="v_cut",
    patterns=_PATTERNS,
)
