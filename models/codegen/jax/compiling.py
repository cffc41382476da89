"""Compiling of JAX functions, apart from running them: it is a step that says what it does, and no clock counts it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from equispike.models.timing import step


class Compiled:
    """A jitted function, traced and compiled once for each set of shapes of its arguments.

    ``static`` : first arguments that are no arrays
    """

    def __init__(self, jitted: Any, doing: str, static: tuple[object, ...] = ()) -> None:
        self._jitted, self._doing, self._static = jitted, doing, static
        self._programs: dict[tuple, Callable] = {}
        self._one_at_a_time = threading.Lock()

    def __call__(self, *given):
        shapes = tuple(map(np.shape, jax.tree.leaves(given)))
        with self._one_at_a_time:
            if shapes not in self._programs:
                with step(f"tracing and compiling {self._doing} with JAX"):
                    self._programs[shapes] = self._jitted.lower(*self._static, *given).compile()
        return self._programs[shapes](*given)
