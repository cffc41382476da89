"""Linear classifiers of features: support vector machines and multinomial logistic regression, from scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from equispike.protocols.readouts.base import Readout


def regression() -> Any:
    """Return multinomial logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.01, max_iter=300)


def support_vectors() -> Any:
    """Return linear support vector machines, one class against all others."""
    from sklearn.svm import LinearSVC

    return LinearSVC(C=0.01, dual=False)


class Linear(Readout):
    """A linear classifier of standardised answers, in a ``grid`` of places or, pooled, over all of them.

    Arrays ``mean``, ``scale`` (n_answers,), ``weights`` (n_classes, n_answers), ``biases`` (n_classes,).

    Parameters
    ----------
    pooled : number of places over which the largest answer is taken, place after place; 1: none
    """

    is_counted = True

    def __init__(self, classifier, pooled: int = 1) -> None:
        self._classifier, self._pooled = classifier, pooled

    def fit(self, answers: np.ndarray, labels: np.ndarray, n_classes: int) -> dict[str, np.ndarray]:
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler()
        standard = scaler.fit_transform(self.features(answers))
        weights, biases = of_all_classes(self._classifier().fit(standard, labels), n_classes)
        return {"mean": scaler.mean_, "scale": scaler.scale_, "weights": weights, "biases": biases}

    def shapes(self, n_answers: int, n_classes: int) -> dict[str, tuple[int, ...]]:
        n = n_answers // self._pooled
        return {"mean": (n,), "scale": (n,), "weights": (n_classes, n), "biases": (n_classes,)}

    def features(self, answers: np.ndarray) -> np.ndarray:
        """Return answers as the classifier sees them (n, n_features)."""
        return answers.reshape(len(answers), self._pooled, -1).max(axis=1)

    def scores(self, arrays: Mapping[str, np.ndarray], answers: np.ndarray) -> np.ndarray:
        centred = (self.features(answers) - arrays["mean"]).astype(answers.dtype)
        standard = (centred / arrays["scale"]).astype(answers.dtype)
        return standard @ arrays["weights"].T + arrays["biases"]


def of_all_classes(classifier: Any, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (n_classes, n_features) and biases (n_classes,) of a classifier of scikit-learn.

    A class without training samples is never the answer: its bias is minus infinity.
    """
    coef, intercept = classifier.coef_, classifier.intercept_
    if len(classifier.classes_) == 2:  # one machine tells both
        coef, intercept = np.concatenate([-coef, coef]), np.concatenate([-intercept, intercept])
    weights, biases = np.zeros((n_classes, coef.shape[1])), np.full(n_classes, -np.inf)
    weights[classifier.classes_], biases[classifier.classes_] = coef, intercept
    return weights, biases
