"""Figures of a sweep, from its table alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import t as student

from equispike.analysis import comparison
from equispike.analysis.figures import comparison as curves
from equispike.analysis.figures import style
from equispike.analysis.sweeps import column
from equispike.models.errors import EquispikeError


def draw(table: pd.DataFrame, figure: Mapping[str, str]) -> Figure:
    """The figure that an entry of a sweep file describes by ``kind`` and the columns that it shows.

    Raises
    ------
    EquispikeError
        The table has no such column.
    """
    columns = {key: column(figure[key], table) for key in ("x", "y", "z", "lines") if key in figure}
    for key, name in columns.items():
        if name not in table:
            raise EquispikeError(
                f"figure {figure['name']}: {key}: {name} is no column of the table; numbers in it are: "
                f"{', '.join(table.select_dtypes('number').columns)}"
            )
    return _KINDS[figure["kind"]](table, **columns)


@rc_context(style.PAPER)
def lines(table: pd.DataFrame, x: str, y: str, lines: str | None = None) -> Figure:
    """Means of ``y`` over all that shares ``x``, with 95 % intervals (Student's t over runs) and each run as a point."""
    table = table.dropna(subset=[y])
    figure = style.new_figure(style.SINGLE, 65)
    axes = figure.subplots()
    names = sorted(set(table[lines])) if lines else [""]
    for name, colour, mark in zip(names, style.CLASS_COLOURS * 3, curves.MARKS * 3, strict=False):
        rows = table[table[lines] == name] if lines else table
        groups = rows.groupby(x, sort=True)[y]
        values = _scale(y) * groups.mean()
        margin = _scale(y) * groups.apply(_margin)
        places = np.arange(len(values)) if _is_words(table[x]) else values.index.to_numpy()
        axes.errorbar(places, values, yerr=margin, color=colour, marker=mark, markersize=3, capsize=2, label=str(name))
        of_runs = dict(zip(values.index, places, strict=True))
        axes.plot([of_runs[each] for each in rows[x]], _scale(y) * rows[y], ".", color=colour, markersize=2, alpha=0.5)
    _axis(axes, "x", x, table[x])
    axes.set_ylabel(_label(y))
    if lines and len(names) > 1:
        axes.legend(title=_label(lines), title_fontsize=6.5)
    return figure


@rc_context(style.PAPER)
def heat_map(table: pd.DataFrame, x: str, y: str, z: str) -> Figure:
    """Means of ``z`` for each combination of ``x`` and ``y``."""
    means = _scale(z) * table.pivot_table(index=y, columns=x, values=z, aggfunc="mean")
    figure = style.new_figure(style.SINGLE, 25 + 45 * min(1.5, len(means) / max(3, means.shape[1])) + 20)
    axes = figure.subplots()
    picture = axes.imshow(means, cmap="cividis", origin="lower", aspect="auto")
    low, high = np.nanmin(means), np.nanmax(means)
    for (row, place), value in np.ndenumerate(means.to_numpy()):
        if np.isfinite(value):
            dark = value < low + 0.55 * (high - low)
            axes.text(
                place, row, f"{value:.3g}", ha="center", va="center", fontsize=5.5, color="white" if dark else "black"
            )
    axes.set_xticks(range(means.shape[1]), [_number(each) for each in means.columns])
    axes.set_yticks(range(len(means)), [_number(each) for each in means.index])
    axes.set(xlabel=_label(x), ylabel=_label(y))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(picture, ax=axes, label=_label(z))
    return figure


@rc_context(style.PAPER)
def scatter(table: pd.DataFrame, y: str) -> Figure:
    """Every run: ``y`` against each setting that differs, a panel each."""
    axes_names = [name for name in table.columns if _differs(table, name)]
    if not axes_names:
        raise EquispikeError("figure of kind scatter: no setting differs")
    width = min(4, len(axes_names))
    n_rows = -(-len(axes_names) // width)
    figure = style.new_figure(style.DOUBLE if width > 2 else style.SINGLE, 15 + 45 * n_rows)
    panels = figure.subplots(n_rows, width, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, axes_names, strict=False):
        places = table[name].astype("category").cat.codes if _is_words(table[name]) else table[name]
        axes.plot(places, _scale(y) * table[y], ".", color=style.MAIN, markersize=3)
        _axis(axes, "x", name, table[name])
    for axes in panels[::width]:
        axes.set_ylabel(_label(y))
    for axes in panels[len(axes_names) :]:
        axes.axis("off")
    return figure


def robustness(table: pd.DataFrame) -> Figure:
    """Accuracy against damage, a line per setting, of runs that were measured."""
    return _curves("robustness", curves.robustness_curves, table)


def anytime(table: pd.DataFrame) -> Figure:
    """Errors of networks that are stopped early, a line per setting, of runs that were measured."""
    return _curves("anytime", curves.anytime_curves, table)


def _curves(measure: str, make: Callable[..., Figure], table: pd.DataFrame) -> Figure:
    runs = comparison.compare(Path(folder) for folder in dict.fromkeys(table["folder"]))
    points = comparison.curves(runs, measure)
    if points.empty:
        raise EquispikeError(f"figure of kind {measure}: no run was measured: add 'measure: [{measure}]'")
    return make(points, curves.looks(dict(zip(points["label"], points["kind"], strict=True))))


_KINDS: dict[str, Callable[..., Figure]] = {
    "lines": lines, "map": heat_map, "scatter": scatter, "robustness": robustness, "anytime": anytime,
}  # fmt: skip
#: Columns of a sweep's table that are not settings.
_RESULTS = ("run", "seed", "readout", "split", "accuracy", "n_images", "commit", "folder", "first_layer", "spikes",
            *comparison.WORKLOAD, "train_cpu_s", "train_wall_s", "inference_cpu_s", "inference_wall_s")  # fmt: skip


def _differs(table: pd.DataFrame, name: str) -> bool:
    return name not in _RESULTS and table[name].nunique(dropna=False) > 1


def _margin(values: pd.Series) -> float:
    """Half of the 95 % interval of a mean; 0 of one value."""
    n = len(values)
    return float(student.ppf(0.975, n - 1) * values.std(ddof=1) / n**0.5) if n > 1 else 0.0


def _is_words(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values)


def _axis(axes: Axes, which: str, name: str, values: pd.Series) -> None:
    """Label an axis; logarithmic where its values span more than a decade."""
    axes.set_xlabel(_label(name))
    if _is_words(values):
        words = sorted(set(values))
        axes.set_xticks(range(len(words)), words, rotation=30 if max(map(len, words)) > 6 else 0)
        return
    if values.min() > 0 and values.max() > 10 * values.min():
        axes.set_xscale("log")
    if values.nunique() <= 8:
        axes.set_xticks(sorted(set(values)), [_number(each) for each in sorted(set(values))])
        axes.minorticks_off()


def _label(name: str) -> str:
    return {"accuracy": "Accuracy (%)", "n_exc": "Excitatory neurons"}.get(name, name)


def _scale(name: str) -> float:
    return 100.0 if name == "accuracy" else 1.0


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return style.number(value) if abs(value) >= 1000 else f"{value:g}"
