"""How far the adaptive thresholds of the excitatory neurons have risen."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from equispike.analysis.figures import style


@rc_context(style.PAPER)
def threshold_distribution(theta: np.ndarray, assignments: np.ndarray | None = None) -> Figure:
    """Histogram of the adaptive part of the thresholds, and each neuron's by class.

    Parameters
    ----------
    theta : (n_exc,) in volt
    assignments : (n_exc,) classes, -1 for none; without them all neurons share one strip
    """
    millivolt = 1e3 * theta
    figure = style.new_figure(style.SINGLE, 80 if assignments is not None else 58)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.3) if assignments is not None else (1, 0.2))
    above.hist(millivolt, bins=_bins(millivolt), color=style.MAIN, edgecolor="white", linewidth=0.4)
    mean = millivolt.mean()
    above.axvline(mean, color="black", linestyle="--", linewidth=0.8)
    above.set_title(f"Mean {mean:.1f} mV, standard deviation {millivolt.std():.1f} mV")
    above.set_ylabel("Neurons")
    above.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    below.set_xlabel("Adaptive threshold θ (mV)")
    if assignments is None:
        _strip(below, millivolt, 0, style.MAIN)
        below.set(yticks=[], ylim=(-0.6, 0.6))
        below.spines["left"].set_visible(False)
    else:
        _strips(below, millivolt, assignments)
    return figure


def _bins(values: np.ndarray) -> np.ndarray:
    """Edges of 10 to 40 bins around ``values``, which may all be the same."""
    n = int(np.clip(np.sqrt(len(values)) * 2, 10, 40))
    return np.histogram_bin_edges(values, bins=n)


def _strips(axes: Axes, values: np.ndarray, assignments: np.ndarray) -> None:
    """A strip of points for each class that has neurons; the first class on top."""
    present = style.classes_in(assignments)
    for row, label in enumerate(present):
        _strip(axes, values[assignments == label], row, style.class_colour(label))
    axes.set_yticks(range(len(present)), [style.class_name(label) for label in present])
    axes.set_ylim(len(present) - 0.4, -0.6)
    axes.set_ylabel("Assigned class")


def _strip(axes: Axes, values: np.ndarray, row: int, colour: tuple[float, float, float]) -> None:
    """Draw one point per neuron at height ``row``."""
    axes.scatter(values, row + 0.6 * style.spread(len(values)), s=6, color=colour, edgecolor="black", linewidth=0.15)
