"""How loss and errors fell while gradients trained a network."""

from __future__ import annotations

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from equispike.analysis.figures import style


@rc_context(style.PAPER)
def descent_curves(metrics: pd.DataFrame) -> Figure:
    """Loss, errors and spikes against images.

    Parameters
    ----------
    metrics : columns images, metric (``loss``, ``running_accuracy``, ``validation_accuracy``, ``hidden1.spikes`` and so
        on), value
    """
    series = {name: part for name, part in metrics.groupby("metric")}
    layers = sorted(name for name in series if name.endswith(".spikes"))
    figure = style.new_figure(style.DOUBLE, 60)
    panels = figure.subplots(1, 3 if layers else 2)
    loss, errors = panels[:2]
    thousands = metrics["images"].max() / 1000
    loss.plot(series["loss"]["images"] / 1000, series["loss"]["value"], "o-", markersize=2, color=style.MAIN)
    loss.set(ylabel="Cross-entropy (nats)", yscale="log")
    for name, label, colour in (
        ("running_accuracy", "images just learned", style.MAIN),
        ("validation_accuracy", "images held out", style.ACCENT),
    ):
        if name in series:
            rows = series[name]
            error = 100 * (1 - rows["value"])
            errors.plot(rows["images"] / 1000, error, "o-", markersize=2, color=colour, label=label)
    errors.set(ylabel="Errors (%)", yscale="log")
    errors.legend(loc="upper right")
    for name, colour in zip(layers, style.layer_colours(layers), strict=True):
        rows = series[name]
        label = name.removesuffix(".spikes")
        panels[2].plot(rows["images"] / 1000, rows["value"], "o-", markersize=2, color=colour, label=label)
    if layers:
        panels[2].set(ylabel="Spikes (a neuron and image)", ylim=(0, None))
        panels[2].legend(loc="best")
    for axes in (loss, errors):  # 20, not 2 x 10^1
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    for axes in panels:
        axes.set(xlabel="Images (thousands)", xlim=(0, thousands))
    return figure
