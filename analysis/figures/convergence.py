"""How the layers came to an end of learning."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.models.errors import EquispikeError


@rc_context(style.PAPER)
def convergence_curves(metrics: pd.DataFrame, layers: Sequence[str], criterion: float) -> Figure:
    """The mean of w (1 - w) of each layer against images shown to it, and where learning stops.

    Parameters
    ----------
    metrics : columns images (shown to the layer), metric (``conv1.convergence`` and so on), value
    """
    figure = style.new_figure(style.SINGLE, 62)
    axes = figure.add_subplot()
    for name, colour in zip(layers, style.layer_colours(layers), strict=True):
        of_layer = metrics[metrics["metric"] == f"{name}.convergence"]
        if len(of_layer):
            marker = "o" if len(of_layer) <= 30 else None
            shown = of_layer["value"].clip(lower=criterion / 10)  # where all weights are 0 or 1 there is no logarithm
            axes.plot(of_layer["images"], shown, color=colour, marker=marker, markersize=2.5, label=name)
    if not axes.lines:
        raise EquispikeError("no layer has learned yet")
    axes.axhline(criterion, color="black", linestyle="--", linewidth=0.8, label=f"stop below {criterion:g}")
    axes.set(xlabel="Images shown to the layer", ylabel="$C_l$ = mean of $w(1-w)$", yscale="log", xlim=(0, None))
    style.label_decades(axes.yaxis, 1, 2, 5)
    axes.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return figure
