"""Which firing pattern a neuron shows: general rules on spikes, current and potential, the same for every model.

The current decides what may be asked: a step (does it go on firing, in bursts, ever slower?), a ramp (how does it begin?),
a pulse (what comes after?), several pulses (what do they do together?). Numbers that separate patterns are named below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from equispike.protocols.run_folder import RunFolder

#: A burst has ended where an interval is this many times as long as the mean of those since the burst began.
BURST_GAP = 8.0
#: Firing has ended where silence lasts this many times the longest interval, and this part of the step.
SILENCE, SILENT_PART = 3.0, 0.5
#: Adaptation: at least so many intervals are shorter than this part of the last one. Fewer: a beginning, then tonic.
ADAPTING_INTERVALS, SETTLED = 3, 0.85
#: Acceleration: the last interval is shorter than this part of the first.
ACCELERATED = 0.75
#: A beginning is late where it takes this many times the first interval, or this part of the time from burst to burst.
LATE, LATE_BURST = 1.5, 0.5
#: Irregular: coefficient of variation of the later half of the intervals.
IRREGULAR = 0.25
#: Class 1 begins slowly: on a ramp the first interval is this many times as long as the last.
SLOW_BEGINNING = 2.25
#: So many maxima after a pulse are an oscillation; a wave counts from this part of the potential's range on.
OSCILLATION, WAVE = 3, 2e-4


@dataclass(frozen=True)
class Stretch:
    """A time in which the current differs from its base, in ms; up or down; a ramp or level."""

    start: float
    stop: float
    up: bool
    ramp: bool

    @property
    def duration(self) -> float:
        return self.stop - self.start


@dataclass(frozen=True)
class Response:
    """A neuron's answer to a current.

    Attributes
    ----------
    spikes : times in ms
    current : pieces (onset in ms, level, slope)
    t, v : samples of the potential, t in ms
    duration : in ms
    """

    spikes: np.ndarray
    current: Sequence[tuple[float, float, float]]
    t: np.ndarray
    v: np.ndarray
    duration: float

    @property
    def intervals(self) -> np.ndarray:
        return np.diff(self.spikes)

    @property
    def stretches(self) -> list[Stretch]:
        """Where the current differs from its base: what it is at the beginning, zero where it is a ramp or all there is."""
        _, first, slope = self.current[0]
        base = 0.0 if len(self.current) == 1 or slope else first
        found = []
        ends = [onset for onset, _, _ in self.current[1:]] + [self.duration]
        for (onset, level, slope), end in zip(self.current, ends, strict=True):
            if level != base or slope:
                found.append(Stretch(onset, min(end, self.duration), level > base or slope > 0, slope != 0))
        return found

    def within(self, start: float, stop: float) -> np.ndarray:
        """Spikes from ``start`` on and before ``stop``."""
        return self.spikes[(self.spikes >= start) & (self.spikes < stop)]


def classify(response: Response) -> str:
    """The name of the firing pattern."""
    stretches = response.stretches
    if not stretches:
        return "spontaneous firing" if len(response.spikes) else "silent"
    if all(each.ramp for each in stretches):
        return _of_ramps(response, stretches)
    if len(stretches) == 1:
        (stretch,) = stretches
        if stretch.stop >= response.duration:
            return _of_step(response, stretch) if stretch.up else _of_silence(response)
        return _of_pulse(response, stretch) if stretch.up else _of_hyperpolarisation(response, stretch)
    return _of_pulses(response, stretches)


def burst_ends(intervals: np.ndarray) -> np.ndarray:
    """Indices of the intervals that end a burst."""
    ends, since = [], 0
    for k in range(1, len(intervals)):
        if k > since and intervals[k] >= BURST_GAP * intervals[since:k].mean():
            ends.append(k)
            since = k + 1
    return np.array(ends, dtype=int)


def _of_silence(response: Response) -> str:
    return "silent" if not len(response.spikes) else "firing"


def _of_step(response: Response, step: Stretch) -> str:
    spikes = response.within(step.start, step.stop)
    if not len(spikes):
        return "subthreshold oscillations" if _maxima(response, step.start) >= OSCILLATION else "silent"
    intervals, latency = np.diff(spikes), spikes[0] - step.start
    silence, longest = step.stop - spikes[-1], intervals.max() if len(intervals) else 0.0
    if silence >= SILENT_PART * step.duration and silence >= SILENCE * longest:
        return "phasic spiking" if len(spikes) == 1 else "phasic bursting"
    if len(intervals) < 2:
        return "slow spiking"
    ends = burst_ends(intervals)
    if len(ends) > 1:
        period = np.diff(spikes[ends]).mean()
        return "delayed bursting" if latency >= LATE_BURST * period else "tonic bursting"
    if len(ends) == 1:
        return "initial burst"
    late = intervals[len(intervals) // 2 :]
    if len(late) > 3 and late.std() / late.mean() > IRREGULAR:
        return "irregular spiking"
    if intervals[-1] < ACCELERATED * intervals[0]:
        return "delayed accelerating" if latency >= LATE * intervals[0] else "accelerating"
    if np.sum(intervals < SETTLED * intervals[-1]) >= ADAPTING_INTERVALS:
        return "adaptation"
    return "tonic spiking"


def _of_ramps(response: Response, ramps: list[Stretch]) -> str:
    answered = [len(response.within(ramp.start, ramp.stop)) > 0 for ramp in ramps]
    if len(ramps) > 1:
        steep = [ramp.duration < 0.5 * max(each.duration for each in ramps) for ramp in ramps]
        return "accommodation" if answered == steep and any(answered) else "no accommodation"
    intervals = response.intervals
    if len(intervals) < 2:
        return "silent" if not len(response.spikes) else "phasic spiking"
    return "class 1" if intervals[0] >= SLOW_BEGINNING * intervals[-1] else "class 2"


def _of_pulse(response: Response, pulse: Stretch) -> str:
    spikes = response.spikes
    if not len(spikes):
        return "subthreshold oscillations" if _maxima(response, pulse.stop) >= OSCILLATION else "silent"
    if spikes[0] - pulse.stop > pulse.duration:
        return "spike latency"
    if len(spikes) > 1:
        return "burst" if spikes[-1] > pulse.stop else "spikes"
    after = spikes[-1]
    waves = _maxima(response, after)
    if waves >= OSCILLATION:
        return "subthreshold oscillations"
    rest = response.v[response.t < pulse.start][-1] if (response.t < pulse.start).any() else response.v[0]
    later = (response.t > max(after, pulse.stop)) & (response.t < response.duration)
    hump = response.v[later]
    if waves and len(hump) and hump.max() > rest and hump.argmax() > 0:
        return "depolarizing after-potential"
    return "spike"


def _of_hyperpolarisation(response: Response, pulse: Stretch) -> str:
    during, after = response.within(pulse.start, pulse.stop), response.within(pulse.stop, response.duration)
    if len(during) > len(after):
        return "inhibition-induced " + ("bursting" if len(burst_ends(np.diff(during))) else "spiking")
    if not len(after):
        return "silent"
    return "rebound spike" if len(after) == 1 else "rebound burst"


def _of_pulses(response: Response, pulses: list[Stretch]) -> str:
    followed = [
        len(response.within(pulse.start, later))
        for pulse, later in zip(pulses, [*(each.start for each in pulses[1:]), response.duration], strict=True)
    ]
    if not any(followed):
        return "silent"
    if len({pulse.up for pulse in pulses}) == 2:
        alone = [followed[k] > 0 for k, pulse in enumerate(pulses) if pulse.up and (k == 0 or pulses[k - 1].up)]
        helped = [followed[k] > 0 for k, pulse in enumerate(pulses) if pulse.up and k and not pulses[k - 1].up]
        return "threshold variability" if any(helped) and not any(alone) else "spike"
    if len(pulses) == 2 and followed[0] > 1 and response.duration - response.spikes[-1] > response.intervals.max():
        return "bistability"
    gaps = np.array([b.start - a.start for a, b in zip(pulses[::2], pulses[1::2], strict=False)])
    answered = [followed[2 * k] + followed[2 * k + 1] > 0 for k in range(len(gaps))]
    if len(gaps) > 1 and sum(answered) == 1:
        return "integrator" if gaps[answered.index(True)] == gaps.min() else "resonator"
    return "spike"


def _maxima(response: Response, start: float) -> int:
    """Local maxima of the potential after ``start``, beginning with its next minimum; ripples do not count."""
    v = response.v[(response.t > start) & (response.t < response.duration)]
    if len(v) < 3:
        return 0
    lowest_wave = WAVE * (response.v.max() - response.v.min())
    count, low, high, rising = 0, v[0], v[0], False
    for value in v:
        if rising:
            high = max(high, value)
            if value < high - lowest_wave:
                count, rising, low = count + 1, False, value
        else:
            low = min(low, value)
            if value > low + lowest_wave:
                rising, high = True, value
    return count


def patterns_of(run: RunFolder) -> pd.DataFrame:
    """The panels of a run of ``firing-patterns`` with what they were recognised as: columns panel, label, published_kind,
    recognised_as, spikes, and peak with its unit where spikes are cut off."""
    panels, spikes, traces, currents = (
        run.read_table(f"{name}.csv") for name in ("firing_patterns", "spikes", "traces", "currents")
    )
    v = next(name for name in traces if name == "v" or name.startswith("v_"))
    found = []
    for row in panels.itertuples():
        own, trace, current = (table[table["panel"] == row.panel] for table in (spikes, traces, currents))
        pieces = list(zip(current["onset_ms"], current["level"], current["slope"], strict=True))
        response = Response(
            own["t_ms"].to_numpy(), pieces, trace["t_ms"].to_numpy(), trace[v].to_numpy(), float(row.duration_ms)
        )
        found.append(classify(response))
    return panels.drop(columns=["duration_ms", "dt_ms"]).assign(recognised_as=found)
