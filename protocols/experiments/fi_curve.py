"""Firing rate against constant current."""

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
    shown,
    stimulate,
    typical,
    undriven,
)


def _params(neuron: Neuron, neuron_params: NeuronParams) -> Params:
    @dataclass(frozen=True)
    class FiCurveParams(Params):
        """Currents, and for how long."""

        current: Quantity = param(
            typical(neuron, np.linspace(0, 2, 41)), "currents, one a neuron", CHOICE, unit=neuron.current_unit
        )
        duration: Quantity = param(1000 * ms, "how long each current flows", CHOICE, unit=ms, minimum=0, exclusive=True)
        settling: Quantity = param(
            200 * ms, "time at the beginning that the steady rate leaves out", CHOICE, unit=ms, minimum=0
        )

    return FiCurveParams()


def _run(neuron: Neuron, neuron_params: NeuronParams, params, backend: str, seed: int) -> Tables:
    currents = in_si(params.current)
    duration = float(params.duration)
    responses = stimulate(neuron, neuron_params, [Current.step(i) for i in currents], duration, backend, seed)
    intervals = responses.intervals(resets=bool(neuron.reset))
    ends = responses.spikes.sort_values(["neuron", "t"], kind="stable").loc[intervals.index, "t"]
    settled = intervals[ends - intervals["interval"] >= float(params.settling)]
    first = intervals[intervals["number"] == 1].set_index("neuron")["interval"]
    index = pd.RangeIndex(len(currents))
    mean = settled.groupby("neuron")["interval"].mean()
    table = pd.DataFrame(
        {
            current_column(neuron): shown(neuron, currents),
            "rate_Hz": (1 / mean).reindex(index, fill_value=0.0).to_numpy(),
            "first_rate_Hz": (1 / first).reindex(index, fill_value=0.0).to_numpy(),
            "spikes": responses.counts(),
            "intervals": settled.groupby("neuron").size().reindex(index, fill_value=0).to_numpy(),
        }
    )
    return {"fi_curve": table}


FI_CURVE = Experiment(
    name="fi-curve",
    summary="firing rate against constant current, of the first interval and of the settled ones",
    citation="Gerstner et al. 2014, Neuronal Dynamics, section 1.3; onset: Hodgkin 1948, J. Physiol. 107:165-181",
    takes="neuron",
    params=_params,
    run=_run,
    why_not=undriven,
)
