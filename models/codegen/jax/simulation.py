"""Simulation with JAX: the program of a network, for many runs at the same time, each in a lane of its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import brian2
import jax
import numpy as np

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen.constants import numbers_for_run
from equispike.models.codegen.features import refusal
from equispike.models.codegen.jax.emission import emit
from equispike.models.codegen.jax.extraction import extract
from equispike.models.codegen.jax.presentation import NO_PRESENTATIONS, Presentation
from equispike.models.codegen.jax.pruning import pruned, unchanging, with_constants
from equispike.models.codegen.program import Run, in_order_of_synapses
from equispike.models.codegen.told import in_one_sentence
from equispike.models.errors import EquispikeError
from equispike.models.timing import step

jax.config.update("jax_enable_x64", True)

#: Runs at the same time that are fastest: on a CPU as many as have their state in its cache, on a GPU as many as fill it.
LANES = {"cpu": 4, "gpu": 1024}


class JaxProgram:
    """A network run by JAX."""

    def __init__(self, build: Callable[[], BuiltNetwork], *, single_precision: bool) -> None:
        dtype = np.float32 if single_precision else np.float64
        preferences = {"core.default_float_dtype": dtype, "codegen.target": "numpy"}
        with _set(preferences), in_order_of_synapses(), in_one_sentence(), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # Brian2 looks for numbers beyond single precision
            brian2.set_device("runtime")
            self._parts = build()
            if reason := refusal("jax", self._parts.objects):
                raise EquispikeError(reason)
            self._network = extract(list(self._parts.objects), (), list(self._parts.monitors), self._parts.namespace)
        if unused := sorted(set(self._parts.inputs) - set(self._network.timed)):
            raise EquispikeError(
                f"the input {unused[0]} is read when the network is built, but a JAX program is built once for all runs: "
                "use --backend cpp"
            )
        self._dtype = np.dtype(dtype)
        self._compiled: dict[tuple, Presentation] = {}

    @property
    def lanes(self) -> int:
        return LANES[jax.default_backend()]

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        (result,) = self.run_each([Run(state, inputs, seed)], constants)
        return result

    def run_each(
        self, runs: Sequence[Run], constants: Mapping[str, object], *, with_state: bool = True
    ) -> list[RunResult]:
        shared = all(run.state is runs[0].state for run in runs)
        presentation = self._presentation(
            numbers_for_run(self._parts.namespace, constants), runs[0].state if shared else {}, with_state
        )
        return presentation.run_each(runs)

    def check(self) -> None:
        """Raise EquispikeError where an object has no counterpart in a program."""
        if "n_steps" not in self._parts.namespace:
            raise EquispikeError(NO_PRESENTATIONS)
        network = pruned(self._network, (), self._parts.state)
        emit(network, {}, simulated=True, by_row=False)

    def _presentation(self, constants: Mapping[str, float], values: Mapping[str, np.ndarray], with_state: bool):
        network = with_constants(self._network, constants)
        held = unchanging(network, values)
        key = (tuple(sorted(constants.items())), held, with_state)
        if key not in self._compiled:
            wanted = set(self._parts.state) - held if with_state else set()
            with step("writing the JAX program"):
                self._compiled[key] = Presentation.of(
                    pruned(network, held, wanted), self._parts, constants, held, sorted(wanted), self._dtype
                )
        return self._compiled[key]


@contextmanager
def _set(preferences: Mapping[str, object]) -> Iterator[None]:
    """Brian2's preferences changed for a while."""
    before = {key: brian2.prefs[key] for key in preferences}
    try:
        for key, value in preferences.items():
            brian2.prefs[key] = value
        yield
    finally:
        for key, value in before.items():
            brian2.prefs[key] = value
