"""Leaky integrate-and-fire neurons: the circuit of a resistor and a capacitor, driven by a current or by conductances."""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Mohm, Quantity, ms, mV, nA

from equispike.models.errors import EquispikeError
from equispike.models.neurons.base import Neuron, NeuronParams
from equispike.models.params import param

TEXTBOOK = "Gerstner et al. 2014, Neuronal Dynamics, section 1.3; values of its exercises (neurodynex, LIF)"
DIEHL_COOK = "Diehl & Cook 2015, released code"
NEFTCI = "Neftci, Mostafa & Zenke 2019, equations 2 and 4"

#: The reset holds from the end of the spike's time step on, and t_refractory passes from there: for times without bias.
HELD = "t - lastspike < t_refractory + 0.5 * dt"


@dataclass(frozen=True)
class LifParams(NeuronParams):
    """Leaky integrate-and-fire neuron."""

    tau_mem: Quantity = param(
        8 * ms, "membrane time constant", TEXTBOOK, unit=ms, minimum=0, maximum=1e4, exclusive=True
    )
    r_mem: Quantity = param(10 * Mohm, "membrane resistance", TEXTBOOK, unit=Mohm, minimum=0, exclusive=True)
    v_rest: Quantity = param(-70 * mV, "resting potential", TEXTBOOK, unit=mV, minimum=-200, maximum=200)
    v_reset: Quantity = param(-65 * mV, "potential after a spike", TEXTBOOK, unit=mV, minimum=-200, maximum=200)
    v_threshold: Quantity = param(-50 * mV, "threshold", TEXTBOOK, unit=mV, minimum=-200, maximum=200)
    t_refractory: Quantity = param(2 * ms, "absolute refractory period", TEXTBOOK, unit=ms, minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.v_reset < self.v_threshold:
            raise EquispikeError("v_reset must be below v_threshold: the neuron would fire in every time step")


LIF = Neuron(
    name="lif",
    summary="leaky integrate-and-fire: resistor and capacitor, threshold, reset",
    citation="Lapicque 1907; Gerstner & Kistler 2002, section 4.1",
    equations="""
        dv/dt = (v_rest - v + r_mem * i_ext) / tau_mem : volt (unless refractory)
        i_ext : amp
    """,
    threshold="v > v_threshold",
    reset="v = v_reset",
    refractory=HELD,
    params=LifParams,
    method="exact",
    rest={"v": "v_rest"},
    input="i_ext",
    current=2.5,
    current_unit=nA,
)


@dataclass(frozen=True)
class ConductanceLifParams(NeuronParams):
    """Excitatory neuron of Diehl and Cook."""

    dt: Quantity = param(0.5 * ms, "time step", DIEHL_COOK, unit=ms, minimum=1e-6, maximum=10, exclusive=True)
    tau_mem: Quantity = param(100 * ms, "membrane time constant", DIEHL_COOK, unit=ms, minimum=0, exclusive=True)
    tau_ge: Quantity = param(1 * ms, "time constant of excitation", DIEHL_COOK, unit=ms, minimum=0, exclusive=True)
    tau_gi: Quantity = param(2 * ms, "time constant of inhibition", DIEHL_COOK, unit=ms, minimum=0, exclusive=True)
    v_rest: Quantity = param(-65 * mV, "resting potential", DIEHL_COOK, unit=mV)
    v_reset: Quantity = param(-65 * mV, "potential after a spike", DIEHL_COOK, unit=mV)
    v_threshold: Quantity = param(-52 * mV, "threshold", DIEHL_COOK, unit=mV)
    e_exc: Quantity = param(0 * mV, "reversal potential of excitation", DIEHL_COOK, unit=mV)
    e_inh: Quantity = param(-100 * mV, "reversal potential of inhibition", DIEHL_COOK, unit=mV)
    t_refractory: Quantity = param(5 * ms, "absolute refractory period", DIEHL_COOK, unit=ms, minimum=0)


CONDUCTANCE_LIF = Neuron(
    name="conductance-lif",
    summary="leaky integrate-and-fire driven by synaptic conductances alone",
    citation="Diehl & Cook 2015, equations of section 2.1",
    equations="""
        dv/dt = ((v_rest - v) + ge * (e_exc - v) + gi * (e_inh - v)) / tau_mem : volt (unless refractory)
        dge/dt = -ge / tau_ge : 1
        dgi/dt = -gi / tau_gi : 1
    """,
    threshold="v > v_threshold",
    reset="v = v_reset",
    params=ConductanceLifParams,
    rest={"v": "v_rest"},
)


@dataclass(frozen=True)
class DimensionlessLifParams(NeuronParams):
    """Dimensionless neuron of networks trained by gradients; values are chosen to suit an experiment's time steps."""

    tau_mem: Quantity = param(10 * ms, "membrane time constant", NEFTCI, unit=ms, minimum=0, exclusive=True)
    v_threshold: float = param(1.0, "threshold", NEFTCI, minimum=0, exclusive=True)


DIMENSIONLESS_LIF = Neuron(
    name="dimensionless-lif",
    summary="leaky integrate-and-fire without units, whose reset subtracts the threshold",
    citation="Neftci, Mostafa & Zenke 2019, equations 2 and 4, with a constant drive and bias; units of the threshold",
    equations="""
        dv/dt = (drive + b - v) / tau_mem : 1
        drive : 1
        b : 1
    """,
    threshold="v > v_threshold",
    reset="v -= v_threshold",
    refractory=False,
    params=DimensionlessLifParams,
    method="exact",
    input="drive",
    current=1.2,
)
