"""What the input cells make of an image: contrasts, and the bins of their spikes."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equispike.analysis.figures import style

#: Colours of contrasts by the kind of cells, those of the two sides of kernels.
COLOURS = {"ON": "Blues", "OFF": "Reds"}


@rc_context(style.PAPER)
def contrast_maps(
    image: np.ndarray, contrasts: np.ndarray, latencies: np.ndarray, n_bins: int, unit: str = "local means"
) -> Figure:
    """An image beside the contrasts that ON and OFF cells see and the latencies of their spikes; silent cells are blank.

    Parameters
    ----------
    image : (height, width[, channels]), 0 to 255
    contrasts, latencies : (height, width, cells), the ON cells of all channels first; latencies in bins, ``n_bins`` for
        silent cells
    unit : of the contrasts
    """
    n_cells = contrasts.shape[2]
    channels = n_cells // 2
    figure = style.new_figure(style.DOUBLE, 2 + 44 * n_cells)
    grid = figure.add_gridspec(n_cells, 3)
    picture = figure.add_subplot(grid[:, 0])
    pixels = image if image.ndim == 2 else image[..., 0] if channels == 1 else image
    _show(figure, picture, pixels, "Image", "Intensity", "gray_r", (0, 255))
    for cell in range(n_cells):
        kind = "ON" if cell < channels else "OFF"
        name = f"{kind} cells" + (f", channel {cell % channels + 1}" if channels > 1 else "")
        spikes = latencies[..., cell] < n_bins
        seen, late = (np.where(spikes, values[..., cell], np.nan) for values in (contrasts, latencies))
        limits = (0, float(contrasts.max()) or 1)
        axes = [figure.add_subplot(grid[cell, column]) for column in (1, 2)]
        _show(figure, axes[0], seen, name, f"Contrast ({unit})", COLOURS[kind], limits)
        _show(figure, axes[1], late, name, "Latency (bins)", "viridis", (0, n_bins - 1))
    return figure


def _show(
    figure: Figure, axes: Axes, values: np.ndarray, title: str, label: str, colours: str, limits: tuple[float, float]
) -> None:
    """Values (height, width), or a colour image, with a bar saying what its colours mean."""
    shown = axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1])
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    if values.ndim == 2:
        figure.colorbar(shown, ax=axes, label=label, fraction=0.046, pad=0.03)
