"""Firing rate against current."""

from __future__ import annotations

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.closed_forms import with_firing_rates
from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import column, label, model_of
from equispike.analysis.figures.sources import Source
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> list[Source]:
    return [("fi-curve", lambda run: fi_curve(with_firing_rates(run.read_table("fi_curve.csv"), run), model_of(run)))]


@rc_context(style.PAPER)
def fi_curve(table: pd.DataFrame, model: str) -> Figure:
    """Steady and first rate against current, with the closed form where the table has one."""
    figure = style.new_figure(style.SINGLE, 62)
    axes = figure.subplots()
    name = column(table, "current")
    current = table[name]
    if "closed_form_Hz" in table:
        axes.plot(current, table["closed_form_Hz"], color="black", linewidth=0.8, label="closed form")
    axes.plot(current, table["first_rate_Hz"], "^", color=style.ACCENT, markersize=3, fillstyle="none",
              label="first interval")  # fmt: skip
    axes.plot(current, table["rate_Hz"], "o", color=style.MAIN, markersize=2.6, label="steady")
    axes.set(xlabel=label("Current", name, "current"), ylabel="Firing rate (Hz)", title=model, ylim=(0, None))
    axes.legend(loc="upper left")
    return figure
