"""How accuracy grows with labels and with time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from equispike.analysis.figures import style


@rc_context(style.PAPER)
def accuracy_curves(evaluations: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Accuracy against labelled training images and, where it was measured, against bins until images are stopped.

    Parameters
    ----------
    evaluations : contents of evaluation-*.json by what they are of; of readouts ``svm``, or the first if there is none
    """
    stopped = {
        name: each["accuracy_by_bins"] for name, each in evaluations.items() if each["accuracy_by_bins"]["accuracy"]
    }
    figure = style.new_figure(style.DOUBLE if stopped else style.SINGLE, 65)
    panels = figure.subplots(1, 2 if stopped else 1, sharey=True, squeeze=False)[0]
    colours = dict(zip(evaluations, (style.MAIN, style.ACCENT), strict=False))
    for name, evaluation in evaluations.items():
        accuracy = evaluation["accuracy"]
        final = accuracy.get("svm", next(iter(accuracy.values())))
        points = {**evaluation["accuracy_by_labelled_images"], evaluation["n_label"]: final}
        _curve(
            panels[0], points, colours[name], f"{name}: {100 * final:.1f} % with {style.number(evaluation['n_label'])}"
        )
    panels[0].set(xlabel="Labelled training images", ylabel="Accuracy (%)", xscale="log")
    style.label_decades(panels[0].xaxis, 1, 3)
    for name, evaluation in stopped.items():
        label = f"{name}, {style.number(evaluation['n_label'])} labelled images"
        _curve(panels[-1], evaluation["accuracy"], colours[name], label)
    if stopped:
        panels[-1].set(xlabel="Image stopped after (bins)", xlim=(0, None))
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels:
        axes.legend(loc="lower right")
    return figure


def _curve(axes: Axes, points: Mapping[Any, float], colour, label: str) -> None:
    """Accuracies (0 to 1) by numbers, which are words if they come from JSON."""
    x, y = zip(*sorted((int(n), 100 * accuracy) for n, accuracy in points.items()), strict=True)
    axes.plot(x, y, "o-", color=colour, markersize=3, label=label)
