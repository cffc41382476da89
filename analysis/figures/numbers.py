"""What a figure shows, as a table: for plots of one's own, and for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

#: Values of the largest picture that is written; larger ones, such as all weights, are in arrays.npz.
MOST_VALUES = 20_000


def numbers(figure: Figure) -> pd.DataFrame:
    """Return what is drawn in the units of the axes: columns panel (from 1), title, kind, label, x, y and, of pictures, value.

    Lines across a panel (axhline and such) and words are omitted.
    """
    parts = [
        pd.DataFrame(
            {"panel": panel, "title": axes.get_title(), "kind": kind, "label": label, "x": x, "y": y, "value": value}
        )
        for panel, axes in enumerate(figure.axes, start=1)
        for kind, label, x, y, value in _drawn(axes)
    ]
    columns = ["panel", "title", "kind", "label", "x", "y", "value"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _drawn(axes: Axes) -> Iterator[tuple[str, str, Any, Any, Any]]:
    of_errors = {id(each): _label(bars) for bars in axes.containers for each in bars.get_children()}
    for line in axes.lines:
        x, y = np.asarray(line.get_xdata(orig=False)), np.asarray(line.get_ydata(orig=False))
        if line.get_transform() == axes.transData and x.size:
            yield "line", _label(line) or of_errors.get(id(line), ""), x, y, None
    for drawn in axes.collections:
        if isinstance(drawn, PathCollection):
            points = [np.asarray(drawn.get_offsets())]
        elif isinstance(drawn, LineCollection | PolyCollection):
            points = [np.asarray(path.vertices) for path in drawn.get_paths()]
        else:
            continue
        kind = {PathCollection: "points", LineCollection: "bars"}.get(type(drawn), "band")
        for each in points:
            yield kind, _label(drawn) or of_errors.get(id(drawn), ""), each[:, 0], each[:, 1], None
    for bars in axes.containers:
        if isinstance(bars, BarContainer):
            edges = np.array([bar.get_bbox().get_points().ravel() for bar in bars.patches]).reshape(-1, 4)
            middle, end = (1, 2) if bars.orientation == "horizontal" else (0, 3)
            places = {middle: edges[:, [middle, middle + 2]].mean(axis=1), end: edges[:, end]}
            x, y = (places[end], places[middle]) if middle else (places[middle], places[end])
            yield "columns", _label(bars), x, y, None
    for picture in axes.images:
        values = np.ma.filled(np.ma.asarray(picture.get_array(), dtype=float), np.nan)
        if values.ndim == 2 and values.size <= MOST_VALUES:
            y, x = np.indices(values.shape).reshape(2, -1)
            yield "picture", "", x, y, values.ravel()


def _label(drawn: Any) -> str:
    label = str(drawn.get_label())
    return "" if label.startswith("_") else label
