"""An action potential's shape, and how much stronger a second pulse must be soon after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from brian2 import Quantity, ms

from equispike.models.neurons import Neuron, NeuronParams
from equispike.models.params import Params, param
from equispike.protocols.experiments.base import CHOICE, Experiment, Tables
from equispike.protocols.experiments.searching import CANDIDATES, lowest
from equispike.protocols.experiments.stimulating import (
    Current,
    current_column,
    in_si,
    potential_column,
    potential_scale,
    sample_table,
    shown,
    stimulate,
    typical,
    undriven,
)


def _params(neuron: Neuron, neuron_params: NeuronParams) -> Params:
    @dataclass(frozen=True)
    class ActionPotentialParams(Params):
        """A pulse from rest, and a second one some time later."""

        pulse: Quantity = param(0.5 * ms, "duration of each pulse", CHOICE, unit=ms, minimum=0, exclusive=True)
        strength: float = param(2.0, "the first pulse in units of its threshold", CHOICE, minimum=1, exclusive=True)
        interval: Quantity = param(
            np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 25, 30]) * ms,
            "times from the beginning of the first pulse to that of the second", CHOICE, unit=ms, minimum=0, exclusive=True,
        )  # fmt: skip
        limit: float = param(
            5.0, "absolutely refractory: the second pulse needs more than so many thresholds", CHOICE, minimum=1
        )
        window: Quantity = param(10 * ms, "time from a pulse on in which its spike comes", CHOICE, unit=ms, minimum=0)
        duration: Quantity = param(40 * ms, "duration of the trace", CHOICE, unit=ms, minimum=0, exclusive=True)
        weakest: Quantity = param(
            typical(neuron, 1e-3), "weakest pulse tried", CHOICE, unit=neuron.current_unit, minimum=0, exclusive=True
        )
        strongest: Quantity = param(
            typical(neuron, 1e3), "strongest pulse tried", CHOICE, unit=neuron.current_unit, minimum=0, exclusive=True
        )
        onset_slope: float = param(
            0.1,
            "the spike begins where the potential rises at this part of its fastest rise",
            CHOICE,
            minimum=0,
            maximum=1,
        )

    return ActionPotentialParams()


def _run(neuron: Neuron, neuron_params: NeuronParams, params, backend: str, seed: int) -> Tables:
    dt = float(neuron_params.dt)
    pulse = max(dt, round(float(params.pulse) / dt) * dt)
    window = float(params.window)

    def fires(currents: np.ndarray) -> np.ndarray:
        pulses = [Current.step(i, 0, pulse) for i in currents.ravel()]
        found = stimulate(neuron, neuron_params, pulses, pulse + window, backend, seed)
        return (found.counts() > 0).reshape(currents.shape)

    (threshold,) = lowest(fires, 1, float(params.weakest), float(params.strongest))
    shape, trace = _shape(neuron, neuron_params, params, pulse, threshold, backend, seed)
    intervals = np.unique(np.rint(in_si(params.interval) / dt)) * dt
    intervals = intervals[intervals > pulse + dt / 2]
    first = params.strength * threshold

    def fires_again(currents: np.ndarray) -> np.ndarray:
        pulses = [
            Current(((0, first), (pulse, 0.0), (interval, i), (interval + pulse, 0.0)))
            for row, interval in zip(currents, intervals, strict=True)
            for i in row
        ]
        found = stimulate(neuron, neuron_params, pulses, float(intervals.max()) + pulse + window, backend, seed)
        starts = np.repeat(intervals, CANDIDATES)[found.spikes["neuron"]]
        t = found.spikes["t"]
        again = found.spikes[(t > starts - dt / 2) & (t < starts + pulse + window)]
        return (np.bincount(again["neuron"], minlength=len(pulses)) > 0).reshape(currents.shape)

    refractoriness = pd.DataFrame({"interval_ms": 1000 * intervals})
    second = np.full(len(intervals), np.nan)
    if np.isfinite(threshold) and len(intervals):
        second = lowest(fires_again, len(intervals), threshold / 10, params.limit * threshold)
        second[second < threshold / 9] = np.nan  # what comes without a second pulse, in a burst, is no answer to it
    refractoriness[current_column(neuron, "threshold")] = shown(neuron, second)
    refractoriness["relative_threshold"] = second / threshold
    answered = intervals[np.isfinite(second)]
    # Where the first interval is answered the period is shorter than any that was tried.
    shape["absolute_refractory_ms"] = (
        1000 * answered.min() if len(answered) and answered.min() > intervals[0] else np.nan
    )
    return {"action_potential": pd.DataFrame([shape]), "refractoriness": refractoriness, "trace": trace}


def _shape(
    neuron: Neuron, neuron_params: NeuronParams, params, pulse: float, threshold: float, backend: str, seed: int
):
    """What is told of the first action potential after a pulse of ``strength`` thresholds, and its trace.

    Where the pulse lasts longer than the spike takes to begin, it drives the upstroke too; height is from rest.
    """
    level = params.strength * threshold if np.isfinite(threshold) else 0.0
    found = stimulate(
        neuron, neuron_params, [Current.step(level, 0, pulse)], float(params.duration), backend, seed,
        sample_every=float(neuron_params.dt),
    )  # fmt: skip
    samples, spikes = found.samples, found.spikes
    unit, t = potential_scale(neuron), samples["t"].to_numpy()
    v = samples["v"].to_numpy() / unit
    shape: dict[str, float] = {
        current_column(neuron, "pulse_threshold"): float(shown(neuron, threshold)),
        potential_column(neuron, "rest"): v[0],
    }
    peak = int(v.argmax())
    onset = _onset(t, v, peak, params.onset_slope) if len(spikes) else 0
    height = v[peak] - v[0]
    above = np.flatnonzero(v >= v[0] + height / 2)
    after = v[peak:].argmin() + peak
    spiked = len(spikes) > 0 and peak + 1 < len(v)  # a trace that ends on the way up has no peak
    troughed = spiked and after + 1 < len(v)
    shape |= {
        "latency_ms": 1000 * spikes["crossed"].iloc[0] if len(spikes) else np.nan,
        potential_column(neuron, "onset"): v[onset] if spiked else np.nan,
        potential_column(neuron, "peak"): v[peak] if spiked else np.nan,
        potential_column(neuron, "height"): height if spiked else np.nan,
        "half_width_ms": 1000
        * (_cross(t, v, above[-1], v[0] + height / 2) - _cross(t, v, above[0] - 1, v[0] + height / 2))
        if spiked and above[0] > 0 and above[-1] + 1 < len(v)
        else np.nan,
        potential_column(neuron, "trough"): v[after] if troughed else np.nan,
        "t_onset_ms": 1000 * t[onset] if spiked else np.nan,
        "t_peak_ms": 1000 * t[peak] if spiked else np.nan,
        "t_trough_ms": 1000 * t[after] if troughed else np.nan,
    }
    return shape, sample_table(neuron, samples, "neuron").drop(columns="neuron")


def _onset(t: np.ndarray, v: np.ndarray, peak: int, part: float) -> int:
    """Where the upstroke begins: the last time before the fastest rise at which the rise is still slow."""
    slope = np.diff(v[: peak + 1]) / np.diff(t[: peak + 1])
    if not len(slope):
        return 0
    fastest = int(slope.argmax())
    slow = np.flatnonzero(slope[:fastest] < part * slope[fastest])
    return int(slow[-1]) + 1 if len(slow) else 0


def _cross(t: np.ndarray, v: np.ndarray, k: int, level: float) -> float:
    """Time at which v passes ``level`` between samples k and k + 1."""
    return t[k] + (t[k + 1] - t[k]) * (level - v[k]) / (v[k + 1] - v[k]) if v[k + 1] != v[k] else t[k]


ACTION_POTENTIAL = Experiment(
    name="action-potential",
    summary="shape of an action potential, and the absolute and relative refractory period by a second pulse",
    citation="Hodgkin & Huxley 1952, J. Physiol. 117:500-544, figures 12 and 20",
    takes="neuron",
    params=_params,
    run=_run,
    why_not=undriven,
)
