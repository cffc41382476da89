"""The weight map: what each excitatory neuron has learned to see."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from equispike.analysis.figures import style
from equispike.analysis.statistics import tuning_order
from equispike.models.errors import EquispikeError

#: Pixels of an input between two fields, and of the strip under each field that marks its class.
GAP, STRIP = 2, 3
#: Up to so many neurons the map fits a single column.
SINGLE_COLUMN = 225


@rc_context(style.PAPER)
def weight_map(w: np.ndarray, class_rates: np.ndarray | None = None, assignments: np.ndarray | None = None) -> Figure:
    """Every neuron's weights as an image, sorted by class, in a grid that is nearly square.

    Parameters
    ----------
    w : (n_input, n_exc) weights; n_input a square number
    class_rates, assignments : (n_classes, n_exc) spikes per image and (n_exc,) classes, -1 for none; without them the
        neurons stay in the order of their indices and no class is marked
    """
    if class_rates is None or assignments is None:
        order, classes = np.arange(w.shape[1]), None
    else:
        order = tuning_order(class_rates, assignments)
        classes = assignments[order]
    shown = fields(w)[order]
    n_columns = math.ceil(math.sqrt(len(shown)))
    n_rows = math.ceil(len(shown) / n_columns)
    norm, colours = Normalize(0, max(0.0, float(w.max()))), colormaps["gray_r"]
    picture = mosaic(colours(norm(shown)), classes, n_rows, n_columns)
    figure, axes, bar = layout(picture.shape[0] / picture.shape[1], len(shown), named=classes is not None)
    axes.imshow(picture)
    if classes is None:
        axes.set_axis_off()
    else:
        _name(axes, classes, n_columns, picture.shape[0] / n_rows)
    figure.colorbar(ScalarMappable(norm, colours), cax=bar, label="Weight")
    return figure


def fields(w: np.ndarray) -> np.ndarray:
    """The weights (n_input, n_exc) as images (n_exc, side, side)."""
    side = math.isqrt(len(w))
    if side**2 != len(w):
        raise EquispikeError(f"{len(w)} inputs are not a square image, so their weights cannot be shown as one")
    return w.T.reshape(-1, side, side)


def mosaic(
    shown: np.ndarray, classes: np.ndarray | None, n_rows: int, n_columns: int, background: float = 1
) -> np.ndarray:
    """One picture (height, width, 4) of all coloured fields (n_exc, side, side, 4), with strips in their classes' colours."""
    n, side = shown.shape[:2]
    strip = 0 if classes is None else STRIP
    tiles = np.ones((n_rows * n_columns, side + strip + GAP, side + GAP, 4))
    tiles[..., :3] = background
    tiles[:n, :side, :side] = shown
    if classes is not None:
        marks = np.array([style.class_colour(label) for label in classes])
        tiles[:n, side : side + strip, :side, :3] = marks[:, None, None]
    grid = tiles.reshape(n_rows, n_columns, *tiles.shape[1:]).swapaxes(1, 2)
    return grid.reshape(n_rows * tiles.shape[1], n_columns * tiles.shape[2], 4)


def layout(aspect: float, n_exc: int, *, named: bool) -> tuple[Figure, Axes, Axes]:
    """A figure with room for a picture of that aspect (height / width), for names of classes, and for a colour bar."""
    width = style.SINGLE if n_exc <= SINGLE_COLUMN else style.DOUBLE
    left, right, bottom, top = (14, 15, 2, 6) if named else (2, 15, 2, 2)  # margins in mm
    side = width - left - right
    height = side * aspect + bottom + top
    figure = style.new_figure(width, height)
    figure.set_layout_engine("none")
    axes = figure.add_axes((left / width, bottom / height, side / width, side * aspect / height))
    bar = figure.add_axes(((left + side + 1.5) / width, bottom / height, 2 / width, side * aspect / height))
    return figure, axes, bar


def _name(axes: Axes, classes: np.ndarray, n_columns: int, height: float) -> None:
    """Say at each row which classes are in it, and above the map which colour is which class."""
    names = []
    for start in range(0, len(classes), n_columns):
        first, last = classes[start], classes[start : start + n_columns][-1]
        names.append(style.class_name(first) + (f"–{style.class_name(last)}" if last != first else ""))
    axes.set_yticks((np.arange(len(names)) + 0.5) * height - 0.5, names)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("Assigned class")
    marks = [
        Patch(color=style.class_colour(label), label=style.class_name(label)) for label in style.classes_in(classes)
    ]
    axes.legend(
        handles=marks,
        ncols=len(marks),
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        borderaxespad=0.2,
        handlelength=0.9,
        handletextpad=0.4,
        columnspacing=0.8,
    )
