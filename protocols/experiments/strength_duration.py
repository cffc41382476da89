"""The weakest pulse that makes a neuron fire, by duration: rheobase and chronaxie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from brian2 import Quantity, ms
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

from equispike.models.neurons import Neuron, NeuronParams
from equispike.models.params import Params, param
from equispike.protocols.experiments.base import CHOICE, Experiment, Tables
from equispike.protocols.experiments.searching import CANDIDATES, lowest
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
    class StrengthDurationParams(Params):
        """Pulses from rest."""

        duration: Quantity = param(
            np.geomspace(0.2, 100, 16) * ms, "durations of the pulse, rounded to time steps; the longest gives the rheobase",
            CHOICE, unit=ms, minimum=0, exclusive=True,
        )  # fmt: skip
        window: Quantity = param(
            20 * ms, "time after the pulse in which a spike still belongs to it", CHOICE, unit=ms, minimum=0
        )
        weakest: Quantity = param(
            typical(neuron, 1e-3), "weakest pulse tried", CHOICE, unit=neuron.current_unit, minimum=0, exclusive=True
        )
        strongest: Quantity = param(
            typical(neuron, 1e3), "strongest pulse tried", CHOICE, unit=neuron.current_unit, minimum=0, exclusive=True
        )

    return StrengthDurationParams()


def _run(neuron: Neuron, neuron_params: NeuronParams, params, backend: str, seed: int) -> Tables:
    dt = float(neuron_params.dt)
    steps = np.unique(np.maximum(1, np.rint(in_si(params.duration) / dt).astype(int)))
    durations = steps * dt

    def fires(currents: np.ndarray) -> np.ndarray:
        pulses = [Current.step(i, 0, duration) for row, duration in zip(currents, durations, strict=True) for i in row]
        found = stimulate(neuron, neuron_params, pulses, float(durations.max()) + float(params.window), backend, seed)
        ends = np.repeat(durations, CANDIDATES) + float(params.window)
        spikes = found.spikes[found.spikes["t"] < ends[found.spikes["neuron"]] - dt / 2]
        return (np.bincount(spikes["neuron"], minlength=len(pulses)) > 0).reshape(currents.shape)

    thresholds = lowest(fires, len(durations), float(params.weakest), float(params.strongest))
    table = pd.DataFrame(
        {
            "duration_ms": 1000 * durations,
            current_column(neuron): shown(neuron, thresholds),
            current_column(neuron, "charge") + "*ms": shown(neuron, thresholds * durations * 1000),
        }
    )
    rheobase = thresholds[-1]
    summary = pd.DataFrame(
        {
            current_column(neuron, "rheobase"): shown(neuron, [rheobase]),
            "chronaxie_ms": [1000 * _chronaxie(durations, thresholds)],
        }
    )
    return {"strength_duration": table, "summary": summary}


def _chronaxie(durations: np.ndarray, thresholds: np.ndarray) -> float:
    """Duration at which the threshold is twice the rheobase, between measured ones; NaN where it lies outside of them."""
    known = np.isfinite(thresholds)
    x, y = np.log(durations[known]), np.log(thresholds[known])
    if known.sum() < 3 or not known[-1]:
        return np.nan
    wanted = y[-1] + np.log(2)
    if not y[-1] < wanted < y[0]:
        return np.nan
    curve = PchipInterpolator(x, y)
    return float(np.exp(brentq(lambda at: float(curve(at)) - wanted, x[0], x[-1])))


STRENGTH_DURATION = Experiment(
    name="strength-duration",
    summary="weakest pulse that makes the neuron fire, by its duration: rheobase and chronaxie",
    citation="Lapicque 1907, J. Physiol. Pathol. Gen. 9:620-635; Lapicque 1909, C. R. Soc. Biol. 67:280-283",
    takes="neuron",
    params=_params,
    run=_run,
    why_not=undriven,
)
