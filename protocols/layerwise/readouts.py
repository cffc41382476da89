"""Classifiers on features, from scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC


def svm() -> Pipeline:
    """Linear support vector machines, one class against all others, on standardised features."""
    return make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))


def softmax() -> Pipeline:
    """Multinomial logistic regression on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))


READOUTS: dict[str, Callable[[], Pipeline]] = {"svm": svm, "softmax": softmax}
