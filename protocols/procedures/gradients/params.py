"""Parameters of training by gradients."""

from __future__ import annotations

from dataclasses import dataclass

from equispike.models.params import param
from equispike.protocols.procedures.base import ProcedureParams

OURS = "chosen here on validation images"
NEFTCI = "Neftci, Mostafa & Zenke 2019"


@dataclass(frozen=True)
class DescentParams(ProcedureParams):
    """Minibatches, optimiser, learning rate, and how training images are varied."""

    epochs: int = param(30, "passes over the training set, unless --images says otherwise", OURS, minimum=1)
    batch_size: int = param(128, "images per gradient step", OURS, minimum=1)
    optimiser: str = param("adamw", "how gradients change weights", "Optax", choices=("adamw", "adamax", "lion", "sgd"))
    learning_rate: float = param(2e-3, "at its peak", OURS, minimum=0)
    schedule: str = param(
        "cosine", "the learning rate rises for a pass, then falls to 0 along a cosine; or stays", OURS,
        choices=("cosine", "constant"),
    )  # fmt: skip
    weight_decay: float = param(
        1e-3, "fraction of a weight that a gradient step takes, times the learning rate", OURS, minimum=0
    )
    shift: int = param(2, "training images are moved by up to so many pixels", OURS, minimum=0, maximum=10)
    dropout: float = param(0.0, "fraction of the pixels or features omitted in training", OURS, minimum=0, maximum=0.9)


@dataclass(frozen=True)
class GradientParams(DescentParams):
    """With the surrogate that takes the place of the threshold's derivative."""

    surrogate: str = param(
        "fast-sigmoid", "derivative of the threshold", NEFTCI, choices=("fast-sigmoid", "triangular", "arctan")
    )
    beta: float = param(5.0, "slope of the surrogate, 1 / unit of v", OURS, minimum=0, exclusive=True)
    rate_penalty: float = param(0.0, "cost of a spike per neuron and image", OURS, minimum=0)
