"""Statistics of recorded spike trains, made by Elephant (Denker et al. 2018, doi:10.12751/incf.ni2018.0019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: Spikes come at multiples of the time step, which presentations start at: seconds that rounding may shift one by.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class LayerStatistics:
    """Statistics of a layer; NaN where no neuron has enough spikes.

    Attributes
    ----------
    n_neurons, n_spiked : neurons, and those with a spike
    per_presentation : spikes of all neurons in a presentation of an image
    rate : mean firing rate of a neuron, Hz, pauses included
    cv : coefficient of variation of the intervals between a neuron's spikes
    lv : their local variation (Shinomoto et al. 2003, doi:10.1162/089976603322518759)
    fano : variance of a neuron's spike counts over presentations, divided by their mean

    ``cv``, ``lv`` and ``fano`` are means over neurons; intervals are those within a presentation.
    """

    name: str
    n_neurons: int
    n_spiked: int
    per_presentation: float
    rate: float
    cv: float
    lv: float
    fano: float


def layer_statistics(block: Any) -> list[LayerStatistics]:
    """Statistics of each layer of a neo.Block of protocols.spike_trains."""
    segment = block.segments[0]
    starts = segment.epochs[0].times.rescale("s").magnitude
    return [_of_layer(train, starts) for train in segment.spiketrains]


def by_presentation(train: Any, starts: np.ndarray) -> dict[int, list[np.ndarray]]:
    """Spike times in s of each neuron that spiked, one array for each presentation; ``starts`` in s."""
    times, index = train.times.rescale("s").magnitude, np.asarray(train.array_annotations["index"])
    if not len(times):  # a layer that was silent
        return {}
    order = np.argsort(index, kind="stable")
    neurons, first = np.unique(index[order], return_index=True)
    cuts = starts[1:] - _ROUNDING
    return {
        int(neuron): np.split(own, np.searchsorted(own, cuts))
        for neuron, own in zip(neurons, np.split(times[order], first[1:]), strict=True)
    }


def _of_layer(train: Any, starts: np.ndarray) -> LayerStatistics:
    from elephant import statistics

    n = int(train.annotations["n_neurons"])
    neurons = by_presentation(train, starts)
    cv, lv, fano = [], [], []
    for parts in neurons.values():
        intervals = [statistics.isi(part) for part in parts]
        together = np.concatenate(intervals)
        if len(together) > 1:
            cv.append(statistics.cv(together))
        pairs = [each for each in intervals if len(each) > 1]
        if pairs:
            lv.append(np.average([statistics.lv(each) for each in pairs], weights=[len(each) - 1 for each in pairs]))
        fano.append(statistics.fanofactor(parts))
    rate = float(statistics.mean_firing_rate(train).rescale("Hz")) / n
    means = (float(np.mean(each)) if each else float("nan") for each in (cv, lv, fano))
    return LayerStatistics(train.name, n, len(neurons), len(train) / len(starts), rate, *means)
