"""Synapses whose current does not depend on the postsynaptic potential."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import Quantity, ms, mV, pA

from equispike.models.errors import EquispikeError
from equispike.models.params import Params, param
from equispike.models.synapses.base import CHOICE, Synapse

DAYAN = "Dayan & Abbott 2001, Theoretical Neuroscience, section 5.8"
GERSTNER = "Gerstner & Kistler 2002, Spiking Neuron Models, section 4.1"


def _exponential(params: ExponentialParams, t: np.ndarray, v: float) -> np.ndarray:
    return float(params.i_peak) * np.exp(-t / float(params.tau_syn))


def _alpha(params: AlphaParams, t: np.ndarray, v: float) -> np.ndarray:
    s = t / float(params.tau_syn)
    return float(params.i_peak) * s * np.exp(1 - s)


def _double_exponential(params: DoubleExponentialParams, t: np.ndarray, v: float) -> np.ndarray:
    difference = np.exp(-t / float(params.tau_decay)) - np.exp(-t / float(params.tau_rise))
    return float(params.i_peak) * params.scale * difference


@dataclass(frozen=True)
class DeltaParams(Params):
    """A current so short that only its charge counts."""

    v_jump: Quantity = param(
        0.1 * mV, "jump of the potential at a spike", "Brunel 2000, J. Comput. Neurosci. 8:183-208", unit=mV
    )


@dataclass(frozen=True)
class ExponentialParams(Params):
    """A current that jumps and decays."""

    i_peak: Quantity = param(50 * pA, "largest current", CHOICE, unit=pA)
    tau_syn: Quantity = param(5 * ms, "decay of the current", CHOICE, unit=ms, minimum=0, exclusive=True)


@dataclass(frozen=True)
class AlphaParams(Params):
    """A current that rises and falls with one time constant."""

    i_peak: Quantity = param(50 * pA, "largest current, tau_syn after the spike", CHOICE, unit=pA)
    tau_syn: Quantity = param(
        5 * ms, "time of the largest current after the spike", CHOICE, unit=ms, minimum=0, exclusive=True
    )


@dataclass(frozen=True)
class DoubleExponentialParams(Params):
    """A current that rises with one time constant and falls with another."""

    i_peak: Quantity = param(50 * pA, "largest current", CHOICE, unit=pA)
    tau_rise: Quantity = param(1 * ms, "rise of the current", CHOICE, unit=ms, minimum=0, exclusive=True)
    tau_decay: Quantity = param(5 * ms, "decay of the current", CHOICE, unit=ms, minimum=0, exclusive=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.tau_rise < self.tau_decay:
            raise EquispikeError("tau_rise must be less than tau_decay; where they are one, the synapse is 'alpha'")

    @property
    def t_peak(self) -> float:
        """When the current is largest, in s after the spike."""
        rise, decay = float(self.tau_rise), float(self.tau_decay)
        return rise * decay / (decay - rise) * np.log(decay / rise)

    @property
    def scale(self) -> float:
        """What brings the largest value of the difference of the exponentials to 1."""
        return 1 / (np.exp(-self.t_peak / float(self.tau_decay)) - np.exp(-self.t_peak / float(self.tau_rise)))

    def namespace(self) -> dict:
        return super().namespace() | {"scale": float(self.scale)}


DELTA = Synapse(
    name="delta",
    summary="the potential jumps",
    citation="Gerstner & Kistler 2002, section 4.1; Brunel 2000, J. Comput. Neurosci. 8:183-208",
    equations="i_syn = 0*amp : amp",
    on_pre="v_post += w * v_jump",
    params=DeltaParams,
)
EXPONENTIAL = Synapse(
    name="exponential",
    summary="the current jumps and decays",
    citation=DAYAN,
    equations="di_syn/dt = -i_syn / tau_syn : amp",
    on_pre="i_syn_post += w * i_peak",
    params=ExponentialParams,
    kernel=_exponential,
)
ALPHA = Synapse(
    name="alpha",
    summary="the current rises and falls with one time constant",
    citation=GERSTNER,
    equations="""
        di_syn/dt = (x_syn - i_syn) / tau_syn : amp
        dx_syn/dt = -x_syn / tau_syn : amp
    """,
    on_pre="x_syn_post += w * i_peak * exp(1)",
    params=AlphaParams,
    kernel=_alpha,
)
DOUBLE_EXPONENTIAL = Synapse(
    name="double-exponential",
    summary="the current rises and falls with two time constants",
    citation=DAYAN,
    equations="""
        i_syn = i_fall - i_rise : amp
        di_fall/dt = -i_fall / tau_decay : amp
        di_rise/dt = -i_rise / tau_rise : amp
    """,
    on_pre="i_fall_post += w * i_peak * scale\ni_rise_post += w * i_peak * scale",
    params=DoubleExponentialParams,
    kernel=_double_exponential,
)
