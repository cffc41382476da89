"""Firing rate against current."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.closed_forms import firing_rates
from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import column, label, model_of
from equispike.analysis.figures.sources import Source
from equispike.protocols.run_folder import RunFolder

#: Currents at which the closed form is drawn.
N_CURVE = 1000


def figures(run: RunFolder) -> list[Source]:
    def make(run: RunFolder) -> Figure:
        table = run.read_table("fi_curve.csv")
        measured = table[column(table, "current")]
        currents = np.linspace(measured.min(), measured.max(), N_CURVE)
        return fi_curve(table, model_of(run), currents, firing_rates(run, currents))

    return [("fi-curve", make)]


@rc_context(style.PAPER)
def fi_curve(table: pd.DataFrame, model: str, currents: np.ndarray, closed_form: np.ndarray | None) -> Figure:
    """Steady and first rate against current, with rates (n,) in closed form at ``currents`` (n,) where there are any."""
    figure = style.new_figure(style.SINGLE, 62)
    axes = figure.subplots()
    name = column(table, "current")
    current = table[name]
    if closed_form is not None:
        axes.plot(currents, closed_form, color="black", linewidth=0.8, label="closed form")
    axes.plot(current, table["first_rate_Hz"], "^", color=style.ACCENT, markersize=3, fillstyle="none",
              label="first interval")  # fmt: skip
    axes.plot(current, table["rate_Hz"], "o", color=style.MAIN, markersize=2.6, label="steady")
    axes.set(xlabel=label("Current", name, "current"), ylabel="Firing rate (Hz)", title=model, ylim=(0, None))
    axes.legend(loc="upper left")
    return figure
