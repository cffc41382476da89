"""Step and ramp currents, several at once: spikes and traces."""

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


def _step_params(neuron: Neuron, neuron_params: NeuronParams) -> Params:
    @dataclass(frozen=True)
    class StepCurrentParams(Params):
        """Steps, and for how long."""

        current: Quantity = param(
            typical(neuron, np.array([-0.5, 0.5, 1.0, 2.0])), "steps, one a neuron", CHOICE, unit=neuron.current_unit
        )
        before: Quantity = param(20 * ms, "time before the step", CHOICE, unit=ms, minimum=0)
        duration: Quantity = param(200 * ms, "duration of the step", CHOICE, unit=ms, minimum=0, exclusive=True)
        after: Quantity = param(50 * ms, "time after the step", CHOICE, unit=ms, minimum=0)
        sample_every: Quantity = param(0.1 * ms, "time between samples of the traces", CHOICE, unit=ms, minimum=0)

    return StepCurrentParams()


def _run_steps(neuron: Neuron, neuron_params: NeuronParams, params, backend: str, seed: int) -> Tables:
    levels, start = in_si(params.current), float(params.before)
    stop = start + float(params.duration)
    found = stimulate(
        neuron,
        neuron_params,
        [Current.step(level, start, stop) for level in levels],
        stop + float(params.after),
        backend,
        seed,
        sample_every=float(params.sample_every),
    )
    first = found.spikes.groupby("neuron")["crossed"].min().reindex(range(len(levels)))
    overview = pd.DataFrame(
        {
            current_column(neuron): shown(neuron, levels),
            "spikes": found.counts(),
            "latency_ms": 1000 * (first.to_numpy() - start),
        }
    )
    return {"step_current": overview, **_tables(neuron, found, "step")}


def _ramp_params(neuron: Neuron, neuron_params: NeuronParams) -> Params:
    @dataclass(frozen=True)
    class RampCurrentParams(Params):
        """Ramps from zero to one current, of several durations."""

        current: Quantity = param(
            typical(neuron, 2.0), "current at the end of each ramp", CHOICE, unit=neuron.current_unit
        )
        duration: Quantity = param(
            np.array([20.0, 50.0, 100.0, 200.0, 500.0]) * ms, "durations of the ramps, one a neuron", CHOICE, unit=ms,
            minimum=0, exclusive=True,
        )  # fmt: skip
        before: Quantity = param(20 * ms, "time before the ramp", CHOICE, unit=ms, minimum=0)
        sample_every: Quantity = param(0.2 * ms, "time between samples of the traces", CHOICE, unit=ms, minimum=0)

    return RampCurrentParams()


def _run_ramps(neuron: Neuron, neuron_params: NeuronParams, params, backend: str, seed: int) -> Tables:
    durations, top, start = in_si(params.duration), float(params.current), float(params.before)
    ramps = [Current(((start, 0.0, top / duration), (start + duration, 0.0))) for duration in durations]
    found = stimulate(
        neuron,
        neuron_params,
        ramps,
        start + float(durations.max()),
        backend,
        seed,
        sample_every=float(params.sample_every),
    )
    spikes = found.spikes
    during = spikes[spikes["crossed"] <= start + durations[spikes["neuron"]]]
    first = during.groupby("neuron")["crossed"].min().reindex(range(len(durations))).to_numpy()
    overview = pd.DataFrame(
        {
            "duration_ms": 1000 * durations,
            current_column(neuron, "slope"): shown(neuron, top / durations / 1000),
            "spikes": during.groupby("neuron").size().reindex(range(len(durations)), fill_value=0).to_numpy(),
            "latency_ms": 1000 * (first - start),
            current_column(neuron, "current_at_first_spike"): shown(neuron, top * (first - start) / durations),
        }
    )
    return {"ramp_current": overview, **_tables(neuron, found, "ramp")}


def _tables(neuron: Neuron, found, case: str) -> Tables:
    spikes = pd.DataFrame({case: found.spikes["neuron"], "t_ms": 1000 * found.spikes["crossed"]})
    return {"spikes": spikes, "traces": sample_table(neuron, found.samples, case)}


STEP_CURRENT = Experiment(
    name="step-current",
    summary="potential and spikes at steps of current, negative and positive",
    citation="Gerstner et al. 2014, Neuronal Dynamics, sections 1.3 and 6.1",
    takes="neuron",
    params=_step_params,
    run=_run_steps,
    why_not=undriven,
)
RAMP_CURRENT = Experiment(
    name="ramp-current",
    summary="potential and first spike on ramps of current, slow and fast: accommodation",
    citation="Gerstner et al. 2014, Neuronal Dynamics, section 2.2; Izhikevich 2004, figure 1 (R)",
    takes="neuron",
    params=_ramp_params,
    run=_run_ramps,
    why_not=undriven,
)
