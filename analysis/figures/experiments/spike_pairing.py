"""Weight change by pairs of spikes: the window, its dependence on the rate of pairs, and on the delay of a reward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import params_of
from equispike.analysis.figures.sources import Source
from equispike.analysis.plasticity import SJOSTROM, expected_changes
from equispike.models.params import Params
from equispike.protocols.run_folder import RunFolder

#: Values at which a closed form is drawn.
N_CURVE = 500
#: Rules that were fitted to the experiments which the points are from.
_FITTED = ("triplet-stdp", "triplet-stdp-minimal", "pair-stdp")


def figures(run: RunFolder) -> list[Source]:
    drawn: list[Source] = [("window", _window), ("frequency", _frequency)]
    return [*drawn, ("reward-delay", _reward_delay)] if run.has("reward_delay.csv") else drawn


def _window(run: RunFolder) -> Figure:
    return window(*params_of(run), run.read_table("window.csv"))


def _frequency(run: RunFolder) -> Figure:
    return frequency(*params_of(run), run.read_table("frequency.csv"))


def _reward_delay(run: RunFolder) -> Figure:
    return reward_delay(*params_of(run), run.read_table("reward_delay.csv"))


@rc_context(style.PAPER)
def window(name: str, params: Params, table: pd.DataFrame) -> Figure:
    """Change in per cent against the time from the presynaptic to the postsynaptic spike, after Bi & Poo 1998, figure 7."""
    figure = style.new_figure(style.SINGLE, 62)
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.5)
    axes.axvline(0, color="black", linewidth=0.5, linestyle=":")
    for side in (table["delta_t_ms"] < 0, table["delta_t_ms"] > 0):  # at zero the window jumps
        _draw_closed_form(axes, name, params, table[side], "delta_t_ms", color="black")
    if axes.lines[2:]:
        axes.lines[-1].set_label("closed form")
    axes.plot(table["delta_t_ms"], 100 * table["change"], "o", color=style.MAIN, markersize=2.6, label="simulated")
    axes.set(xlabel="Time from pre- to postsynaptic spike (ms)", ylabel="Change of the weight (%)",
             title=f"{name}: {table['n_pairs'].iloc[0]} pairs at {table['rate_Hz'].iloc[0]:g} Hz")  # fmt: skip
    axes.legend()
    return figure


@rc_context(style.PAPER)
def frequency(name: str, params: Params, table: pd.DataFrame) -> Figure:
    """Change in per cent against the rate of pairs, with the slices' points where the rule was made for them."""
    figure = style.new_figure(style.SINGLE, 62)
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.5)
    points = name in _FITTED and int(table["n_pairs"].iloc[0]) == 60
    for (delta_t, group), (colour, marker) in zip(table.groupby("delta_t_ms"), _looks(), strict=False):
        group = group.sort_values("rate_Hz")
        drawn = _draw_closed_form(axes, name, params, group, "rate_Hz", color=colour)
        label = f"{delta_t:+g} ms"
        axes.plot(group["rate_Hz"], 100 * group["change"], marker, color=colour, markersize=3, label=label,
                  linestyle="none" if drawn else "-")  # fmt: skip
        if points:
            _measured(axes, SJOSTROM[SJOSTROM["delta_t_ms"] == delta_t], colour, marker)
    if points:
        axes.errorbar([], [], [], fmt="o", color="black", fillstyle="none", markersize=4, linewidth=0.8,
                      label="slices of visual cortex, ± s.e.m.\n(Sjöström et al. 2001)")  # fmt: skip
        axes.set_ylim(-60, 145)
    axes.set(xlabel="Pairs per second (Hz)", ylabel="Change of the weight (%)",
             title=f"{name}: {table['n_pairs'].iloc[0]} pairs")  # fmt: skip
    axes.legend(loc="upper left" if points else "best")
    return figure


def _draw_closed_form(
    axes: Axes, name: str, params: Params, rows: pd.DataFrame, x: str, scale: float = 100, **look: Any
) -> bool:
    """Draw changes in closed form between the values of ``x`` that were simulated, all else as in the first row; whether
    there is one.
    """
    if rows.empty:
        return False
    values = np.linspace(rows[x].min(), rows[x].max(), N_CURVE)
    expected = expected_changes(name, params, rows.iloc[[0] * N_CURVE].assign(**{x: values}))
    if expected is not None:
        axes.plot(values, scale * expected, linewidth=0.8, **look)
    return expected is not None


def _looks() -> list[tuple]:
    colours = (style.ACCENT, style.MAIN, *style.CLASS_COLOURS[4:])
    return list(zip(colours, "svo^D<>p", strict=True))


def _measured(axes: Axes, points: pd.DataFrame, colour: tuple, marker: str) -> None:
    axes.errorbar(points["rate_Hz"], 100 * points["change"], 100 * points["standard_error"], fmt=marker, color=colour,
                  fillstyle="none", markersize=5, linewidth=0.8, capsize=1.5)  # fmt: skip


@rc_context(style.PAPER)
def reward_delay(name: str, params: Params, table: pd.DataFrame) -> Figure:
    """Change of the weight by one pair against the delay of the reward."""
    figure = style.new_figure(style.SINGLE, 62)
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.5)
    for (delta_t, group), (colour, marker) in zip(table.groupby("delta_t_ms"), _looks(), strict=False):
        w_start = group["w_start"].iloc[0]
        _draw_closed_form(axes, name, params, group, "reward_delay_ms", scale=w_start, color=colour)
        axes.plot(group["reward_delay_ms"], group["change"] * group["w_start"], marker, color=colour, markersize=2.6,
                  label=f"{delta_t:+g} ms")  # fmt: skip
    axes.set(xlabel="Delay of the reward (ms)", ylabel="Change of the weight", title=f"{name}: one pair, one reward")
    axes.legend(title="pre to post", title_fontsize=6)
    return figure
