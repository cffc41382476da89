"""What generated programs call: Brian2's functions for Python numbers, which are computed at once, and for JAX arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from models.codegen.jax.surrogates import Surrogate


def _either(python: Callable, array: Callable) -> Callable:
    def function(*arguments):
        if all(isinstance(x, bool | int | float) for x in arguments):
            return python(*arguments)
        return array(*arguments)

    return function


def _numpy(function: Callable) -> Callable:
    return lambda *arguments: float(function(*arguments))


def _exprel(x):
    small = jnp.abs(x) < 1e-16
    return jnp.where(small, 1.0, jnp.expm1(x) / jnp.where(small, 1.0, x))


def _integer(x):
    return jnp.asarray(x).astype(jnp.int32)


def _timestep(t, dt):
    return _integer((t + 1e-3 * dt) / dt)


#: By their names in Brian2.
FUNCTIONS: dict[str, Callable] = {
    **{
        name: _either(_numpy(getattr(np, numpy)), getattr(jnp, numpy))
        for name, numpy in {
            **{
                name: name
                for name in (
                    "exp",
                    "log",
                    "log10",
                    "log1p",
                    "expm1",
                    "sqrt",
                    "sin",
                    "cos",
                    "tan",
                    "sinh",
                    "cosh",
                    "tanh",
                )
            },
            **{"floor": "floor", "ceil": "ceil", "sign": "sign", "arcsin": "arcsin", "arccos": "arccos"},
            "arctan": "arctan",
        }.items()
    },
    "abs": _either(abs, jnp.abs),
    "int": _either(int, _integer),
    "clip": _either(lambda x, low, high: min(max(x, low), high), jnp.clip),
    "timestep": _either(lambda t, dt: math.floor((t + 1e-3 * dt) / dt), _timestep),
    "exprel": _either(lambda x: 1.0 if abs(x) < 1e-16 else math.expm1(x) / x, _exprel),
}


#: What draws random numbers, by their names in Brian2.
DRAWS: dict[str, Callable] = {"rand": jax.random.uniform, "randn": jax.random.normal}


def draws_with(dtype: np.dtype) -> Callable:
    """``draws(key, k, number, n)``: the functions of DRAWS for object ``number`` in step k; each call gives n new numbers."""

    def draws(key, k, number: int, n: int) -> list[Callable]:
        key = jax.random.fold_in(jax.random.fold_in(key, k), number)
        calls = itertools.count()

        def function(draw: Callable) -> Callable:
            return lambda: draw(jax.random.fold_in(key, next(calls)), (n,), dtype)

        return [function(draw) for draw in DRAWS.values()]

    return draws


def logical_not(x):
    """Of a Python truth value or an array."""
    return (not x) if isinstance(x, bool) else jnp.logical_not(x)


def crossing_with(surrogate: Surrogate, dtype: np.dtype) -> Callable:
    """``crossing(a, b)``: 1 where a > b, else 0; its derivative is the surrogate of a - b."""

    @jax.custom_jvp
    def crossing(a, b):
        return (a > b).astype(dtype)

    @crossing.defjvp
    def derivative(primals, tangents):
        (a, b), (da, db) = primals, tangents
        return crossing(a, b), surrogate(a - b).astype(dtype) * (da - db)

    def called(a, b):
        a, b = jnp.broadcast_arrays(jnp.asarray(a), jnp.asarray(b))
        return crossing(a.astype(dtype), b.astype(dtype))

    return called


def reached_with(surrogate: Surrogate, dtype: np.dtype) -> Callable:
    """``reached(a, b)``: 1 where a >= b, else 0; its derivative is the surrogate of a - b."""
    crossing = crossing_with(surrogate, dtype)
    return lambda a, b: 1 - crossing(b, a)


def look_up(values, t, dt, i=None):
    """A timed array ``values`` of steps of ``dt`` at time ``t``: its last row afterwards."""
    row = jnp.clip(jnp.floor(t / dt + 1e-6).astype(jnp.int32), 0, len(values) - 1)
    return values[row] if i is None else values[row, i]
