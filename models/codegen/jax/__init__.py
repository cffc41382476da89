"""Differentiable programs and simulation, from Brian2 networks, through JAX, which is imported when something is first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from equispike.models.extras import need

if TYPE_CHECKING:
    from equispike.models.codegen.jax.program import DifferentiableProgram, differentiable
    from equispike.models.codegen.jax.surrogates import SURROGATES, arctan, fast_sigmoid, triangular

__all__ = ["SURROGATES", "DifferentiableProgram", "arctan", "differentiable", "fast_sigmoid", "triangular"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    need("gradients", "jax")
    module = "program" if name in ("DifferentiableProgram", "differentiable") else "surrogates"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
