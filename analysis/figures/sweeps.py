"""Figures of a sweep, from its table alone."""

from __future__ import annotations

import itertools
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
        The table has no such column or readout, or runs that differ in more than the seed would be averaged.
    """
    columns = {key: column(figure[key], table) for key in ("x", "y", "z", "lines") if key in figure}
    for key, name in columns.items():
        if name not in table:
            raise EquispikeError(
                f"figure {figure['name']}: {key}: {name} is no column of the table; numbers in it are: "
                f"{', '.join(table.select_dtypes('number').columns)}"
            )
    if figure["kind"] in _OF_FOLDERS:
        return _OF_FOLDERS[figure["kind"]](table)
    rows = _one_readout(table, figure, columns).dropna(subset=list(columns.values()))
    if rows.empty:
        raise EquispikeError(f"figure {figure['name']}: no run has a value of {', '.join(columns.values())}")
    return _KINDS[figure["kind"]](rows, **columns)


def _one_readout(table: pd.DataFrame, figure: Mapping[str, str], columns: Mapping[str, str]) -> pd.DataFrame:
    """The rows of one readout, the headline one unless ``figure`` names another, and of one split: a row a run.

    Figures that tell readouts apart keep all of them.
    """
    table = table[table["split"] == _split(table)]
    if "readout" in columns.values():
        return table
    # The first of a run is its headline: see analysis.sweeps.tidy.
    wanted = figure.get("readout") or table.groupby("system")["readout"].transform("first")
    rows = table[table["readout"] == wanted]
    if rows.empty:
        raise EquispikeError(
            f"figure {figure['name']}: there is no readout {wanted}; there are: {', '.join(table['readout'].unique())}"
        )
    return rows


def _split(table: pd.DataFrame) -> str:
    """The test set, or held-out images where nothing else was evaluated."""
    return "test" if (table["split"] == "test").any() else table["split"].iloc[0]


def _seeds(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """How many seeds there are for each value of ``keys``; raises EquispikeError where something else differs too."""
    for _, group in rows.groupby(keys):
        if group["seed"].duplicated().any():
            differ = [
                name for name in group if name not in (*_RESULTS, *keys) and group[name].nunique(dropna=False) > 1
            ]
            raise EquispikeError(
                f"a figure of {', '.join(keys)} would average runs that differ in {', '.join(differ) or 'nothing at all'}, "
                "and a mean is over seeds alone: draw 'lines' of it, fix it, or choose kind: scatter"
            )
    return rows.groupby(keys)["seed"].nunique()


def _title(rows: pd.DataFrame, shown: str, what: str, keys: list[str]) -> str:
    """What values are of, in two lines such as ``vote, test set`` and ``means of 3 seeds``."""
    parts = [] if "readout" in keys else list(rows["readout"].unique())
    words = ", ".join([*parts, f"{_split(rows)} set"]) + "\n" if shown == "accuracy" else ""
    return words + what


def _of_seeds(seeds: pd.Series) -> str:
    if seeds.max() == 1:
        return "one seed each"
    return f"means of {seeds.min()}{'' if seeds.min() == seeds.max() else f' to {seeds.max()}'} seeds"


@rc_context(style.PAPER)
def lines(table: pd.DataFrame, x: str, y: str, lines: str | None = None) -> Figure:
    """Means of ``y`` over the seeds of each ``x``, with 95 % intervals (Student's t) and each run as a point."""
    keys = [x, lines] if lines else [x]
    seeds = _seeds(table, keys)
    figure = style.new_figure(style.SINGLE, 65)
    axes = figure.subplots()
    words = sorted(set(table[x])) if _is_words(table[x]) else None
    names = sorted(set(table[lines])) if lines else [""]
    for name, colour, mark in zip(names, itertools.cycle(style.CLASS_COLOURS), itertools.cycle(curves.MARKS)):
        rows = table[table[lines] == name] if lines else table
        groups = rows.groupby(x, sort=True)[y]
        values = _scale(y) * groups.mean()
        margin = _scale(y) * groups.apply(_margin)
        places = values.index if words is None else [words.index(each) for each in values.index]
        axes.errorbar(places, values, yerr=margin, color=colour, marker=mark, markersize=3, capsize=2, label=str(name))
        of_runs = dict(zip(values.index, places, strict=True))
        axes.plot([of_runs[each] for each in rows[x]], _scale(y) * rows[y], ".", color=colour, markersize=2, alpha=0.5)
    _axis(axes, "x", x, table[x])
    interval = f"{_of_seeds(seeds)}, 95 % intervals" if seeds.max() > 1 else _of_seeds(seeds)
    axes.set(ylabel=_label(y), title=_title(table, y, interval, keys))
    if y == "accuracy":  # of few seeds an interval may reach beyond what there can be
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, 0), min(high, 100))
    if lines and len(names) > 1:
        axes.legend(title=_label(lines), title_fontsize=6.5)
    return figure


@rc_context(style.PAPER)
def heat_map(table: pd.DataFrame, x: str, y: str, z: str) -> Figure:
    """Means of ``z`` over the seeds of each combination of ``x`` and ``y``."""
    seeds = _seeds(table, [x, y])
    means = _scale(z) * table.pivot_table(index=y, columns=x, values=z, aggfunc="mean")
    figure = style.new_figure(style.SINGLE, 25 + 45 * min(1.5, len(means) / max(3, means.shape[1])) + 20)
    axes = figure.subplots()
    picture = axes.imshow(means, cmap="cividis", origin="lower", aspect="auto")
    low, high = np.nanmin(means), np.nanmax(means)
    for (row, place), value in np.ndenumerate(means.to_numpy()):
        if np.isfinite(value):
            dark = value <= low + 0.55 * (high - low)
            axes.text(
                place, row, f"{value:.4g}", ha="center", va="center", fontsize=5.5, color="white" if dark else "black"
            )
    axes.set_xticks(range(means.shape[1]), [_number(each) for each in means.columns])
    axes.set_yticks(range(len(means)), [_number(each) for each in means.index])
    axes.set(xlabel=_label(x), ylabel=_label(y), title=_title(table, z, _of_seeds(seeds), [x, y]))
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
    figure.suptitle(_title(table, y, f"{len(table)} runs", axes_names), fontsize=7.5)
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


_KINDS: dict[str, Callable[..., Figure]] = {"lines": lines, "map": heat_map, "scatter": scatter}
#: Of what was measured, in the run folders that the table names.
_OF_FOLDERS: dict[str, Callable[[pd.DataFrame], Figure]] = {"robustness": robustness, "anytime": anytime}
#: Columns of a sweep's table that are not settings.
_RESULTS = ("run", "seed", "readout", "split", "accuracy", "n_images", "commit", "folder", "first_layer", "spikes",
            *comparison.WORKLOAD, "train_cpu_s", "train_wall_s", "inference_cpu_s", "inference_wall_s")  # fmt: skip


def _differs(table: pd.DataFrame, name: str) -> bool:
    return name not in _RESULTS and table[name].nunique(dropna=False) > 1


def _margin(values: pd.Series) -> float:
    """Half of the 95 % interval of a mean; NaN of one value, which has none."""
    n = len(values)
    return float(student.ppf(0.975, n - 1) * values.std(ddof=1) / n**0.5) if n > 1 else float("nan")


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
