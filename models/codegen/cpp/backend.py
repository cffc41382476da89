"""C++ standalone programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen.compilers import compiler_command, compiler_missing, version
from equispike.models.codegen.cpp.device import DEVICE_NAME, CppDevice, Decision
from equispike.models.codegen.disk import temporary_folder
from equispike.models.codegen.standalone.backend import StandaloneBackend, run_make

# -D__FAST_MATH__ alone makes glibc declare its vector exp and log: Brian2 keeps infinities (-fno-finite-math-only), and
# gcc then no longer defines it. The alias-check limit lets loops over many arrays vectorise. Linking with -ffast-math
# flushes denormals, which decaying conductances would otherwise run through.
COMPILE_FLAGS = [
    "-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-D__FAST_MATH__", "-funroll-loops", "-std=c++17",
    "--param=vect-max-version-for-alias-checks=200", "-fno-threadsafe-statics",
]  # fmt: skip
_LINK = ["-ffast-math"]


class CppBackend(StandaloneBackend):
    """C++ from our templates or Brian2's, in double or single precision."""

    generator = "cpp"

    def __init__(self, name: str, *, own_templates: bool = True, single_precision: bool = False) -> None:
        super().__init__(name)
        self._own_templates = own_templates
        self.lists_synapses = not own_templates
        self.single_precision = single_precision
        self.in_double = name.removesuffix("-float32")

    def why_not(self) -> str | None:
        return compiler_missing("make")

    def explain(self, build: Callable[[], BuiltNetwork]) -> list[Decision]:
        """Which template each object of a network gets, and why, in the order in which they run; nothing is compiled."""
        with self._fresh_device() as device, temporary_folder() as folder:
            self._generated(device, build, folder)
            return list(device.decisions.values())

    @contextmanager
    def _fresh_device(self) -> Iterator[CppDevice]:
        with super()._fresh_device() as device:
            device.own_templates, device.single_precision = self._own_templates, self.single_precision
            yield device

    def _device_name(self) -> str:
        return DEVICE_NAME

    def _settings(self) -> Mapping[str, object]:
        return {
            "codegen.cpp.extra_compile_args_gcc": [*COMPILE_FLAGS, *machine_flags()],
            "codegen.cpp.extra_link_args": _LINK,
            "core.default_float_dtype": np.float32 if self.single_precision else np.float64,
        }

    def _toolchain(self) -> str:
        said = version(compiler_command())
        return said if os.environ.get("EQUISPIKE_PORTABLE") else said + _processor()

    def _make(self, source: Path) -> None:
        _make(source)


def machine_flags() -> list[str]:
    """Code for this very processor, unless EQUISPIKE_PORTABLE asks for a binary that others of its family run."""
    if os.environ.get("EQUISPIKE_PORTABLE"):
        return []
    wide = ["-mprefer-vector-width=512"] if platform.machine() in ("x86_64", "AMD64") else []
    return ["-march=native", *wide]


def _processor() -> str:
    """The processor's feature flags: -march=native makes binaries that others may not run."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), "")


def _make(source: Path) -> None:
    run_make(source, "C++")
