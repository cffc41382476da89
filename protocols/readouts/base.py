"""What a readout is: it tells the class from what a trained network answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


class Readout:
    """A readout whose numbers, if it has any, come from labelled training samples and are kept as arrays.

    Attributes
    ----------
    learns : whether it needs labelled samples
    is_counted : whether its multiplications are part of the workload
    """

    learns = True
    is_counted = False

    def fit(self, answers: np.ndarray, labels: np.ndarray, n_classes: int) -> dict[str, np.ndarray]:
        """Learn from answers (n, n_answers) to samples with ``labels`` (n,); returns arrays by name."""
        return {}

    def shapes(self, n_answers: int, n_classes: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of what :meth:`fit` returns, by name."""
        return {}

    def scores(self, arrays: Mapping[str, np.ndarray], answers: np.ndarray) -> np.ndarray:
        """Return scores (n, n_classes) of answers (n, n_answers); the highest tells the class."""
        raise NotImplementedError

    def shares(self, scores: np.ndarray) -> np.ndarray:
        """Return scores (n, n_classes) as shares that add up to 1; zeros where nothing was answered."""
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)


class Scores(Readout):
    """Answers that are scores of the classes already."""

    learns = False

    def scores(self, arrays: Mapping[str, np.ndarray], answers: np.ndarray) -> np.ndarray:
        return answers
