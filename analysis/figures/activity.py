"""How active the layers of a trained network are, and when."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from equispike.analysis.figures import style


@rc_context(style.PAPER)
def latency_distributions(per_bin: Mapping[str, np.ndarray]) -> Figure:
    """When each layer spikes, one below the other.

    Parameters
    ----------
    per_bin : (n_bins,) mean spikes per image in each bin, by layer
    """
    figure = style.new_figure(style.SINGLE, 14 + 17 * len(per_bin))
    panels = figure.subplots(len(per_bin), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, spikes), colour in zip(panels, per_bin.items(), style.layer_colours(per_bin), strict=True):
        axes.stairs(spikes, np.arange(len(spikes) + 1) - 0.5, fill=True, color=colour)
        axes.set_ylim(0, max(1.1 * spikes.max(), 1e-3))
        axes.set_title(f"{name}: {spikes.sum():.3g} spikes per image", pad=2)
        axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.set_xlim(-0.5, len(spikes) - 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Time (bins)")
    figure.supylabel("Mean spikes per image and bin", fontsize=7)
    return figure


@rc_context(style.PAPER)
def spike_distributions(counts: Mapping[str, np.ndarray], n_neurons: Mapping[str, int]) -> Figure:
    """How many spikes images cause in each layer: a point per image; lines span the quartiles, white dots are medians.

    Parameters
    ----------
    counts : (n_images,) spikes, by layer
    n_neurons : neurons, by layer
    """
    figure = style.new_figure(style.SINGLE, 14 + 12 * len(counts))
    axes = figure.add_subplot()
    names = []
    for row, ((name, values), colour) in enumerate(zip(counts.items(), style.layer_colours(counts), strict=True)):
        axes.scatter(values, row + 0.6 * style.spread(len(values)), s=2, color=colour, alpha=0.4, linewidth=0)
        low, median, high = np.percentile(values, [25, 50, 75])
        axes.plot([low, high], [row, row], color="black", linewidth=2.5)
        axes.plot(median, row, "o", color="black", markerfacecolor="white", markersize=4)
        names.append(f"{name}\n{style.number(n_neurons[name])} neurons")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    silent = any((values == 0).any() for values in counts.values())
    axes.set_xscale("symlog" if silent else "log", **({"linthresh": 1} if silent else {}))
    style.label_decades(axes.xaxis, 1, 2, 5)
    axes.set_xlabel("Spikes per image")
    return figure
