"""Surrogate gradients: what stands for the derivative of the threshold, which itself stays exactly a step.

Each is a function of how far the potential is above threshold; its slope parameter has that variable's inverse unit.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from brian2 import Quantity

type Surrogate = Callable[[jnp.ndarray], jnp.ndarray]


def fast_sigmoid(beta: float | Quantity = 10.0) -> Surrogate:
    """``1 / (1 + beta |x|)^2`` (Zenke & Ganguli 2018, SuperSpike, equation 5)."""
    slope = float(beta)
    return lambda x: 1 / (1 + slope * jnp.abs(x)) ** 2


def triangular(beta: float | Quantity = 1.0) -> Surrogate:
    """``max(0, 1 - beta |x|)`` (Bellec et al. 2018, equation 3, without its factor 0.3)."""
    slope = float(beta)
    return lambda x: jnp.maximum(0, 1 - slope * jnp.abs(x))


def arctan(beta: float | Quantity = 2.0) -> Surrogate:
    """``1 / (1 + (pi beta x / 2)^2)`` (Fang et al. 2021, equation 8, with maximum 1)."""
    slope = float(beta)
    return lambda x: 1 / (1 + (jnp.pi / 2 * slope * x) ** 2)


SURROGATES: dict[str, Callable[..., Surrogate]] = {
    "fast-sigmoid": fast_sigmoid,
    "triangular": triangular,
    "arctan": arctan,
}
