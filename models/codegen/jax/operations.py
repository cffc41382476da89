"""What generated programs call: Brian2's functions for Python numbers, which are computed at once, and for JAX arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from equispike.models.codegen.jax.rows import events_found
from equispike.models.codegen.jax.surrogates import Surrogate


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


#: Name of the axis of runs that are simulated at the same time.
LANES = "lanes"


#: Neurons with an event that are taken at a time.
_SOME = 16


def for_events(event, body: Callable, carry):
    """``body(number, there, carry)`` for each neuron with an event, in order; ``there`` is false where a lane has fewer."""
    n = event.shape[0]
    return _while_any(event, 1, lambda numbers, carry: body(numbers[0], numbers[0] < n, carry), carry)


def for_some_events(event, body: Callable, carry):
    """``body(numbers, carry)`` for a few neurons with an event at a time; numbers beyond the last neuron stand for none."""
    return _while_any(event, _SOME, body, carry)


def _while_any(event, step: int, body: Callable, carry):
    """``body(numbers, carry)`` with so many numbers of events at a time; the same number of times for all lanes."""
    which, count = events_found(event, step)
    most = jax.lax.pmax(count, LANES)  # nothing has to be kept where a lane is done

    def advance(position_and_carry):
        position, carry = position_and_carry
        return position + step, body(jax.lax.dynamic_slice(which, (position,), (step,)), carry)

    return jax.lax.while_loop(lambda each: each[0] < most, advance, (jnp.int32(0), carry))[1]


def fast_draws_with(dtype: np.dtype) -> Callable:
    """As :func:`draws_with`, for neurons ``which``, with Threefry-2x32 (Salmon et al. 2011) written out: JAX's is a loop.

    A number depends on the key, the step, the object, the call and the neuron alone, and not on who else draws.
    """

    def draws(key, k, number: int, which) -> list[Callable]:
        calls = itertools.count()
        which = jnp.arange(which) if isinstance(which, int) else which

        def uniform():
            counter = jnp.uint32(number * 64 + next(calls)) + (which.astype(jnp.uint32) << 12)
            high, low = _threefry(key[0], key[1], counter, jnp.asarray(k, jnp.uint32))
            if dtype == np.float32:
                return (high >> 8).astype(dtype) * np.float32(2**-24)
            bits = (high.astype(jnp.uint64) << 21) ^ (low >> 11).astype(jnp.uint64)
            return bits.astype(dtype) * 2.0**-53

        def normal():
            return jnp.sqrt(-2 * jnp.log1p(-uniform())) * jnp.cos(2 * np.pi * uniform())

        return [uniform, normal]

    return draws


def _threefry(key_0, key_1, x_0, x_1):
    keys = (key_0, key_1, key_0 ^ key_1 ^ jnp.uint32(0x1BD11BDA))
    x_0, x_1 = x_0 + keys[0], x_1 + keys[1]
    for block in range(5):
        for turn in ((13, 15, 26, 6), (17, 29, 16, 24))[block % 2]:
            x_0 = x_0 + x_1
            x_1 = ((x_1 << turn) | (x_1 >> (32 - turn))) ^ x_0
        x_0 = x_0 + keys[(block + 1) % 3]
        x_1 = x_1 + keys[(block + 2) % 3] + jnp.uint32(block + 1)
    return x_0, x_1


def names(dtype: np.dtype) -> dict[str, object]:
    """What every generated program calls, under the names that it has there."""
    return {
        **{f"{name}_": function for name, function in FUNCTIONS.items()},
        "where_": jnp.where,
        "logical_not": logical_not,
        "look_up_": look_up,
        "number_": lambda x: jnp.asarray(x).astype(dtype),
        "events_": lambda x, n: jnp.broadcast_to(jnp.asarray(x, dtype), (n,)),
        "ones_": lambda n: jnp.ones(n, dtype),
        "any_": jnp.any,
        "cast_": lambda x, like: jnp.broadcast_to(jnp.asarray(x).astype(like.dtype), like.shape),
        "join_": lambda new, queue: jnp.concatenate([new[None], queue]),
        "add_up_": jax.ops.segment_sum,
        "scan_": jax.lax.scan,
        "for_events_": for_events,
        "for_some_events_": for_some_events,
        "settled_": jax.lax.optimization_barrier,
    }
