"""Unconnected neurons, each with parameters and a current of its own: one network is a whole sweep."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from brian2 import (
    Clock,
    Equations,
    EventMonitor,
    NeuronGroup,
    Quantity,
    TimedArray,
    get_dimensions,
    second,
)
from brian2.units.fundamentalunits import Dimension

from equispike.models.built_network import BuiltNetwork
from equispike.models.control import stop_when
from equispike.models.neurons.base import Neuron, NeuronParams

#: How many pieces a current may have.
N_PIECES = 12


def build(neuron: Neuron, params: NeuronParams, n: int, varied: Collection[str] = ()) -> BuiltNetwork:
    """``n`` neurons with currents of straight pieces.

    Inputs ``stim_onsets``, ``stim_levels``, ``stim_slopes``, each (N_PIECES, n): from its onset (s) on, a piece is level +
    slope * time since onset (SI units); an onset that is never reached ends the list. State: ``cells.`` variables of the
    neuron and parameters ``varied``, which each neuron has its own of; ``cells.at_rest``: whether the neuron sets itself to
    rest when the run begins. Constants: ``n_steps`` of the run; ``sample_every`` steps, the first ``n_sampled`` neurons are
    sampled. Monitors: ``spikes`` with ``crossed``, the time at which the threshold was crossed, interpolated within the
    step, if the beginning of the step is the time of a spike; ``samples`` with the state variables and the input.
    """
    unit = _dimension(neuron, neuron.input)
    dimensions = {"stim_onsets": second.dim, "stim_levels": unit, "stim_slopes": unit / second.dim}
    inputs = {
        name: TimedArray(Quantity(np.zeros((N_PIECES, n)), dim=dimension), dt=params.dt, name=name)
        for name, dimension in dimensions.items()
    }
    numbers = {key: value for key, value in params.namespace().items() if key not in ("dt", *varied)}
    namespace = numbers | inputs | {
        "stop_when": stop_when, "n_steps": 1, "sample_every": 1, "n_sampled": 0,
    }  # fmt: skip
    excess = neuron.excess
    cells = NeuronGroup(
        n,
        "\n".join([
            neuron.equations,
            *(f"{key} : {_name(get_dimensions(getattr(params, key)))} (constant)" for key in varied),
            "at_rest : boolean (constant)",
            "stim_piece : integer",
            "stim_onset : second",
            "stim_next : second",
            f"stim_level : {_name(unit)}",
            f"stim_slope : {_name(unit / second.dim)}",
            f"stim_excess : {_name(_dimension(neuron, 'v'))}",
            "crossed : second",
        ]),
        threshold=neuron.threshold,
        reset=f"crossed = t - dt * ({excess}) / ({excess} - stim_excess)\n{neuron.reset}",
        refractory=neuron.refractory,
        method=neuron.method,
        events={
            "begin": "t_in_timesteps == 0 and at_rest",
            "turn": "t >= stim_next - 0.5 * dt",
            "sample": "t_in_timesteps % sample_every == 0 and i < n_sampled",
        },
        dtype=neuron.dtype,
        clock=Clock(params.dt, name="step_clock"),
        namespace=namespace,
        name="cells",
    )  # fmt: skip
    return _scheduled(cells, neuron, params, namespace, inputs, varied, excess)


def _scheduled(cells, neuron, params, namespace, inputs, varied, excess) -> BuiltNetwork:
    if neuron.rest:
        cells.set_event_schedule("begin", when="start", order=0)
        cells.run_on_event("begin", "\n".join(f"{k} = {v}" for k, v in neuron.rest.items()), when="start", order=1)
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
        f"{neuron.input} = stim_level + stim_slope * (t - stim_onset)\nstim_excess = {excess}", when="start", order=4
    )
    cells.set_event_schedule("sample", when="start", order=5)
    end = NeuronGroup(1, "", events={"end": "t_in_timesteps >= n_steps - 1"}, clock=cells.clock, namespace=namespace,
                      name="end")  # fmt: skip
    end.set_event_schedule("end", when="end", order=0)
    end.run_on_event("end", "_ = stop_when(t_in_timesteps >= n_steps - 1)", when="end", order=1)
    monitors = {
        "spikes": EventMonitor(cells, "spike", variables=["crossed"], name="spikes", when="after_resets"),
        "samples": EventMonitor(cells, "sample", variables=[*neuron.variables, neuron.input], name="samples", when="start",
                                order=6),
    }  # fmt: skip
    state = tuple(f"cells.{name}" for name in sorted({*neuron.variables, *varied, *neuron.rest, "at_rest"}))
    return BuiltNetwork((cells, end, *monitors.values()), namespace, state, inputs, monitors)


def _dimension(neuron: Neuron, variable: str) -> Dimension:
    return Equations(neuron.equations).dimensions[variable]


def _name(dimension: Dimension) -> str:
    """The unit of a dimension as equations write it, such as ``metre**-2 * amp``."""
    bases = {"metre": "m", "kilogram": "kg", "second": "s", "amp": "A"}
    exponents = {unit: dimension.get_dimension(base) for unit, base in bases.items()}
    return " * ".join(f"{unit}**{exponent:g}" for unit, exponent in exponents.items() if exponent) or "1"
