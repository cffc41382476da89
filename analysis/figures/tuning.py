"""To which classes each neuron responds, and how selectively."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from equispike.analysis.figures import style
from equispike.analysis.statistics import UNASSIGNED, lifetime_sparseness, tuning_order


@rc_context(style.PAPER)
def class_tuning(class_rates: np.ndarray, assignments: np.ndarray) -> Figure:
    """Responses of all neurons to all classes, and the distribution of their selectivity.

    Parameters
    ----------
    class_rates : (n_classes, n_exc) mean spikes per image
    assignments : (n_exc,) classes, -1 for none
    """
    n_classes, n_exc = class_rates.shape
    order = tuning_order(class_rates, assignments)
    figure = style.new_figure(style.DOUBLE, 62)
    responses, histogram = figure.subplots(1, 2, width_ratios=(2.2, 1), gridspec_kw={"wspace": 0.06})
    image = responses.imshow(
        class_rates[:, order],
        aspect="auto",
        cmap="viridis",
        vmin=0,
        interpolation="nearest",
        extent=(0, n_exc, n_classes, 0),
    )
    for boundary in np.flatnonzero(np.diff(assignments[order])) + 1:
        responses.axvline(boundary, color="white", linewidth=0.5)
    responses.set_yticks(np.arange(n_classes) + 0.5, [str(label) for label in range(n_classes)])
    responses.tick_params(axis="y", length=0)
    responses.set(xlabel="Neurons, sorted by assigned class", ylabel="Class of image")
    figure.colorbar(image, ax=responses, label="Spikes per image", pad=0.02)
    silent = int((assignments == UNASSIGNED).sum())
    selectivity = lifetime_sparseness(class_rates)
    known = selectivity[~np.isnan(selectivity)]
    histogram.hist(known, bins=np.linspace(0, 1, 21), color=style.MAIN, edgecolor="white", linewidth=0.4)
    histogram.set(xlabel="Selectivity (lifetime sparseness)", ylabel="Neurons", xlim=(0, 1))
    histogram.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    if len(known):
        histogram.axvline(np.median(known), color="black", linestyle="--", linewidth=0.8)
        histogram.set_title(f"Median {np.median(known):.2f}" + (f", {silent} silent" if silent else ""))
    return figure
