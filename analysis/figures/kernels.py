"""What the maps of a convolutional layer have learned to see."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from equispike.analysis.figures import style
from equispike.analysis.figures.weights import layout, mosaic

#: Cells of the picture that a field takes at least, so that the gaps between fields are narrow.
FINEST = 24
#: Between fields, whose own middle is white.
GREY = 0.8


@rc_context(style.PAPER)
def kernel_map(shown: np.ndarray, what: str = "maps", label: str = "ON − OFF weight") -> Figure:
    """The fields of all maps in a grid that is nearly square, row after row.

    Parameters
    ----------
    shown : (maps, side, side)
    what, label : what the fields are of, in the plural, and what their values are
    """
    maps, side, _ = shown.shape
    n_columns = math.ceil(math.sqrt(maps))
    n_rows = math.ceil(maps / n_columns)
    largest = float(np.abs(shown).max()) or 1
    norm, colours = Normalize(-largest, largest), colormaps["RdBu"]
    factor = math.ceil(FINEST / side)
    fine = shown.repeat(factor, axis=1).repeat(factor, axis=2)
    picture = mosaic(colours(norm(fine)), None, n_rows, n_columns, background=GREY)
    figure, axes, bar = layout(picture.shape[0] / picture.shape[1], maps, named=True)
    axes.imshow(picture)
    axes.set_yticks(
        (np.arange(n_rows) + 0.5) * picture.shape[0] / n_rows, [str(row * n_columns) for row in range(n_rows)]
    )
    axes.set(xticks=[], ylabel="First of the row", title=f"{maps} {what}, fields of {side} × {side} pixels")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.colorbar(ScalarMappable(norm, colours), cax=bar, label=label, ticks=MaxNLocator(6))
    return figure
