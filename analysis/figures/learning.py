"""How learning went: accuracy while training, and what thresholds and activity did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.models.errors import EquispikeError

#: Metrics beside the accuracy and what their axes say.
COMPANIONS = {
    "spikes_per_image": "Spikes\nper image",
    "presentations_per_image": "Presentations\nper image",
    "theta_mean_mV": "Mean θ (mV)",
}


@rc_context(style.PAPER)
def learning_curve(metrics: pd.DataFrame, final: Mapping[str, float]) -> Figure:
    """Running accuracy against images seen, next to spikes and presentations per image and the mean threshold.

    Parameters
    ----------
    metrics : columns images, metric, value
    final : accuracies (0 to 1) after training, drawn as lines, by what they are of
    """
    table = metrics.pivot(index="images", columns="metric", values="value").sort_index()
    if "running_accuracy" not in table:
        raise EquispikeError("there is no running accuracy yet: it needs two chunks of images")
    thousands = table.index.to_numpy() / 1000
    figure = style.new_figure(style.DOUBLE, 75)
    grid = figure.add_gridspec(len(COMPANIONS), 2, width_ratios=(1.5, 1))
    accuracy = figure.add_subplot(grid[:, 0])
    _curve(accuracy, thousands, 100 * table["running_accuracy"])
    accuracy.set(xlabel="Images seen (thousands)", ylabel="Running accuracy (%)")
    _references(accuracy, final)
    accuracy.set_xlim(0, None)
    for row, (name, label) in enumerate(COMPANIONS.items()):
        axes = figure.add_subplot(grid[row, 1], sharex=accuracy)
        _curve(axes, thousands, table[name])
        axes.set_ylabel(label)
        axes.tick_params(labelbottom=row == len(COMPANIONS) - 1)
    axes.set_xlabel("Images seen (thousands)")
    figure.align_ylabels()
    return figure


def _curve(axes: Axes, thousands, values: pd.Series) -> None:
    """A line; few points are marked as well, one alone could not be seen."""
    known = values.notna().to_numpy()
    marker = "o" if known.sum() <= 30 else None
    axes.plot(thousands[known], values[known], marker=marker, markersize=2.5, color=style.MAIN)


def _references(axes: Axes, final: Mapping[str, float]) -> None:
    """Final accuracies as lines across, told apart by dashes."""
    for (name, value), dashes in zip(final.items(), ("--", ":", "-."), strict=False):
        axes.axhline(100 * value, color=style.ACCENT, linestyle=dashes, label=f"{name}: {100 * value:.1f} %")
    if final:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
