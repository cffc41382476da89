"""Potentials under steps and ramps of current, and after hyperpolarisation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import column, label, model_of, potential_label, unit_of
from equispike.analysis.figures.sources import Source
from equispike.protocols.run_folder import RunFolder


def step_figures(run: RunFolder) -> list[Source]:
    return [("step-current", lambda run: _of_run(run, "step_current", "step"))]


def ramp_figures(run: RunFolder) -> list[Source]:
    return [("ramp-current", lambda run: _of_run(run, "ramp_current", "ramp"))]


def anode_figures(run: RunFolder) -> list[Source]:
    def make(run: RunFolder) -> Figure:
        return anode_break(run.read_table("anode_break.csv"), run.read_table("traces.csv"), model_of(run))

    return [("anode-break", make)]


def _of_run(run: RunFolder, name: str, case: str) -> Figure:
    overview, traces, spikes = (run.read_table(f"{each}.csv") for each in (name, "traces", "spikes"))
    if case == "step":
        current = column(overview, "current")
        titles = [f"{value:g} {unit_of(current, 'current')}".strip() for value in overview[current]]
    else:
        titles = [f"{value:g} ms" for value in overview["duration_ms"]]
    return stacked_traces(traces, spikes, titles, case, model_of(run))


@rc_context(style.PAPER)
def stacked_traces(traces: pd.DataFrame, spikes: pd.DataFrame, titles: list[str], case: str, model: str) -> Figure:
    """One row a case: the potential, with spikes as ticks above; below, all currents."""
    n = len(titles)
    figure = style.new_figure(style.SINGLE, 22 + 17 * n)
    rows = figure.subplots(n + 1, 1, sharex=True, height_ratios=[1] * n + [0.7])
    v, current = column(traces, "v"), column(traces, "current")
    for number, title in enumerate(titles):
        own = traces[traces[case] == number]
        draw_potential(rows[number], own["t_ms"], own[v], spikes[spikes[case] == number]["t_ms"])
        rows[number].set_title(title, loc="right", pad=2)
        shade = 0.25 + 0.75 * (number + 1) / n
        rows[-1].plot(own["t_ms"], own[current], color=style.ACCENT, alpha=shade)
    rows[n // 2].set_ylabel(potential_label(v), y=0.5 if n % 2 else 1.1)  # in the middle of all potentials
    rows[-1].set(xlabel="Time (ms)", ylabel=label("Current", current, "current").replace(" (", "\n("))
    figure.align_ylabels(rows)
    figure.suptitle(model)
    return figure


def draw_potential(axes: Axes, t: pd.Series, v: pd.Series, spikes: pd.Series) -> None:
    """A potential, with a tick above it for each spike."""
    axes.plot(t, v, color=style.MAIN, linewidth=0.7)
    top, bottom = float(v.max()), float(v.min())
    room = max(top - bottom, 1e-9)
    axes.vlines(spikes, top + 0.08 * room, top + 0.22 * room, color="black", linewidth=0.6)
    axes.set_ylim(bottom - 0.05 * room, top + 0.25 * room)


@rc_context(style.PAPER)
def anode_break(table: pd.DataFrame, traces: pd.DataFrame, model: str) -> Figure:
    """Traces of the strongest pulses, aligned at their end; and which pulses are followed by spikes."""
    strength, v = column(table, "strength"), column(traces, "v")
    figure = style.new_figure(style.DOUBLE, 60)
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    durations = sorted(table["duration_ms"].unique())
    for number, case in enumerate(sorted(traces["case"].unique())):
        own = traces[traces["case"] == case]
        duration = table.loc[case, "duration_ms"]
        left.plot(own["t_ms"], own[v], color=style.CLASS_COLOURS[number], linewidth=0.8, label=f"{duration:g} ms")
    left.axvline(0, color="black", linewidth=0.5, linestyle=":")
    left.set(xlabel="Time after the end of the pulse (ms)", ylabel=potential_label(v),
             title=f"{model}: pulses of −{table[strength].max():g} {unit_of(strength, 'strength')}")  # fmt: skip
    left.legend(title="Pulse of", loc="best")
    places = {duration: k for k, duration in enumerate(durations)}
    y = table["duration_ms"].map(places)
    fired = table["spikes"] > 0
    right.scatter(table[strength][~fired], y[~fired], s=10, facecolor="none", edgecolor="0.6", linewidth=0.6,
                  label="none")  # fmt: skip
    right.scatter(table[strength][fired], y[fired], s=10 + 8 * (table["spikes"][fired] - 1).clip(0, 4), color=style.MAIN,
                  label="spikes")  # fmt: skip
    right.set(xlabel=label("Strength of hyperpolarisation", strength, "strength"), ylabel="Duration of the pulse (ms)",
              yticks=np.arange(len(durations)), yticklabels=[f"{each:g}" for each in durations],
              ylim=(-0.6, len(durations) - 0.1))  # fmt: skip
    right.legend(loc="upper left", ncols=2, bbox_to_anchor=(0, 1.12))
    return figure
