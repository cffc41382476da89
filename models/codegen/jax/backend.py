"""The seam's side of simulation with JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from equispike.models.built_network import BuiltNetwork
from equispike.models.errors import EquispikeError
from equispike.models.extras import missing

if TYPE_CHECKING:
    from equispike.models.codegen.jax.simulation import JaxProgram


class JaxBackend:
    """JAX on a CPU or, where it finds one, a GPU: many runs at the same time."""

    stepwise = lists_synapses = False
    parallel = True
    package = "jax"

    def __init__(self, name: str, *, single_precision: bool = False) -> None:
        self.name, self.in_double = name, name.removesuffix("-float32")
        self.single_precision = single_precision

    def why_not(self) -> str | None:
        return missing("gradients", "jax")

    def refuses(self, build: Callable[[], BuiltNetwork]) -> str | None:
        if reason := self.why_not():
            return reason
        from equispike.models.codegen.jax.simulation import JaxProgram

        try:
            JaxProgram(build, single_precision=self.single_precision).check()
        except EquispikeError as error:
            return _with_another(error)
        return None

    def compile(self, build: Callable[[], BuiltNetwork]) -> JaxProgram:
        from equispike.models.codegen.jax.simulation import JaxProgram

        try:
            return JaxProgram(build, single_precision=self.single_precision)
        except EquispikeError as error:
            raise EquispikeError(f"backend {self.name}: {_with_another(error)}") from None


def _with_another(error: EquispikeError) -> str:
    """What cannot be done, and where it can."""
    return str(error) if "--backend" in str(error) else f"{error}: use --backend cpp"
