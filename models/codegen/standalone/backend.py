"""Standalone programs: built once a structure, kept in a cache, run chunk after chunk."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import Network, second
from brian2.core.names import Nameable
from brian2.core.variables import ArrayVariable
from brian2.devices.device import get_device

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen import compilers
from equispike.models.codegen.features import refusal
from equispike.models.codegen.program import in_order_of_synapses
from equispike.models.codegen.runtime import described
from equispike.models.codegen.standalone import checksums
from equispike.models.codegen.standalone.cache import building, cache_dir, nearby, publish
from equispike.models.codegen.standalone.program import Generated, StandaloneProgram
from equispike.models.codegen.told import in_one_sentence
from equispike.models.errors import EquispikeError
from equispike.models.timing import step

_ENDLESS = 1e6 * second  # the network stops itself


class StandaloneBackend(ABC):
    """Standalone code through a build cache keyed by the generated source and the compiler."""

    #: What a finished build is run as.
    program: type[StandaloneProgram] = StandaloneProgram
    #: Its column in the table of features.
    generator: str
    single_precision = stepwise = parallel = lists_synapses = False
    package = ""

    def __init__(self, name: str) -> None:
        self.name = self.in_double = name

    @abstractmethod
    def why_not(self) -> str | None:
        """None where this backend works here; else one sentence with the reason and what to do."""

    @abstractmethod
    def _device_name(self) -> str:
        """Under which name Brian2 knows the device."""

    @abstractmethod
    def _settings(self) -> Mapping[str, object]:
        """Brian2's preferences while code is generated."""

    @abstractmethod
    def _toolchain(self) -> str:
        """What beside the source decides what the binary does."""

    @abstractmethod
    def _make(self, source: Path) -> None:
        """Build the program ``main`` from the source in that folder."""

    def compile(self, build: Callable[[], BuiltNetwork]) -> StandaloneProgram:
        with building() as source:
            with step(f"generating {self.generator} code"), self._fresh_device() as device:
                generated = self._generated(device, build, source)
            directory = cache_dir() / self._key(source)
            if checksums.damage(directory):
                self._make(source)
                publish(source, directory)
            return self.program(nearby(directory), generated)

    @contextmanager
    def _fresh_device(self) -> Iterator[Any]:
        """The device, new and set up, and Brian2's runtime device again afterwards."""
        brian2.set_device(self._device_name(), build_on_run=False)
        device = get_device()
        device.reinit()
        device.activate(build_on_run=False)
        # What Brian2 stops in the midst looks as if it had ended.
        settings = {**self._settings(), "core.stop_on_keyboard_interrupt": False}
        saved = {key: brian2.prefs[key] for key in settings}
        for key, value in settings.items():
            brian2.prefs[key] = value
        try:
            with in_order_of_synapses(), _fresh_names(), in_one_sentence():
                yield device
        finally:
            for key, value in saved.items():
                brian2.prefs[key] = value
            brian2.set_device("runtime")

    def refuses(self, build: Callable[[], BuiltNetwork]) -> str | None:
        return refusal(self.generator, described(build).objects)

    def _generated(self, device, build: Callable[[], BuiltNetwork], source: Path) -> Generated:
        """Write the code of a network."""
        parts = build()
        if reason := refusal(self.generator, parts.objects):
            raise EquispikeError(f"backend {self.name}: {reason}")
        network = Network(*parts.objects)
        extra = device.read_constants_at_run_time(parts.namespace, source)
        network.run(_ENDLESS, namespace={})
        variables = _exchanged(network, parts)
        device.kept = {device.get_array_name(variable, access_data=False) for variable in variables.values()}
        device.build(directory=str(source), compile=False, run=False, additional_source_files=extra)
        files = {
            name: (os.path.basename(device.get_array_filename(variable)), np.dtype(variable.dtype))
            for name, variable in variables.items()
        }
        return Generated(parts, files, device.run_time_constants)

    def _key(self, source: Path) -> str:
        """Hash of everything that decides what the binary does."""
        digest = hashlib.sha256(self._toolchain().encode())
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(source)).encode())
            digest.update(path.read_bytes().replace(str(source).encode(), b""))
        return digest.hexdigest()[:24]


def run_make(source: Path, language: str, *arguments: str) -> None:
    """Build with all cores; EquispikeError that says why where that fails."""
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    command = ["make", f"-j{jobs}", compilers.for_make(), *arguments]
    with step(f"compiling {language} (once: it is kept)"):
        compilers.build(command, source, f"the {language} code did not compile", cache_dir() / "failed-build.log")


@contextmanager
def _fresh_names() -> Iterator[None]:
    """Let objects be named as in a new process: Brian2 numbers names that living objects have, and files carry them."""
    living = Nameable.__instances__()
    kept = set(living)
    living.clear()
    try:
        yield
    finally:
        living.update(kept)


def _exchanged(network: Network, parts: BuiltNetwork) -> dict[str, ArrayVariable]:
    """Every array that a run may read or write, by ``object.variable``."""
    wanted = set(parts.state)
    for name, monitor in parts.monitors.items():
        wanted |= {f"{name}.{key}" for key in ("i", "t", *monitor.record_variables)}
    variables = {}
    for full in wanted:
        owner, name = full.split(".")
        variable = network[owner].variables[name]
        assert isinstance(variable, ArrayVariable)
        variables[full] = variable
    return variables
