"""Integrate-and-fire neurons whose threshold rises with each spike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from brian2 import Quantity, ms, mV

from equispike.models.neurons.base import CHOICE, Neuron
from equispike.models.neurons.lif import (
    CONDUCTANCE_LIF,
    DIEHL_COOK,
    DIMENSIONLESS_LIF,
    LIF,
    ConductanceLifParams,
    DimensionlessLifParams,
    LifParams,
)
from equispike.models.params import param

BELLEC = "Bellec et al. 2018, equations 1 to 3"


def with_adaptive_threshold(neuron: Neuron, name: str) -> Neuron:
    """``neuron`` with a threshold that each spike raises by theta_plus and that decays with tau_theta.

    ``learning`` is 1 where the threshold adapts and 0 where it stays as it is, as for a network's weights.
    """
    return replace(
        neuron,
        name=name,
        summary=f"{neuron.summary}; spikes raise the threshold",
        citation=f"{neuron.citation}; adaptive threshold of Diehl & Cook 2015, section 2.4",
        equations=f"{neuron.equations}\n        dtheta/dt = -learning * theta / tau_theta : volt",
        threshold="v > v_threshold + theta - theta_offset",
        reset=f"{neuron.reset}\ntheta += learning * theta_plus",
        slow=("theta",),
    )


@dataclass(frozen=True)
class AdaptiveLifParams(LifParams):
    """Leaky integrate-and-fire neuron with an adaptive threshold, here fast enough to be seen in a second."""

    theta_plus: Quantity = param(2 * mV, "rise of the threshold at a spike", CHOICE, unit=mV, minimum=0)
    tau_theta: Quantity = param(
        100 * ms, "time constant of the threshold's decay", CHOICE, unit=ms, minimum=0, exclusive=True
    )
    theta_offset: Quantity = param(0 * mV, "what the threshold is lower by from the beginning", DIEHL_COOK, unit=mV)


@dataclass(frozen=True)
class AdaptiveConductanceLifParams(ConductanceLifParams):
    """Excitatory neuron of Diehl and Cook with its adaptive threshold."""

    theta_plus: Quantity = param(0.05 * mV, "rise of the threshold at a spike", DIEHL_COOK, unit=mV, minimum=0)
    tau_theta: Quantity = param(
        1e7 * ms, "time constant of the threshold's decay", DIEHL_COOK, unit=ms, minimum=0, exclusive=True
    )
    theta_offset: Quantity = param(20 * mV, "what the threshold is lower by from the beginning", DIEHL_COOK, unit=mV)


@dataclass(frozen=True)
class DimensionlessAlifParams(DimensionlessLifParams):
    """Dimensionless neuron with a threshold that adapts."""

    tau_adapt: Quantity = param(
        100 * ms, "time constant of the threshold's decay", BELLEC, unit=ms, minimum=0, exclusive=True
    )
    adaptation: float = param(0.1, "rise of the threshold at a spike", CHOICE, minimum=0)


ADAPTIVE_LIF = replace(
    with_adaptive_threshold(LIF, "adaptive-lif"), params=AdaptiveLifParams, method="exponential_euler", current=3.5
)
ADAPTIVE_CONDUCTANCE_LIF = replace(
    with_adaptive_threshold(CONDUCTANCE_LIF, "adaptive-conductance-lif"), params=AdaptiveConductanceLifParams
)
DIMENSIONLESS_ALIF = replace(
    DIMENSIONLESS_LIF,
    name="dimensionless-alif",
    summary=f"{DIMENSIONLESS_LIF.summary}; spikes raise the threshold",
    citation="Bellec et al. 2018, equations 1 to 3: threshold that spikes raise",
    equations=f"{DIMENSIONLESS_LIF.equations}\n        da/dt = -a / tau_adapt : 1\n        adapts : 1 (constant)",
    threshold="v > v_threshold + a",
    reset="v -= v_threshold + a\na += adapts * adaptation",
    params=DimensionlessAlifParams,
    rest={"adapts": "1"},
    current=1.5,
)
