"""Firing rate against constant current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from brian2 import Quantity, ms

from equispike.models.errors import EquispikeError
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

        def __post_init__(self) -> None:
            super().__post_init__()
            if not self.settling < self.duration:
                raise EquispikeError(
                    f"a duration of {self.duration / ms:g}*ms leaves nothing for the steady rate after a settling of "
                    f"{self.settling / ms:g}*ms: raise duration, or lower settling"
                )

    return FiCurveParams()


def _rate(counts: np.ndarray, intervals: pd.Series) -> np.ndarray:
    """Return one over ``intervals`` (by neuron), 0 of neurons without a spike, NaN where a lone spike makes no interval.

    ``counts``: (n,) spikes where the intervals were looked for
    """
    rate = (1 / intervals).reindex(pd.RangeIndex(len(counts))).to_numpy()
    return np.where(counts == 0, 0.0, rate)


def _run(neuron: Neuron, neuron_params: NeuronParams, params, backend: str, seed: int) -> Tables:
    currents = in_si(params.current)
    duration = float(params.duration)
    responses = stimulate(neuron, neuron_params, [Current.step(i) for i in currents], duration, backend, seed)
    intervals = responses.intervals(resets=bool(neuron.reset))
    ends = responses.spikes.sort_values(["neuron", "t"], kind="stable").loc[intervals.index, "t"]
    settled = intervals[ends - intervals["interval"] >= float(params.settling)]
    first = intervals[intervals["number"] == 1].set_index("neuron")["interval"]
    index = pd.RangeIndex(len(currents))
    late = responses.spikes.loc[responses.spikes["t"] >= float(params.settling), "neuron"]
    n_settled = np.bincount(late, minlength=len(currents))
    mean = settled.groupby("neuron")["interval"].mean()
    table = pd.DataFrame(
        {
            current_column(neuron): shown(neuron, currents),
            "rate_Hz": _rate(n_settled, mean),
            "first_rate_Hz": _rate(responses.counts(), first),
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
