"""Spiking and ANNs side by side: what they cost, what they bear, when they know, what they see."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from equispike.analysis.figures import style

#: Most lines in a panel whose intervals can still be told apart.
MOST_LINES = 4

#: Marks by place in the legend; with the colours they tell more settings apart than colours alone.
MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "h", "d")

#: Axis labels by kind of damage.
DAMAGE = {
    "noise": "Noise (s.d., white is 1)",
    "occlusion": "Black square (pixels per side)",
    "bits": "Bits of a weight",
    "neuron loss": "Neurons lost (%)",
    "synapse loss": "Synapses lost (%)",
}


def looks(kinds: dict[str, str]) -> dict[str, dict]:
    """Colour, mark and line of each label, by its kind: colours start anew with ANNs, whose lines are dashed and
    whose marks are open.
    """
    marks = itertools.cycle(MARKS)
    found: dict[str, dict] = {}
    for kind, line, face in (("spiking", "-", {}), ("ANN", "--", {"markerfacecolor": "white"})):
        colours = itertools.cycle(style.CLASS_COLOURS)
        for label in [label for label, own in kinds.items() if own == kind]:
            found[label] = {"color": next(colours), "marker": next(marks), "linestyle": line, **face}
    return {label: found[label] for label in kinds}


def _band(axes: Axes, rows: pd.DataFrame, x: np.ndarray, look: dict, **more: Any) -> None:
    axes.plot(x, rows["value"], markersize=3, **look, **more)
    if len(rows) > 1:
        axes.fill_between(x, rows["low"], rows["high"], color=look["color"], alpha=0.1, linewidth=0)


def _errors_label(accuracies: pd.Series) -> str:
    """Label an axis of errors; it is logarithmic, and 0 has no place on it."""
    return "Errors (%)" + ("; none is drawn as half of one" if (accuracies == 1).any() else "")


def _legend(figure: Figure, axes: Axes, columns: int) -> None:
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


@rc_context(style.PAPER)
def anytime_curves(points: pd.DataFrame, look: dict[str, dict]) -> Figure:
    """Errors against simulated time, and against synaptic operations, of networks that are stopped early.

    Parameters
    ----------
    points : :func:`analysis.comparison.curves` of ``anytime``; of ANNs the one point is a line across time
    look : of each label, :func:`looks`
    """
    figure = style.new_figure(style.DOUBLE, 95)
    time, operations = figure.subplots(1, 2, sharey=True)
    least = 50 / points["n_images"]
    errors = {
        "value": (100 * (1 - points["accuracy"])).clip(lower=least),
        "low": (100 * (1 - points["high"])).clip(lower=least),
        "high": 100 * (1 - points["low"]),
    }
    points = points.assign(**errors, operations=points["acs"] + points["macs"])
    for name, rows in points.groupby("label", sort=False):
        if rows["kind"].iloc[0] == "ANN":
            of_line = {key: value for key, value in look[name].items() if not key.startswith("marker")}
            time.axhline(rows["value"].iloc[0], linewidth=0.8, **of_line)
        else:
            _band(time, rows, 1000 * rows["time"].to_numpy(), look[name])
        shown = rows[rows["operations"] > 0.01 * rows["operations"].max()]  # first steps would stretch the axis
        _band(operations, shown, shown["operations"].to_numpy(), look[name], label=name)
    time.set(xlabel="Simulated time (ms)", ylabel=_errors_label(points["accuracy"]), xscale="log", yscale="log",
             ylim=(min(0.5, 0.8 * points["value"].min()), 100))  # fmt: skip
    operations.set(xlabel="Synaptic operations per image (ACs and MACs)", xscale="log")
    style.label_decades(time.xaxis, 1, 3)
    style.label_decades(time.yaxis, 1, 2, 5)
    style.label_decades(operations.xaxis, 1)
    _legend(figure, operations, 3)
    return figure


@rc_context(style.PAPER)
def robustness_curves(points: pd.DataFrame, look: dict[str, dict]) -> Figure:
    """Accuracy against the level of each kind of damage.

    Parameters
    ----------
    points : :func:`analysis.comparison.curves` of ``robustness``
    look : of each label, :func:`looks`
    """
    groups = _together(points)
    figure = style.new_figure(style.DOUBLE, 14 + 32 * len(groups))
    grid = figure.subplots(len(groups), len(DAMAGE) + 1, sharey=True, sharex="col", squeeze=False)
    points = points.assign(
        value=100 * points["accuracy"], low=100 * points["low"].clip(0), high=100 * points["high"].clip(None, 1)
    )
    for (*row, words), names in zip(grid, groups, strict=True):
        for axes, damage in zip(row, DAMAGE, strict=True):
            for name in names:
                rows = points[points["label"] == name]
                own = rows[rows["damage"] == damage]
                if own.empty:
                    continue
                if damage != "bits":  # where nothing is damaged
                    own = pd.concat([rows[rows["damage"] == "none"], own])
                x = own["level"].to_numpy() * (100 if damage.endswith("loss") else 1)
                _band(axes, own, x, look[name])
            axes.set(ylim=(0, 100))
        row[0].set_ylabel("Accuracy (%)")
        words.axis("off")
        lines = [Line2D([], [], markersize=3, **look[name]) for name in names]
        words.legend(lines, names, loc="center left", fontsize=5.5, bbox_to_anchor=(-0.1, 0.5))
    for axes, axis_label in zip(grid[-1], DAMAGE.values(), strict=False):
        axes.set_xlabel(axis_label.replace(" (", "\n("))
    bits = grid[-1][list(DAMAGE).index("bits")]
    bits.invert_xaxis()
    bits.set_xticks([8, 4, 3, 2])
    return figure


def _together(points: pd.DataFrame) -> list[list[str]]:
    """Labels that share panels: spiking networks and ANNs apart, those of a system together, few enough to be told apart."""
    groups: list[list[str]] = []
    for _, of_kind in points.groupby("kind", sort=False):
        labels = of_kind.drop_duplicates("label").groupby("system", sort=False)["label"].agg(list)
        groups.append([])
        for names in labels:
            if len(groups[-1]) + len(names) > MOST_LINES and groups[-1]:
                groups.append([])
            groups[-1] += names
    return groups


@rc_context(style.PAPER)
def costs(settings: pd.DataFrame, look: dict[str, dict]) -> Figure:
    """Error against energy of synaptic operations, and against learned numbers.

    Parameters
    ----------
    settings : one row per setting: label, kind, n_images, accuracy, low, high, energy (J), parameters
    look : of each label, :func:`looks`
    """
    figure = style.new_figure(style.DOUBLE, 85)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, column, scale, axis_label in (
        (panels[0], "energy", 1e9, "Energy of synaptic operations (nJ per image)"),
        (panels[1], "parameters", 1.0, "Learned numbers"),
    ):
        for row in settings.to_dict("records"):
            errors = [[100 * (row["accuracy"] - row["low"])], [100 * (row["high"] - row["accuracy"])]]
            error = max(100 * (1 - row["accuracy"]), 50 / row["n_images"])
            own = look[row["label"]] | {"linestyle": "", "markersize": 4}
            if row["kind"] == "ANN":  # rings, within which another network's mark is seen
                own |= {"markerfacecolor": "none", "markersize": 6.5, "zorder": 3}
            axes.errorbar(scale * row[column], error, yerr=errors[::-1], capsize=1.5, **own, label=row["label"])
        axes.set(xlabel=axis_label, xscale="log", yscale="log")
    panels[0].set_ylabel(_errors_label(settings["accuracy"]))
    style.label_decades(panels[0].yaxis, 1, 2, 5)
    style.label_decades(panels[0].xaxis, 1, 2, 5)
    style.label_decades(panels[1].xaxis, 1, 3)
    _legend(figure, panels[0], 3)
    return figure


@rc_context(style.PAPER)
def similarity_map(cka: pd.DataFrame) -> Figure:
    """How alike layers see the same images.

    Parameters
    ----------
    cka : columns one, other, cka
    """
    names = list(dict.fromkeys(cka["one"]))
    matrix = cka.pivot(index="one", columns="other", values="cka").loc[names, names].to_numpy()
    width = min(style.DOUBLE, 80 + 6.5 * len(names))
    figure = style.new_figure(width, max(40, 10 + 4 * len(names)))
    axes = figure.subplots()
    picture = axes.imshow(matrix, vmin=0, vmax=1, cmap="cividis", aspect="auto")
    axes.set_xticks(range(len(names)), [str(number) for number in range(1, len(names) + 1)])
    axes.set_yticks(range(len(names)), [f"{name}  {number}" for number, name in enumerate(names, start=1)])
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if value < 0.55 else "black"
        axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=4, color=colour)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(picture, ax=axes, label="Similarity (linear CKA; numbers in %)", shrink=0.6)
    return figure


@rc_context(style.PAPER)
def selectivity_bars(table: pd.DataFrame) -> Figure:
    """Lifetime and population sparseness of layers.

    Parameters
    ----------
    table : columns layer, lifetime, population (0 to 1)
    """
    figure = style.new_figure(style.DOUBLE, 20 + 4.2 * len(table))
    lifetime, population = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(table))[::-1]
    for axes, column, axis_label in (
        (lifetime, "lifetime", "Selectivity for classes (median)"),
        (population, "population", "Sparseness of responses to an image"),
    ):
        axes.barh(places, table[column], color=style.MAIN, height=0.7)
        axes.set(xlabel=axis_label, xlim=(0, 1))
    lifetime.set_yticks(places, table["layer"])
    return figure
