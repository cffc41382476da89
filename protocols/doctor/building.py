"""The compiler, and what runs networks with it or without."""

from __future__ import annotations

import shutil
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from equispike.models.codegen.compilers import compiler_command, compiler_missing
from equispike.models.errors import EquispikeError
from equispike.protocols.doctor import gpu
from equispike.protocols.doctor.asking import ask
from equispike.protocols.doctor.findings import Finding

_PROGRAM = """
#include <cmath>
#include <cstdio>
#include <map>

int main() {
    double sum = 0;
    for (auto [number, weight] : std::map<int, double>{{1, 0.5}, {2, 0.25}})
        sum += number * std::exp(std::log(weight));
    std::printf("%.3f", sum);
}
"""
_PRINTS = "1.000"


def backends() -> Iterator[Finding]:
    """A compiler whose programs run, make, and each backend but those that stand among what concerns GPUs."""
    from equispike.models.codegen import BACKENDS

    compiler = _compiler()
    yield compiler
    yield _make()
    for name, backend in BACKENDS.items():
        if name in gpu.FOR_GPUS:
            continue
        vital = name == "numpy"  # runs every network and needs nothing
        if not name.startswith(("numpy", "jax")) and compiler.state != "ok":
            yield Finding(name, compiler.state, "needs the compiler", "use --backend numpy until then")
        elif reason := backend.why_not():
            yield Finding(name, "missing", to_do=reason, vital=vital)
        elif name == "cython" and not Path(sysconfig.get_path("include"), "Python.h").exists():
            yield Finding(name, "missing", "needs Python.h", "apt-get install python3-dev")
        else:
            yield Finding(name, "ok", vital=vital)


def _compiler() -> Finding:
    """What compiles here, with the flags that networks are compiled with."""
    if reason := compiler_missing():
        return Finding("C++ compiler", "missing", to_do=reason)
    command = compiler_command()
    begun = time.monotonic()
    if fault := _building_fault(command):
        to_do = "apt-get install --reinstall g++, or export CXX=COMPILER, or use --backend numpy"
        return Finding("C++ compiler", "broken", f"{shutil.which(command[0])}: {fault}", to_do)
    seconds = time.monotonic() - begun
    version = ask(*command, "--version", seconds=10).out.partition("\n")[0]
    return Finding("C++ compiler", "ok", f"{version}: a program of C++17 built and run in {seconds:.1f} s")


def _building_fault(command: list[str]) -> str | None:
    """Compile and run a program where networks are compiled and run: temporary folders may forbid to run any."""
    from equispike.models.codegen.cpp.backend import COMPILE_FLAGS, machine_flags
    from equispike.models.codegen.standalone.cache import building

    try:
        with building() as folder:
            source, program = folder / "main.cpp", folder / "main"
            source.write_text(_PROGRAM)
            built = ask(*command, *COMPILE_FLAGS, *machine_flags(), str(source), "-o", str(program), seconds=60)
            if built.fault:
                return built.fault
            ran = ask(str(program), seconds=10)
    except EquispikeError as error:
        return f"nothing can be built in the build cache: {error}"
    if ran.fault or ran.out != _PRINTS:
        return f"what it compiled does not run: {ran.fault or f'printed {ran.out!r}, not {_PRINTS!r}'}"
    return None


def _make() -> Finding:
    if shutil.which("make") is None:
        return Finding("make", "missing", to_do="apt-get install make, or conda install make")
    version = ask("make", "--version", seconds=10)
    if version.fault:
        return Finding("make", "broken", version.fault, "apt-get install --reinstall make, or conda install make")
    return Finding("make", "ok", version.out.partition("\n")[0])
