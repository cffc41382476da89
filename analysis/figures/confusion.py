"""Which classes are taken for which."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.statistics import confusion_matrix, row_percent

#: Above so many percent of a row the colour is dark and the count on it white.
DARK = 55


@rc_context(style.PAPER)
def confusion(truth: np.ndarray, guesses: np.ndarray, what: str, n_classes: int) -> Figure:
    """The confusion matrix: colours are percent of the true class, figures are numbers of images.

    Parameters
    ----------
    truth, guesses : (n,) classes
    what : where the images and guesses are from, for the title
    """
    counts = confusion_matrix(truth, guesses, n_classes)
    percent = row_percent(counts)
    figure = style.new_figure(style.SINGLE, 78)
    axes = figure.add_subplot()
    image = axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for true, guess in np.argwhere(counts):
        colour = "white" if percent[true, guess] > DARK else "black"
        axes.text(guess, true, str(counts[true, guess]), ha="center", va="center", color=colour, fontsize=6)
    axes.set_xticks(range(n_classes))
    axes.set_yticks(range(n_classes))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)
    axes.set(xlabel="Predicted class", ylabel="True class")
    n = style.number(len(truth))
    axes.set_title(f"{what}: {100 * (truth == guesses).mean():.1f} % correct, n = {n}")
    figure.colorbar(image, ax=axes, label="Images of the true class (%)", fraction=0.046, pad=0.03)
    return figure
