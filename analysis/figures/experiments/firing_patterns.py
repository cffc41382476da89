"""A panel for each firing pattern, in the layout of Izhikevich's figure."""

from __future__ import annotations

from string import ascii_uppercase

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import column, model_of, unit_of
from equispike.analysis.figures.experiments.traces import draw_potential
from equispike.analysis.figures.sources import Source
from equispike.analysis.firing_patterns import patterns_of
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> list[Source]:
    def make(run: RunFolder) -> Figure:
        return panels(patterns_of(run), run.read_table("spikes.csv"), run.read_table("traces.csv"), model_of(run))

    return [("firing-patterns", make)]


@rc_context(style.PAPER)
def panels(found: pd.DataFrame, spikes: pd.DataFrame, traces: pd.DataFrame, model: str) -> Figure:
    """Four panels a row: the potential, the current below, and a bar for the time; what each panel was recognised as is
    written where the paper calls it something else."""
    n = len(found)
    n_columns = min(4, n)
    n_rows = -(-n // n_columns)
    figure = style.new_figure(style.DOUBLE, 8 + 38 * n_rows)
    v, current = column(traces, "v"), column(traces, "current")
    grid = figure.add_gridspec(n_rows, n_columns)
    for number, row in enumerate(found.itertuples()):
        cell = grid[divmod(number, n_columns)].subgridspec(2, 1, height_ratios=(5, 1), hspace=0)
        above, below = figure.add_subplot(cell[0]), figure.add_subplot(cell[1])
        own = traces[traces["panel"] == row.panel]
        t_spikes = spikes[spikes["panel"] == row.panel]["t_ms"]
        draw_potential(above, *_with_peaks(own["t_ms"], own[v], t_spikes, found, row.panel), t_spikes)
        below.plot(own["t_ms"], own[current], color=style.ACCENT, linewidth=0.8)
        above.set_title(f"({ascii_uppercase[number]}) {row.label}", pad=8)
        if row.recognised_as not in row.label:
            above.text(
                0.5, 1.0, f"→ {row.recognised_as}", transform=above.transAxes, ha="center", va="bottom", fontsize=5.5
            )
        _only_a_bar(above, below, own["t_ms"].to_numpy(), own[v].to_numpy(), _words(v), own[current].to_numpy(),
                    unit_of(current, "current"), first=number == 0)  # fmt: skip
    figure.suptitle(model)
    return figure


def _with_peaks(
    t: pd.Series, v: pd.Series, t_spikes: pd.Series, found: pd.DataFrame, panel: int
) -> tuple[pd.Series, pd.Series]:
    """The potential drawn up to where a spike is cut off, as in the papers: samples lie before and after that."""
    peaks = [name for name in found.columns if name == "peak" or name.startswith("peak_")]
    if not peaks:
        return t, v
    top = float(found.set_index("panel")[peaks[0]][panel])
    times, values = pd.concat([t, t_spikes]), pd.concat([v, pd.Series(top, index=t_spikes.index)])
    order = np.argsort(times.to_numpy(), kind="stable")
    return times.iloc[order], values.iloc[order]


def _words(v: str) -> str:
    return unit_of(v, "v")


def _only_a_bar(above, below, t, v, v_unit, current, current_unit, *, first: bool) -> None:
    """No axes: a bar for the time, and in the first panel one for the potential; the current's range in numbers."""
    for axes in (above, below):
        axes.set_xlim(t[0], t[-1])
        axes.axis("off")
    length = _round(0.2 * (t[-1] - t[0]))
    low, high = float(np.min(current)), float(np.max(current))
    room = max(high - low, 1e-9)
    below.set_ylim(low - 1.6 * room, high + 0.3 * room)
    below.plot([t[-1] - length, t[-1]], [low - 0.5 * room] * 2, color="black", linewidth=1)
    below.text(t[-1] - length / 2, low - 0.7 * room, f"{length:g} ms", ha="center", va="top", fontsize=5.5)
    text = f"{low:g}…{high:g} {current_unit}" if high > low else f"{high:g} {current_unit}"
    below.text(t[0], low - 0.7 * room, text.strip(), ha="left", va="top", fontsize=5.5, color=style.ACCENT)
    if first:
        height = _round(0.4 * (v.max() - v.min()))
        middle = (v.max() + v.min()) / 2
        left = t[0] - 0.02 * (t[-1] - t[0])  # beside the trace, which may begin with spikes
        above.plot([left] * 2, [middle, middle + height], color="black", linewidth=1, clip_on=False)
        above.text(left, middle + height / 2, f"{height:g} {v_unit}".strip(), rotation=90, va="center", ha="right",
                   fontsize=5.5)  # fmt: skip


def _round(value: float) -> float:
    """1, 2 or 5 times a power of ten, not above ``value``."""
    power = 10 ** np.floor(np.log10(value))
    return float(max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)) * power)
