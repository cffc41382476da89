"""The weakest pulse that makes a neuron fire."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import column, label, model_of, unit_of
from equispike.analysis.figures.sources import Source
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> list[Source]:
    def make(run: RunFolder) -> Figure:
        table, summary = run.read_table("strength_duration.csv"), run.read_table("summary.csv")
        return strength_duration(table, summary, model_of(run))

    return [("strength-duration", make)]


@rc_context(style.PAPER)
def strength_duration(table: pd.DataFrame, summary: pd.DataFrame, model: str) -> Figure:
    """Threshold against duration, both logarithmic, with rheobase, chronaxie and Lapicque's curve through them."""
    figure = style.new_figure(style.SINGLE, 65)
    axes = figure.subplots()
    name = column(table, "current")
    rheobase, chronaxie = summary[column(summary, "rheobase")].iloc[0], summary["chronaxie_ms"].iloc[0]
    axes.loglog(table["duration_ms"], table[name], "o", color=style.MAIN, markersize=3, label="threshold")
    unit = unit_of(name, "current")
    if np.isfinite(rheobase):
        axes.axhline(rheobase, color="0.4", linestyle="--", linewidth=0.7, label=f"rheobase {rheobase:.3g} {unit}")
    if np.isfinite(chronaxie):
        d = np.geomspace(table["duration_ms"].min(), table["duration_ms"].max(), 200)
        axes.loglog(d, rheobase / (1 - 2 ** (-d / chronaxie)), color="black", linewidth=0.7,
                    label="Lapicque, same rheobase\nand chronaxie")  # fmt: skip
        axes.plot([chronaxie] * 2, [rheobase, 2 * rheobase], color=style.ACCENT, linewidth=1,
                  label=f"chronaxie {chronaxie:.3g} ms")  # fmt: skip
        axes.plot(chronaxie, 2 * rheobase, "s", color=style.ACCENT, markersize=3.5)
    style.label_decades(axes.xaxis, 1, 3)
    style.label_decades(axes.yaxis, 1, 3)
    axes.set(xlabel="Duration of the pulse (ms)", ylabel=label("Threshold current", name, "current"), title=model)
    axes.legend(loc="upper right")
    return figure
