"""The activity: every spike while one image is presented."""

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
def raster(activity: Mapping[str, np.ndarray]) -> Figure:
    """Draw a sample and the spikes that it causes, group by group.

    Parameters
    ----------
    activity : as protocols.activity keeps it
    """
    groups = [name.removesuffix(".spikes") for name in activity if name.endswith(".spikes")]
    figure = style.new_figure(style.DOUBLE, 25 + 25 * len(groups))
    grid = figure.add_gridspec(len(groups), 2, width_ratios=(1, 5))
    if "image" in activity:
        _picture(figure.add_subplot(grid[0, 0]), activity)
    panels: list[Axes] = []
    for row, (name, colour) in enumerate(zip(groups, style.layer_colours(groups), strict=True)):
        axes = figure.add_subplot(grid[row, 1], sharex=panels[0] if panels else None)
        _shade(axes, activity)
        t, i = _of(activity, name)
        _spikes(axes, t, i, colour, size=3)
        axes.set_ylabel(f"{name}, neuron")
        if not len(t):
            axes.set_yticks([])
            axes.text(0.5, 0.5, "no spikes", transform=axes.transAxes, ha="center", va="center")
        axes.tick_params(labelbottom=row == len(groups) - 1)
        panels.append(axes)
    panels[-1].set_xlabel("Time (ms)")
    return figure


def _of(activity: Mapping[str, np.ndarray], group: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times (s) and neurons of a group's spikes."""
    steps, neurons = activity[f"{group}.spikes"].T
    return steps * float(activity["dt"]), neurons


def _picture(axes: Axes, activity: Mapping[str, np.ndarray]) -> None:
    image = activity["image"]
    axes.imshow(image if image.ndim == 2 or image.shape[-1] == 3 else image[..., 0], cmap="gray_r", vmin=0, vmax=255)
    axes.set_title(f"Image of class {int(activity['label'])}")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)


@rc_context(style.PAPER)
def spike_raster(activity: Mapping[str, np.ndarray], n_exc: int, assignments: np.ndarray | None = None) -> Figure:
    """Draw the image, the input spikes it causes and the excitatory spikes that answer them.

    Parameters
    ----------
    activity : as protocols.activity keeps it, of groups ``inputs`` and ``exc``
    n_exc : excitatory neurons
    assignments : (n_exc,) classes; with them the neurons of the image's class stand out
    """
    figure = style.new_figure(style.DOUBLE, 85)
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 5), height_ratios=(1.2, 1))
    _picture(figure.add_subplot(grid[0, 0]), activity)
    inputs = figure.add_subplot(grid[0, 1])
    excitatory = figure.add_subplot(grid[1, 1], sharex=inputs)
    _shade(inputs, activity)
    _shade(excitatory, activity)
    _spikes(inputs, *_of(activity, "inputs"), "black", size=1.5)
    inputs.set(ylabel="Input neuron", ylim=(-0.5, activity["image"].size - 0.5))
    inputs.invert_yaxis()  # as in the image, the first pixel on top
    inputs.tick_params(labelbottom=False)
    marks = _excitatory(excitatory, activity, assignments)
    excitatory.set(ylabel="Excitatory neuron", ylim=(-0.5, n_exc - 0.5), xlabel="Time (ms)")
    legend = figure.add_subplot(grid[1, 0])
    legend.set_axis_off()
    periods = [Patch(color=SHOWN, label="image shown"), Patch(color=RESTING, label="rest")]
    legend.legend(
        handles=[*periods, *marks], loc="upper left", borderaxespad=0, title=_repeats(activity), alignment="left"
    )
    return figure


def _shade(axes: Axes, activity: Mapping[str, np.ndarray]) -> None:
    """Colour the background by what happens: image shown or rest."""
    shown, end = (1e3 * float(activity["dt"]) * int(activity[name]) for name in ("n_steps_present", "n_steps"))
    begin = -5e2 * float(activity["dt"])  # ticks of the first time step stand beside the axis, not behind it
    axes.axvspan(begin, shown, color=SHOWN, linewidth=0, zorder=0)
    axes.axvspan(shown, end, color=RESTING, linewidth=0, zorder=0)
    axes.set_xlim(begin, end)


def _spikes(axes: Axes, t: np.ndarray, i: np.ndarray, colour, size: float) -> None:
    """Draw one upright tick per spike; ``t`` in s."""
    axes.plot(1e3 * t, i, "|", color=colour, markersize=size, markeredgewidth=0.6)


def _excitatory(axes: Axes, activity: Mapping[str, np.ndarray], assignments: np.ndarray | None) -> list[Line2D]:
    """Draw the excitatory spikes; returns what the legend needs to tell neurons of the image's class from others."""
    (t, i), label = _of(activity, "exc"), int(activity["label"])
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


def _repeats(activity: Mapping[str, np.ndarray]) -> str:
    n = int(activity["n_presentations"])
    return "presented once" if n == 1 else f"last of {n} presentations"
