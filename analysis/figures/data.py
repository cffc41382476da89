"""A look at a data set: samples of each class, and how many there are."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from equispike.analysis.figures.style import ACCENT, DOUBLE, MAIN, new_figure
from equispike.protocols.data import Dataset

#: Samples of a class, and classes, that are shown.
N_EACH, MOST_CLASSES = 8, 16


def samples(data: Dataset) -> Figure:
    """Draw the first training images of each class, a row per class, beside the number of images of each.

    Of more than MOST_CLASSES classes as many, evenly spread, are shown.
    """
    names = data.class_names
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), MOST_CLASSES)).round().astype(int))
    figure = new_figure(DOUBLE, 12 * len(shown) + 14)
    pictures, counts = figure.subfigures(1, 2, width_ratios=(2, 1), squeeze=False)[0]
    axes = pictures.subplots(len(shown), N_EACH, squeeze=False)
    for row, label in zip(axes, shown, strict=True):
        where = np.flatnonzero(data.train_labels == label)[:N_EACH]
        for axis in row:
            axis.set_axis_off()
        for axis, number in zip(row, where, strict=False):
            axis.imshow(data.train_images[number], cmap="gray", vmin=0, vmax=255)
        row[0].text(-0.2, 0.5, names[label][:14], transform=row[0].transAxes, ha="right", va="center")
    axis = counts.subplots()
    position = np.arange(len(shown))
    for offset, labels, name, colour in (
        (-0.2, data.train_labels, "training", MAIN),
        (0.2, data.test_labels, "test", ACCENT),
    ):
        n = np.bincount(labels, minlength=len(names))[shown]
        axis.barh(position + offset, n, 0.4, color=colour, label=name)
    axis.set_yticks(position, [names[label][:14] for label in shown])
    axis.invert_yaxis()
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.set_xlabel("images per class")
    axis.set_ylabel("class")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12 if len(shown) > 5 else -0.3), ncols=2)
    return figure
