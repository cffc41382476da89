"""Unconnected neurons, each with parameters and a current of its own: one network is a whole sweep."""

from __future__ import annotations

from collections.abc import Collection

from brian2 import Equations, Quantity, get_dimensions, second
from brian2.units.fundamentalunits import Dimension

from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
from equispike.models.errors import EquispikeError
from equispike.models.neurons.base import Neuron, NeuronParams
from equispike.models.units import unit_text

#: How many pieces a current may have.
N_PIECES = 12


def build(neuron: Neuron, params: NeuronParams, n: int, varied: Collection[str] = ()) -> BuiltNetwork:
    """``n`` neurons with currents of straight pieces.

    Inputs ``stim_onsets``, ``stim_levels``, ``stim_slopes``, each (N_PIECES, n): from its onset (s) on, a piece is level +
    slope * time since onset (SI units); an onset that is never reached ends the list. State: ``cells.`` variables of the
    neuron and parameters ``varied``, which each neuron has its own of; ``cells.at_rest``: whether the neuron sets itself to
    rest when the run begins. Constants: ``n_steps`` of the run; ``sample_every`` steps, the first ``n_sampled`` neurons are
    sampled. Monitors: ``spikes`` with ``crossed``, the time at which the threshold was crossed, interpolated within the
    step where the neuron has an ``excess``, if the beginning of the step is the time of a spike; ``samples``
    with the state variables and the input.
    """
    unit = _dimension(neuron, neuron.input)
    dimensions = {"stim_onsets": second.dim, "stim_levels": unit, "stim_slopes": unit / second.dim}
    numbers = {key: value for key, value in params.namespace().items() if key not in varied}
    network = Builder(numbers, params.dt, own={"learning": 1.0, "n_steps": 1, "sample_every": 1, "n_sampled": 0})
    for name, dimension in dimensions.items():
        network.input(name, (N_PIECES, n), dt=params.dt, unit=Quantity(1, dim=dimension))
    excess = neuron.excess
    interpolated = f"t - dt * ({excess}) / ({excess} - stim_excess)" if excess else "t"
    cells = network.group(
        "cells",
        n,
        "\n".join([
            neuron.equations,
            *(f"{key} : {unit_text(get_dimensions(getattr(params, key)))} (constant)" for key in varied),
            "at_rest : boolean (constant)",
            "stim_piece : integer",
            "stim_onset : second",
            "stim_next : second",
            f"stim_level : {unit_text(unit)}",
            f"stim_slope : {unit_text(unit / second.dim)}",
            f"stim_excess : {unit_text(_dimension(neuron, 'v'))}" if excess else "",
            "crossed : second",
        ]),
        threshold=neuron.threshold,
        reset=f"crossed = {interpolated}\n{neuron.reset}",
        refractory=neuron.refractory,
        method=neuron.method,
        events={
            "begin": "t_in_timesteps == 0 and at_rest",
            "turn": "t >= stim_next - 0.5 * dt",
            "sample": "t_in_timesteps % sample_every == 0 and i < n_sampled",
        },
        dtype=neuron.dtype,
    )  # fmt: skip
    if neuron.rest:
        network.at(cells, "begin", "\n".join(f"{k} = {v}" for k, v in neuron.rest.items()), when="start")
    cells.set_event_schedule("turn", when="start", order=2)
    cells.run_on_event(
        "turn",
        """
        stim_onset = stim_onsets((stim_piece + 0.5) * dt, i)
        stim_level = stim_levels((stim_piece + 0.5) * dt, i)
        stim_slope = stim_slopes((stim_piece + 0.5) * dt, i)
        stim_piece += 1
        stim_next = stim_onsets((stim_piece + 0.5) * dt, i)
        """,
        when="start",
        order=3,
    )
    cells.run_regularly(
        f"{neuron.input} = stim_level + stim_slope * (t - stim_onset)"
        + (f"\nstim_excess = {excess}" if excess else ""),
        when="start",
        order=4,
    )
    cells.set_event_schedule("sample", when="start", order=5)
    network.stop_after("n_steps")
    network.monitor("spikes", cells, "spike", ["crossed"], when="after_resets")
    network.monitor("samples", cells, "sample", [*neuron.variables, neuron.input], when="start", order=6)
    network.carry(cells, *sorted({*neuron.variables, *varied, *neuron.rest, "at_rest"}))
    return network.built()


def _dimension(neuron: Neuron, variable: str) -> Dimension:
    dimensions = Equations(neuron.equations).dimensions
    if variable not in dimensions:
        raise EquispikeError(
            f"{neuron.name} has no variable {variable}: its equations define {', '.join(sorted(dimensions))}"
        )
    return dimensions[variable]
