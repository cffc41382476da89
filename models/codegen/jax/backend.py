"""The seam's side of simulation with JAX."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from models.errors import EquispikeError
from models.parts import Parts

if TYPE_CHECKING:
    from models.codegen.jax.simulation import JaxProgram


class JaxBackend:
    """JAX on a CPU or, where it finds one, a GPU: many runs at the same time."""

    def __init__(self, name: str, *, single_precision: bool = False) -> None:
        self.name = name
        self._single_precision = single_precision

    def why_not(self) -> str | None:
        return None if importlib.util.find_spec("jax") else "JAX is not installed: pip install jax"

    def compile(self, build: Callable[[], Parts]) -> JaxProgram:
        from models.codegen.jax.simulation import JaxProgram

        try:
            return JaxProgram(build, single_precision=self._single_precision)
        except EquispikeError as error:
            raise EquispikeError(f"backend {self.name}: {error}") from None
