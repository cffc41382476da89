"""Parameters of the Diehl & Cook network, each with its unit and source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from brian2 import Hz, Quantity, ms, mV, second

from equispike.models.diehl_cook.rest import never_at_rest
from equispike.models.errors import EquispikeError
from equispike.models.neurons import NEURONS, Neuron
from equispike.models.params import SlotParams, param, slot, together
from equispike.models.plasticity import ALL_RULES

PAPER = "Diehl & Cook 2015"
CODE = "Diehl & Cook 2015, released code"
OURS = "not in the paper; chosen here"


def _without_conductances(neuron: Neuron) -> str | None:
    if {"ge", "gi"} <= {*neuron.variables}:
        return None
    driven = f"is driven by {neuron.input}" if neuron.input else "has no conductances"
    return (
        f"{neuron.name} {driven}, but the synapses of diehl-cook change conductances ge and gi: choose conductance-lif or "
        "adaptive-conductance-lif"
    )


@dataclass(frozen=True)
class DiehlCookParams(SlotParams):
    """Parameters of the network; ``neuron.`` are those of the excitatory neurons."""

    n_input: int = param(784, "input neurons, one per pixel", PAPER, minimum=1, maximum=1_000_000)
    n_exc: int = param(400, "excitatory neurons, and as many inhibitory ones", PAPER, minimum=1, maximum=100_000)

    t_isi_min: Quantity = param(
        0 * ms,
        "least time between spikes, membrane free after neuron.t_refractory (ports: 50*ms)",
        OURS,
        unit=ms,
        minimum=0,
    )

    theta_init: Quantity = param(20 * mV, "adaptive threshold at the start", CODE, unit=mV, minimum=0)

    v_rest_inh: Quantity = param(-60 * mV, "resting potential, inhibitory", CODE, unit=mV)
    v_reset_inh: Quantity = param(-45 * mV, "reset potential, inhibitory", CODE, unit=mV)
    v_threshold_inh: Quantity = param(-40 * mV, "threshold, inhibitory", CODE, unit=mV)
    tau_mem_inh: Quantity = param(
        10 * ms, "membrane time constant, inhibitory", CODE, unit=ms, minimum=0, exclusive=True
    )
    t_refractory_inh: Quantity = param(2 * ms, "refractory time, inhibitory", CODE, unit=ms, minimum=0)
    e_inh_inh: Quantity = param(-85 * mV, "reversal potential of inhibition at inhibitory neurons", CODE, unit=mV)

    w_exc_inh: float = param(10.4, "weight from an excitatory neuron to its inhibitory partner", CODE, minimum=0)
    w_inh_exc: float = param(
        17.0, "weight from an inhibitory neuron to all excitatory ones but its partner", CODE, minimum=0
    )
    w_init: float = param(0.3, "initial input weights are w_init * (U(0, 1) + 0.01)", CODE, minimum=0)
    w_total: float = param(
        78.0, "sum of the input weights of a neuron after normalisation", CODE, minimum=0, exclusive=True
    )
    delay_max: Quantity = param(
        0 * ms, "input delays are uniform between 0 and this (paper: 10*ms); 0 is much faster", OURS, unit=ms, minimum=0
    )

    t_present: Quantity = param(350 * ms, "time an image is shown", PAPER, unit=ms, minimum=0, exclusive=True)
    t_rest: Quantity = param(150 * ms, "pause after an image", PAPER, unit=ms, minimum=0)
    t_rest_simulated: Quantity = param(
        20 * ms, "simulated part of the pause; the remainder decays in closed form", OURS, unit=ms, minimum=0
    )
    rest: str = param(
        "short",
        "short: simulate t_rest_simulated of the pause; full: simulate all of it",
        OURS,
        choices=("short", "full"),
    )
    rate_scale: Quantity = param(
        31.875 * Hz, "input rate of a white pixel at intensity 1 (255 / 8 Hz)", CODE, unit=Hz, minimum=0
    )
    intensity_init: float = param(2.0, "intensity at the first presentation of an image", CODE, minimum=0)
    intensity_step: float = param(
        1.0, "rise of the intensity when an image is repeated", CODE, minimum=0, exclusive=True
    )
    intensity_max: float = param(
        32.0,
        "intensity at which an image is accepted whatever it drew, so that a blank one cannot hang",
        OURS,
        minimum=0,
    )
    n_spikes_min: int = param(5, "excitatory spikes below which an image is repeated", PAPER, minimum=0)

    neuron: str = slot("adaptive-conductance-lif", NEURONS, "excitatory neurons", CODE, why_not=_without_conductances)
    rule: str = slot("diehl-cook-triplet", ALL_RULES, "plasticity rule of the input weights", CODE)
    inhibition: str = param(
        "relay",
        "relay: inhibition one step after the spike; neurons: inhibitory LIF neurons",
        OURS,
        choices=("relay", "neurons"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_steps_present < 1:
            raise EquispikeError("t_present is shorter than a time step: raise t_present or lower dt")
        simulated_rest = (self.n_steps - self.n_steps_present) * self.dt
        if (
            simulated_rest
            < max(self.part_params("neuron").t_refractory, self.t_refractory_inh, self.t_isi_min) - 0.5 * self.dt
        ):
            raise EquispikeError(
                "the simulated rest (the smaller of t_rest and t_rest_simulated) must last at least neuron.t_refractory, "
                "t_refractory_inh and t_isi_min, so that no image starts refractory"
            )
        if self.t_rest_remaining > 0 * second:
            for part in (self.part("neuron"), self.part("rule")):
                if name := never_at_rest(part):
                    raise EquispikeError(
                        f"{name} of {part.name} does not decay by itself, so that a part of the rest cannot be left out: set "
                        "rest=full"
                    )
        if self.delay_max > 0 * ms and self.rest != "full":
            raise EquispikeError(
                "delay_max needs rest=full: with delays the traces live on the synapses and must decay there"
            )
        if self.rate_scale * self.dt * self.intensity_max > 1:
            raise EquispikeError("rate_scale * intensity_max * dt exceeds one spike a step: lower one of the three")

    def structure(self) -> str:
        return str(self.n_exc)

    def structure_keys(self) -> set[str]:
        return {"n_exc"}

    def weights_and_synapses(self) -> tuple[int, int]:
        learned = self.n_input * self.n_exc
        return learned, learned + self.n_exc**2

    def fitted_to(self, shape: tuple[int, ...], n_classes: int) -> dict[str, Any]:
        return {"n_input": math.prod(shape)}

    def check_images(self, data: str, shape: tuple[int, ...]) -> None:
        if self.n_input != (pixels := math.prod(shape)):
            raise EquispikeError(
                f"n_input is {self.n_input}, but the images of {data} have {pixels} pixels: set n_input={pixels}"
            )

    @property
    def n_steps_present(self) -> int:
        """Time steps an image is shown."""
        return round(float(self.t_present / self.dt))

    @property
    def n_steps(self) -> int:
        """Simulated time steps of a presentation: image and simulated rest."""
        simulated = self.t_rest if self.rest == "full" else min(self.t_rest, self.t_rest_simulated)
        return self.n_steps_present + round(float(simulated / self.dt))

    @property
    def dt(self) -> Quantity:
        """Return the time step, that of the neurons."""
        return self.part_params("neuron").dt

    @property
    def t_rest_remaining(self) -> Quantity:
        """Return the part of the pause that is not simulated."""
        return max(0.0, float(self.t_rest - (self.n_steps - self.n_steps_present) * self.dt)) * second

    def namespace(self) -> dict:
        derived = {
            "n_steps": self.n_steps,
            "n_steps_present": self.n_steps_present,
            "t_rest_remaining": self.t_rest_remaining,
        }
        numbers = together(super().namespace(), derived)
        del numbers["dt"]  # the clock's
        return numbers
