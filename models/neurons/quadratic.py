"""Quadratic integrate-and-fire neuron: the normal form of neurons that fire as slowly as one likes."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Mohm, Quantity, ms, mV, nA

from equispike.models.neurons.base import CHOICE, Neuron, NeuronParams
from equispike.models.neurons.lif import HELD
from equispike.models.params import param

BOOK = "Gerstner et al. 2014, Neuronal Dynamics, section 5.3"


@dataclass(frozen=True)
class QuadraticParams(NeuronParams):
    """Quadratic integrate-and-fire neuron."""

    dt: Quantity = param(
        0.02 * ms, "time step of the integration", CHOICE, unit=ms, minimum=1e-6, maximum=10, exclusive=True
    )
    tau_mem: Quantity = param(10 * ms, "membrane time constant", CHOICE, unit=ms, minimum=0, exclusive=True)
    r_mem: Quantity = param(10 * Mohm, "membrane resistance", CHOICE, unit=Mohm, minimum=0, exclusive=True)
    a0: Quantity = param(0.1 / mV, "curvature of the characteristic", CHOICE, unit=1 / mV, minimum=0, exclusive=True)
    v_rest: Quantity = param(-65 * mV, "resting potential", CHOICE, unit=mV)
    v_crit: Quantity = param(-55 * mV, "potential above which the neuron spikes by itself", CHOICE, unit=mV)
    v_peak: Quantity = param(30 * mV, "potential at which a spike is cut off", CHOICE, unit=mV)
    v_reset: Quantity = param(-70 * mV, "potential after a spike", CHOICE, unit=mV)
    t_refractory: Quantity = param(0 * ms, "absolute refractory period", CHOICE, unit=ms, minimum=0)


QUADRATIC = Neuron(
    name="quadratic",
    summary="quadratic integrate-and-fire: an upstroke of its own, rates from zero on",
    citation="Latham et al. 2000, J. Neurophysiol. 83:808-827; Gerstner et al. 2014, Neuronal Dynamics, section 5.3",
    equations="""
        dv/dt = (a0 * (v - v_rest) * (v - v_crit) + r_mem * i_ext) / tau_mem : volt (unless refractory)
        i_ext : amp
    """,
    threshold="v > v_peak",
    reset="v = v_reset",
    refractory=HELD,
    params=QuadraticParams,
    method="rk4",
    rest={"v": "v_rest"},
    input="i_ext",
    current=0.5,
    current_unit=nA,
    peak="v_peak",
)
