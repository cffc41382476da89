"""Differentiable programs from Brian2 networks, through JAX."""

from models.codegen.jax.program import DifferentiableProgram, differentiable
from models.codegen.jax.surrogates import SURROGATES, arctan, fast_sigmoid, triangular

__all__ = ["SURROGATES", "DifferentiableProgram", "arctan", "differentiable", "fast_sigmoid", "triangular"]
