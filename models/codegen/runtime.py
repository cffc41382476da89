"""Brian2's runtime, with NumPy or Cython code: for small networks, for comparison, and where there is no compiler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import brian2
import numpy as np
from brian2 import Network, Quantity, get_dimensions, second

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen.compilers import compiler_missing
from equispike.models.codegen.constants import numbers_for_run
from equispike.models.codegen.features import refusal
from equispike.models.codegen.program import in_order_of_synapses
from equispike.models.codegen.told import in_one_sentence
from equispike.models.errors import EquispikeError
from equispike.models.timing import step

_ENDLESS = 1e6 * second  # the network stops itself


_ONE_AT_A_TIME = threading.Lock()  # Brian2's device, preferences and random numbers are global


def described(build: Callable[[], BuiltNetwork]) -> BuiltNetwork:
    """The Brian2 objects of a network, to be looked at rather than run."""
    with _ONE_AT_A_TIME, in_order_of_synapses(), in_one_sentence():
        brian2.set_device("runtime")
        brian2.prefs.codegen.target = "numpy"
        parts = build()
        Network(*parts.objects).run(0 * second, namespace={})  # Brian2 warns of objects that never were in one
    return parts


class RuntimeProgram:
    """A network run step by step from Python."""

    def __init__(self, target: str, build: Callable[[], BuiltNetwork]) -> None:
        self._target = target
        self._activate()
        with in_order_of_synapses(), in_one_sentence():
            self._parts = build()
        self._network = Network(*self._parts.objects)
        if target == "cython":  # compiled before anything runs
            with step("compiling Cython"), in_order_of_synapses(), in_one_sentence():
                self._network.run(0 * second, namespace={})
        self._network.store("built")
        self._built_namespace = dict(self._parts.namespace)

    def _activate(self) -> None:
        brian2.set_device("runtime")
        brian2.prefs.codegen.target = self._target
        brian2.prefs.core.stop_on_keyboard_interrupt = False  # what Brian2 stops in the midst looks as if it had ended

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        with _ONE_AT_A_TIME, in_order_of_synapses(), in_one_sentence():
            return self._run(state, inputs, constants, seed)

    def _run(self, state, inputs, constants, seed) -> RunResult:
        self._activate()
        self._network.restore("built")
        # In place: the objects hold this very dictionary, and compiled code holds these very arrays.
        numbers = numbers_for_run(self._built_namespace, constants)
        self._parts.namespace.update(self._built_namespace)
        for name in constants:
            unit = get_dimensions(self._built_namespace[name])
            self._parts.namespace[name] = (
                numbers[name] if unit.is_dimensionless else Quantity.with_dimensions(numbers[name], unit)
            )
        for name, values in inputs.items():
            self._parts.inputs[name].values[...] = values
        for name, values in state.items():
            self._variable(name).set_value(values)
        brian2.seed(seed)
        self._network.run(_ENDLESS, namespace={})
        records = {
            name: {key: np.array(getattr(monitor, key + "_")) for key in ("i", "t", *monitor.record_variables)}
            for name, monitor in self._parts.monitors.items()
        }
        return RunResult({name: np.array(self._variable(name).get_value()) for name in self._parts.state}, records)

    def _variable(self, name: str):
        group, variable = name.split(".")
        return self._network[group].variables[variable]


class RuntimeBackend:
    """Brian2's runtime device with one of its code generation targets."""

    single_precision = parallel = False
    stepwise = lists_synapses = True

    def __init__(self, name: str) -> None:
        self.name = self.in_double = name
        self.package = {"cython": "Cython", "numpy": "numpy"}[name]

    def why_not(self) -> str | None:
        return compiler_missing() if self.name == "cython" else None

    def refuses(self, build: Callable[[], BuiltNetwork]) -> str | None:
        return refusal("cython", described(build).objects) if self.name == "cython" else None

    def compile(self, build: Callable[[], BuiltNetwork]) -> RuntimeProgram:
        if reason := self.refuses(build):
            raise EquispikeError(f"backend {self.name}: {reason}")
        return RuntimeProgram(self.name, build)
