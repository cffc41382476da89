"""How learning went: accuracy while training, and what else was measured meanwhile."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.models.errors import EquispikeError

#: What accuracies are of.
ACCURACIES = {"running_accuracy": "training images", "validation_accuracy": "images held out"}
#: What axes of other metrics say; of those that differ in the layer alone there is one.
LABELS = {
    "loss": "Cross-entropy (nats)",
    "spikes_per_image": "Spikes\nper image",
    "presentations_per_image": "Presentations\nper image",
    "theta_mean_mV": "Mean θ (mV)",
    "spikes": "Spikes per\nneuron and image",
    "convergence": "Mean w (1 − w)",
    "winners_per_image": "Winners\nper image",
    "change": "Mean change\nof weights",
}
#: Most panels beside the accuracy.
MOST = 3


@rc_context(style.PAPER)
def learning_curves(metrics: pd.DataFrame, final: Mapping[str, float]) -> Figure:
    """Draw accuracies while training, where they were measured, and up to three other metrics against images.

    Parameters
    ----------
    metrics : columns images, metric, value; metrics called ``layer.name`` are one line per layer
    final : accuracies (0 to 1) after training, drawn as lines, by what they are of
    """
    series = {
        name: (rows["images"].to_numpy() / 1000, rows["value"].to_numpy()) for name, rows in metrics.groupby("metric")
    }
    accuracies = {name: series[name] for name in ACCURACIES if name in series}
    others = _families([name for name in series if name not in ACCURACIES])
    if not accuracies and not others:
        raise EquispikeError("there are no metrics yet")
    figure = style.new_figure(style.DOUBLE, 75)
    n_rows = max(1, len(others))
    grid = figure.add_gridspec(
        n_rows, 2 if accuracies and others else 1, width_ratios=(1.5, 1) if accuracies and others else None
    )
    if accuracies:
        axes = figure.add_subplot(grid[:, 0])
        for (name, (x, y)), colour in zip(accuracies.items(), (style.MAIN, style.ACCENT), strict=False):
            _curve(axes, x, 100 * y, colour, ACCURACIES[name])
        axes.set(xlabel="Images seen (thousands)", ylabel="Accuracy (%)", xlim=(0, None))
        _references(axes, final)
    for row, (label, members) in enumerate(others.items()):
        axes = figure.add_subplot(grid[row, -1])
        colours = style.layer_colours(members) if len(members) > 1 else [style.MAIN]
        for (name, layer), colour in zip(members.items(), colours, strict=True):
            _curve(axes, *series[name], colour, layer if len(members) > 1 else None)
        axes.set(ylabel=label, xlim=(0, None))
        axes.tick_params(labelbottom=row == len(others) - 1)
        if len(members) > 1:
            axes.legend(loc="best")
        if row == len(others) - 1:
            axes.set_xlabel("Images seen (thousands)")
    figure.align_ylabels()
    return figure


def _families(names: list[str]) -> dict[str, dict[str, str]]:
    """Return what each panel shows, by its label: metrics and the layers that they are of; those that LABELS knows first."""
    found: dict[str, dict[str, str]] = {}
    for name in sorted(
        names, key=lambda name: (list(LABELS).index(_kind(name)) if _kind(name) in LABELS else len(LABELS), name)
    ):
        label = LABELS.get(_kind(name), _kind(name).replace("_", " ").capitalize())
        found.setdefault(label, {})[name] = name.rpartition(".")[0]
    return dict(list(found.items())[:MOST])


def _kind(name: str) -> str:
    return re.sub(r"^.*\.", "", name)


def _curve(axes: Axes, thousands: np.ndarray, values: np.ndarray, colour, label: str | None) -> None:
    """Draw a line; few points are marked as well, one alone could not be seen."""
    marker = "o" if len(values) <= 30 else None
    axes.plot(thousands, values, marker=marker, markersize=2.5, color=colour, label=label)


def _references(axes: Axes, final: Mapping[str, float]) -> None:
    """Draw final accuracies as lines across, told apart by dashes."""
    for (name, value), dashes in zip(final.items(), ("--", ":", "-."), strict=False):
        axes.axhline(100 * value, color="black", linewidth=0.8, linestyle=dashes, label=f"{name}: {100 * value:.1f} %")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
