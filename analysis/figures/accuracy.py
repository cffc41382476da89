"""How accuracy grows with labels and with time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equispike.analysis.figures import style


@rc_context(style.PAPER)
def accuracy_curves(
    evaluations: Mapping[str, Mapping[str, Any]], anytime: pd.DataFrame | None, measured: str = ""
) -> Figure:
    """Draw accuracy against labelled training images and, where it was measured, against time until images are stopped.

    Parameters
    ----------
    evaluations : contents of evaluation-*.json by what they are of, with ``readout``, the one whose accuracies are drawn
    anytime : columns time (s), n_images, correct, of the readout ``measured``
    """
    figure = style.new_figure(style.SINGLE if anytime is None else style.DOUBLE, 65)
    panels = figure.subplots(1, 1 if anytime is None else 2, sharey=True, squeeze=False)[0]
    for (name, evaluation), colour in zip(evaluations.items(), (style.MAIN, style.ACCENT), strict=False):
        readout = evaluation["readout"]
        final = evaluation["accuracy"][readout]
        points = {**evaluation["accuracy_by_labelled_images"], evaluation["n_label"]: final}
        label = f"{name}, {readout}: {100 * final:.1f} % with {style.number(evaluation['n_label'])}"
        _curve(panels[0], points, colour, label)
    panels[0].set(xlabel="Labelled training images", ylabel="Accuracy (%)", xscale="log")
    style.label_decades(panels[0].xaxis, 1, 3)
    panels[0].legend(loc="lower right")
    if anytime is not None:
        points = dict(zip(1000 * anytime["time"], anytime["correct"] / anytime["n_images"], strict=True))
        _curve(panels[1], points, style.MAIN, f"{style.number(anytime['n_images'].iloc[0])} test images, {measured}")
        panels[1].set(xlabel="Image stopped after (ms)", xlim=(0, None))
        panels[1].legend(loc="lower right")
    return figure


def _curve(axes: Axes, points: Mapping[Any, float], colour, label: str) -> None:
    """Draw accuracies (0 to 1) by numbers, which are words if they come from JSON."""
    x, y = zip(*sorted((float(n), 100 * accuracy) for n, accuracy in points.items()), strict=True)
    axes.plot(x, y, "o-", color=colour, markersize=3, label=label)
