"""Firing patterns: a neuron's published panels, or its answers to common currents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from brian2 import Quantity, ms

from equispike.models.neurons import Neuron, NeuronParams, Pattern
from equispike.models.params import Params, param
from equispike.protocols.experiments.base import CHOICE, Experiment, Tables
from equispike.protocols.experiments.stimulating import (
    Current,
    potential_column,
    potential_scale,
    sample_table,
    scale,
    stimulate,
    undriven,
)


@dataclass(frozen=True)
class FiringPatternsParams(Params):
    """How finely traces are kept."""

    sample_every: Quantity = param(
        0.25 * ms, "time between samples of the traces, at least a time step", CHOICE, unit=ms, minimum=0
    )


def common_patterns(neuron: Neuron) -> tuple[Pattern, ...]:
    """Panels for a neuron without published ones: the currents that papers use most, scaled to the neuron."""
    i = neuron.current
    return (
        Pattern("step", "", {}, ((0, 0), (50, i)), 500),
        Pattern("strong step", "", {}, ((0, 0), (50, 2 * i)), 500),
        Pattern("ramp", "", {}, ((0, 0), (50, 0, 2 * i / 450)), 500),
        Pattern("pulse", "", {}, ((0, 0), (50, 4 * i), (55, 0)), 200),
        Pattern("hyperpolarising pulse", "", {}, ((0, 0), (50, -i), (100, 0)), 200),
    )


def panels_of(neuron: Neuron) -> tuple[Pattern, ...]:
    """The panels of a neuron."""
    return neuron.patterns or common_patterns(neuron)


def _run(neuron: Neuron, neuron_params: NeuronParams, params: FiringPatternsParams, backend: str, seed: int) -> Tables:
    """Panels with the same time step and begun in the same way are one network: the step is part of a figure."""
    panels = panels_of(neuron)
    spikes: list[pd.DataFrame] = []
    traces: list[pd.DataFrame] = []
    groups: dict[tuple, list[int]] = {}
    for k, panel in enumerate(panels):
        groups.setdefault((panel.dt, tuple(sorted(panel.initial))), []).append(k)
    varied = sorted({key for panel in panels for key in panel.settings})
    for (dt, begun), members in groups.items():
        settled = [neuron_params.updated(panels[k].settings) for k in members]
        base = neuron_params if dt is None else neuron_params.updated({"dt": dt * ms})
        found = stimulate(
            neuron,
            base,
            [_current(panels[k], neuron) for k in members],
            max(panels[k].duration for k in members) / 1000,
            backend,
            seed,
            varied={key: [float(getattr(each, key)) for each in settled] for key in varied},
            initial={key: [float(panels[k].initial[key]) for k in members] for key in begun} if begun else None,
            sample_every=float(params.sample_every),
        )
        for table, kept in ((found.spikes, spikes), (found.samples, traces)):
            table["panel"] = table.pop("neuron").map(dict(enumerate(members)))
            kept.append(table)
    spike_table, trace_table = pd.concat(spikes), pd.concat(traces)
    ends = pd.Series([panel.duration / 1000 for panel in panels])
    spike_table, trace_table = (
        table[table["t"] <= table["panel"].map(ends) + 1e-9].sort_values(["panel", "t"])
        for table in (spike_table, trace_table)
    )
    counts = spike_table.groupby("panel").size().reindex(range(len(panels)), fill_value=0)
    overview = pd.DataFrame(
        {
            "panel": range(len(panels)),
            "label": [panel.label for panel in panels],
            "published_kind": [panel.kind for panel in panels],
            "duration_ms": [panel.duration for panel in panels],
            "dt_ms": [float(neuron_params.dt / ms) if panel.dt is None else panel.dt for panel in panels],
            "spikes": counts.to_numpy(),
        }
    )
    if neuron.peak:
        peaks = [float(getattr(neuron_params.updated(panel.settings), neuron.peak)) for panel in panels]
        overview[potential_column(neuron, "peak")] = np.array(peaks) / potential_scale(neuron)
    pieces = [
        (k, onset, level, slope[0] if slope else 0.0)
        for k, panel in enumerate(panels)
        for onset, level, *slope in panel.current
    ]
    return {
        "firing_patterns": overview,
        "spikes": pd.DataFrame({"panel": spike_table["panel"], "t_ms": 1000 * spike_table["crossed"]}),
        "traces": sample_table(neuron, trace_table.rename(columns={"panel": "neuron"}), "panel"),
        "currents": pd.DataFrame(pieces, columns=["panel", "onset_ms", "level", "slope"]),
    }


def _current(panel: Pattern, neuron: Neuron) -> Current:
    unit = scale(neuron)
    return Current(
        tuple(
            (onset / 1000, level * unit, *(1000 * each * unit for each in slope))
            for onset, level, *slope in panel.current
        )
    )


FIRING_PATTERNS = Experiment(
    name="firing-patterns",
    summary="a neuron's published firing patterns, recognised from spikes, current and potential; common currents for others",
    citation="Izhikevich 2004, figure 1, doi:10.1109/TNN.2004.832719; Naud et al. 2008, doi:10.1007/s00422-008-0264-7",
    takes="neuron",
    params=lambda neuron, neuron_params: FiringPatternsParams(),
    run=_run,
    why_not=undriven,
    light=lambda neuron: bool(neuron.patterns),
)
