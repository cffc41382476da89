"""Classifiers of features; ``backend`` is where those that spike run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from equispike.protocols.layerwise.lif import LifReadout


class Readout(Protocol):
    """A classifier of features (n, n_features)."""

    def fit(self, features: np.ndarray, labels: np.ndarray) -> Readout: ...

    def predict(self, features: np.ndarray) -> np.ndarray: ...


def svm(backend: str) -> Readout:
    """Linear support vector machines, one class against all others, on standardised features."""
    return make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))


def softmax(backend: str) -> Readout:
    """Multinomial logistic regression on standardised features."""
    return make_pipeline(StandardScaler(), _regression())


def lif(backend: str) -> Readout:
    """Leaky integrate-and-fire neurons with the weights of ``softmax``."""
    return LifReadout(_regression(), backend)


def _regression() -> LogisticRegression:
    return LogisticRegression(C=0.01, max_iter=300)


READOUTS: dict[str, Callable[[str], Readout]] = {"svm": svm, "lif": lif, "softmax": softmax}
