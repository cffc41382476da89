"""Spikes after a hyperpolarising current ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from brian2 import Quantity, ms

from equispike.models.neurons import Neuron, NeuronParams
from equispike.models.params import Params, param
from equispike.protocols.experiments.base import CHOICE, Experiment, Tables
from equispike.protocols.experiments.stimulating import (
    Current,
    current_column,
    in_si,
    sample_table,
    shown,
    stimulate,
    typical,
    undriven,
)


def _params(neuron: Neuron, neuron_params: NeuronParams) -> Params:
    @dataclass(frozen=True)
    class AnodeBreakParams(Params):
        """Hyperpolarising pulses from rest, all pairs of strength and duration."""

        strength: Quantity = param(
            typical(neuron, np.linspace(0.125, 2, 16)), "strengths, without their sign", CHOICE, unit=neuron.current_unit,
            minimum=0,
        )  # fmt: skip
        duration: Quantity = param(
            np.array([2.0, 5.0, 10.0, 30.0]) * ms, "durations of the pulse", CHOICE, unit=ms, minimum=0, exclusive=True
        )
        window: Quantity = param(
            50 * ms, "time after the pulse in which spikes are counted", CHOICE, unit=ms, minimum=0, exclusive=True
        )

    return AnodeBreakParams()


def _run(neuron: Neuron, neuron_params: NeuronParams, params, backend: str, seed: int) -> Tables:
    strengths, durations = (each.ravel() for each in np.meshgrid(in_si(params.strength), in_si(params.duration)))
    dt, window = float(neuron_params.dt), float(params.window)
    # Every pulse ends at the same time, so that all traces can be laid on one another.
    end = float(durations.max())
    pulses = [Current.step(-i, end - duration, end) for i, duration in zip(strengths, durations, strict=True)]
    found = stimulate(neuron, neuron_params, pulses, end + window, backend, seed, sample_every=max(dt, 0.1e-3))
    after = found.spikes[found.spikes["t"] > end - dt / 2]
    first = after.groupby("neuron")["crossed"].min().reindex(range(len(pulses))).to_numpy()
    table = pd.DataFrame(
        {
            "duration_ms": 1000 * durations,
            current_column(neuron, "strength"): shown(neuron, strengths),
            "spikes": np.bincount(after["neuron"], minlength=len(pulses)),
            "latency_ms": 1000 * (first - end),
        }
    )
    trace = sample_table(neuron, found.samples, "case")
    strongest = table.groupby("duration_ms")[current_column(neuron, "strength")].idxmax()
    trace = trace[trace["case"].isin(strongest)]
    return {"anode_break": table, "traces": trace.assign(t_ms=trace["t_ms"] - 1000 * end)}


ANODE_BREAK = Experiment(
    name="anode-break",
    summary="spikes that come when a hyperpolarising current ends",
    citation="Hodgkin & Huxley 1952, J. Physiol. 117:500-544, figure 22",
    takes="neuron",
    params=_params,
    run=_run,
    why_not=undriven,
)
