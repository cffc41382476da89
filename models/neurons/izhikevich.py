"""Izhikevich's neuron: two equations, four parameters, twenty firing patterns."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, ms

from models.neurons.base import Neuron, NeuronParams
from models.params import param

PAPER = "Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569-1572, equations 1 to 3"
FIGURE = "Izhikevich 2004, IEEE Trans. Neural Netw. 15:1063-1070, figure 1 and its program figure1.m"


@dataclass(frozen=True)
class IzhikevichParams(NeuronParams):
    """Izhikevich's neuron; regular spiking."""

    dt: Quantity = param(
        0.25 * ms, "time step of the integration", FIGURE, unit=ms, minimum=0, maximum=10, exclusive=True
    )
    tau: Quantity = param(1 * ms, "unit of time", PAPER, unit=ms, minimum=0, exclusive=True)
    a: float = param(0.02, "rate of recovery", PAPER)
    b: float = param(0.2, "sensitivity of recovery to the potential", PAPER)
    c: float = param(-65.0, "potential after a spike (mV)", PAPER)
    d: float = param(8.0, "what a spike adds to recovery", PAPER)
    k2: float = param(0.04, "quadratic coefficient of the potential", PAPER)
    k1: float = param(5.0, "linear coefficient of the potential; 4.1 in the panels class 1 and integrator", PAPER)
    k0: float = param(140.0, "constant term; 108 in the panels class 1 and integrator", PAPER)
    v_u: float = param(0.0, "potential at which recovery has no drive (mV); -65 in the panel accommodation", FIGURE)
    decay: float = param(
        1.0, "recovery decays; 0 in the panel accommodation: it does not", FIGURE, minimum=0, maximum=1
    )
    v_peak: float = param(30.0, "potential at which a spike is cut off (mV)", PAPER)


IZHIKEVICH = Neuron(
    name="izhikevich",
    summary="quadratic integrate-and-fire with recovery: twenty firing patterns",
    citation="Izhikevich 2003, doi:10.1109/TNN.2003.820440; Izhikevich 2004, doi:10.1109/TNN.2004.832719",
    equations="""
        dv/dt = (k2 * v**2 + k1 * v + k0 - u + i_ext) / tau : 1
        du/dt = a * (b * (v - v_u) - decay * u) / tau : 1
        i_ext : 1
    """,
    threshold="v > v_peak",
    reset="v = c\nu += d",
    refractory=False,
    params=IzhikevichParams,
    method="euler",
    # The lower of the two potentials at which nothing moves; without one, the bottom of the parabola.
    rest={"v": "(b - k1 - sqrt(clip((k1 - b)**2 - 4 * k2 * k0, 0, 1e9))) / (2 * k2)", "u": "b * (v - v_u)"},
    input="i_ext",
    current=10.0,
    in_mv=True,
)
