"""The whole suite on one slide: how often networks are wrong, what that costs, and when they know."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.figures import style

#: A slide of 16:9, in mm, and letters that are read from the last row.
SLIDE = (254, 143)
TALK = {**style.PAPER, **dict.fromkeys(("font.size", "axes.labelsize", "axes.titlesize"), 11),
        **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 9)}  # fmt: skip


@rc_context(TALK)
def overview(
    settings: pd.DataFrame, points: pd.DataFrame, look: dict[str, dict], published: Mapping[str, tuple[float, str]]
) -> Figure:
    """Draw errors of each setting, best at the top, beside their energy and, of spiking networks, the time they take.

    Parameters
    ----------
    settings : :func:`analysis.comparison.settings`
    points : :func:`analysis.comparison.curves` of ``anytime``
    look : of each label, :func:`analysis.figures.comparison.looks`
    published : accuracy (0 to 1) in the paper of a label's system, and of what it is
    """
    figure = style.new_figure(*SLIDE)
    errors, energy, time = figure.subplots(1, 3, width_ratios=(1, 1.1, 1.1))
    ranked = settings.sort_values("accuracy", ignore_index=True)
    least = 50 / ranked["n_images"]
    centre = (100 * (1 - ranked["accuracy"])).clip(lower=least)
    low, high = (100 * (1 - ranked["high"])).clip(lower=least), 100 * (1 - ranked["low"])
    for place, row in ranked.iterrows():
        own = look[row["label"]] | {"linestyle": "", "markersize": 7}
        spread = [[centre[place] - low[place]], [high[place] - centre[place]]]
        errors.errorbar(centre[place], place, xerr=spread, capsize=2, **own)
        ring = {"markerfacecolor": "none", "markersize": 10, "zorder": 3} if row["kind"] == "ANN" else {}
        energy.errorbar(1e9 * row["energy"], centre[place], yerr=spread, capsize=2, **(own | ring))
    papers = [(100 * (1 - accuracy), ranked.index[ranked["label"] == label][0], of)
              for label, (accuracy, of) in published.items() if label in set(ranked["label"])]  # fmt: skip
    for x, place, of in papers:
        errors.plot(x, place, "|", color="black", markersize=14)
        errors.annotate(f"paper: {of}", (x, place), (0, -11), textcoords="offset points", ha="center", fontsize=7)
    errors.set_yticks(range(len(ranked)), ranked["label"])
    errors.set(xlabel="Errors (%)", xscale="log")
    for name, rows in points[points["kind"] == "spiking"].groupby("label", sort=False):
        values = (100 * (1 - rows["accuracy"])).clip(lower=50 / rows["n_images"])
        time.plot(1000 * rows["time"], values, markersize=5, **look[name])
    energy.set(xlabel="Energy of synaptic operations\n(nJ per image)", ylabel="Errors (%)", xscale="log", yscale="log")
    time.set(xlabel="Simulated time (ms)", ylabel="Errors (%)", xscale="log", yscale="log", ylim=(0.4, 100))
    style.label_decades(errors.xaxis, 1, 2, 5)
    for axes in (energy, time):
        style.label_decades(axes.yaxis, 1, 2, 5)
        style.label_decades(axes.xaxis, 1, 3) if axes is time else style.label_decades(axes.xaxis, 1)
    for axes, title in ((errors, "Accuracy"), (energy, "What it costs"), (time, "Stopped early")):
        axes.set_title(title, loc="left", fontweight="bold")
    return figure
