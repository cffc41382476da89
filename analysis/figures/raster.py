"""The raster: every spike while one image is presented."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from equispike.analysis.figures import style

#: Background while the image is shown and while the network rests.
SHOWN, RESTING = (0.91, 0.95, 1.0), (0.86, 0.86, 0.86)


@rc_context(style.PAPER)
def spike_raster(raster: Mapping[str, np.ndarray], n_exc: int, assignments: np.ndarray | None = None) -> Figure:
    """The image, the input spikes it causes and the excitatory spikes that answer them.

    Parameters
    ----------
    raster : input_t, exc_t spike times (s) and input_i, exc_i neurons; image (side, side) uint8 and its label; t_present
        and t_rest (s), how long an image and a rest are simulated; n_presentations until the image was accepted
    n_exc : excitatory neurons
    assignments : (n_exc,) classes; with them the neurons of the image's class stand out
    """
    figure = style.new_figure(style.DOUBLE, 85)
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 5), height_ratios=(1.2, 1))
    picture = figure.add_subplot(grid[0, 0])
    picture.imshow(raster["image"], cmap="gray_r", vmin=0, vmax=255)
    picture.set_title(f"Image of class {int(raster['label'])}")
    picture.set_xticks([])
    picture.set_yticks([])
    picture.spines[:].set_visible(True)
    inputs = figure.add_subplot(grid[0, 1])
    excitatory = figure.add_subplot(grid[1, 1], sharex=inputs)
    _shade(inputs, raster)
    _shade(excitatory, raster)
    _spikes(inputs, raster["input_t"], raster["input_i"], "black", size=1.5)
    inputs.set(ylabel="Input neuron", ylim=(-0.5, raster["image"].size - 0.5))
    inputs.invert_yaxis()  # as in the image, the first pixel on top
    inputs.tick_params(labelbottom=False)
    marks = _excitatory(excitatory, raster, assignments)
    excitatory.set(ylabel="Excitatory neuron", ylim=(-0.5, n_exc - 0.5), xlabel="Time (ms)")
    legend = figure.add_subplot(grid[1, 0])
    legend.set_axis_off()
    periods = [Patch(color=SHOWN, label="image shown"), Patch(color=RESTING, label="rest")]
    legend.legend(
        handles=[*periods, *marks], loc="upper left", borderaxespad=0, title=_repeats(raster), alignment="left"
    )
    return figure


def _shade(axes: Axes, raster: Mapping[str, np.ndarray]) -> None:
    """Colour the background by what happens: image shown or rest."""
    shown, rest = 1e3 * float(raster["t_present"]), 1e3 * float(raster["t_rest"])
    axes.axvspan(0, shown, color=SHOWN, linewidth=0, zorder=0)
    axes.axvspan(shown, shown + rest, color=RESTING, linewidth=0, zorder=0)
    axes.set_xlim(0, shown + rest)


def _spikes(axes: Axes, t: np.ndarray, i: np.ndarray, colour, size: float) -> None:
    """One upright tick a spike; ``t`` in s."""
    axes.plot(1e3 * t, i, "|", color=colour, markersize=size, markeredgewidth=0.6)


def _excitatory(axes: Axes, raster: Mapping[str, np.ndarray], assignments: np.ndarray | None) -> list[Line2D]:
    """Draw the excitatory spikes; returns what the legend needs to tell neurons of the image's class from others."""
    t, i, label = raster["exc_t"], raster["exc_i"], int(raster["label"])
    if assignments is None:
        _spikes(axes, t, i, "black", size=5)
        return []
    right = assignments[i] == label
    marks = []
    for which, colour, name in (
        (right, style.MAIN, f"neurons of class {label}"),
        (~right, style.ACCENT, "other neurons"),
    ):
        _spikes(axes, t[which], i[which], colour, size=5)
        marks.append(Line2D([], [], color=colour, marker="|", linestyle="", markersize=5, label=name))
    return marks


def _repeats(raster: Mapping[str, np.ndarray]) -> str:
    n = int(raster["n_presentations"])
    return "presented once" if n == 1 else f"last of {n} presentations"
