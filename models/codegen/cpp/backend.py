"""C++ standalone programs: built once a structure, kept in a cache, run chunk after chunk."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import tempfile
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

from models.codegen.compilers import compiler_command, compiler_missing
from models.codegen.cpp.device import DEVICE_NAME, CppDevice, Decision
from models.codegen.cpp.staging import copied
from models.codegen.program import in_order_of_synapses
from models.errors import EquispikeError
from models.parts import Parts, RunResult

_ENDLESS = 1e6 * second  # the network stops itself

# -D__FAST_MATH__ alone makes glibc declare its vector exp and log: Brian2 keeps infinities (-fno-finite-math-only), and
# gcc then no longer defines it. The alias-check limit lets loops over many arrays vectorise. Linking with -ffast-math
# flushes denormals, which decaying conductances would otherwise run through.
COMPILE_FLAGS = [
    "-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-D__FAST_MATH__", "-funroll-loops", "-std=c++17",
    "--param=vect-max-version-for-alias-checks=200", "-fno-threadsafe-statics",
]  # fmt: skip
_LINK = ["-ffast-math"]


def cache_dir() -> Path:
    """Where built programs are kept: EQUISPIKE_CACHE, or the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "equispike"
    return Path(os.environ.get("EQUISPIKE_CACHE", default)) / "programs"


class CppProgram:
    """A compiled network: each run is one process that reads its inputs from files and writes its results to files."""

    def __init__(
        self, directory: Path, parts: Parts, names: dict[str, tuple[str, np.dtype]], constants: tuple[str, ...]
    ) -> None:
        self._directory = directory
        self._namespace: dict[str, Any] = dict(parts.namespace)
        self._state = parts.state
        self._shapes = {name: array.values.shape for name, array in parts.inputs.items()}
        self._records = {name: ("i", "t", *monitor.record_variables) for name, monitor in parts.monitors.items()}
        self._files = names
        self._constants = constants

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        numbers = self._namespace | dict(constants)
        try:
            with tempfile.TemporaryDirectory(prefix="equispike-") as folder:
                arguments = [self._write_input(folder, name, values) for name, values in inputs.items()]
                arguments += [self._write(folder, name, values, self._files[name][1]) for name, values in state.items()]
                lines = [repr(float(numbers[name])) for name in self._constants] + [str(seed)]
                run_file = Path(folder, "run.txt")
                run_file.write_text("\n".join(lines) + "\n")
                self._execute([*arguments, str(run_file)], Path(folder, "results"))
                result = self._read(Path(folder, "results"))
        except OSError as error:
            raise EquispikeError(
                f"cannot use the temporary folder {tempfile.gettempdir()} ({error}): free some space or set TMPDIR"
            ) from None
        if any(len(result.state[name]) != len(values) for name, values in state.items()):
            raise EquispikeError(
                f"the results of the compiled network are incomplete: is {tempfile.gettempdir()} full? (TMPDIR sets another)"
            )
        return result

    def _execute(self, arguments: list[str], results: Path) -> None:
        results.mkdir()
        command = ["./main", "--results_dir", f"{results}/", *arguments]
        done = subprocess.run(command, cwd=self._directory, capture_output=True, text=True)
        if done.returncode != 0:
            message = (done.stderr or done.stdout).strip()[-500:]
            raise EquispikeError(f"the compiled network stopped with code {done.returncode}: {message}")

    def _write_input(self, folder: str, name: str, values: np.ndarray) -> str:
        if values.shape != self._shapes[name]:
            raise ValueError(f"{name} has shape {values.shape}, the program needs {self._shapes[name]}")
        return self._write(folder, f"{name}.values", values, np.dtype(float))

    @staticmethod
    def _write(folder: str, name: str, values: np.ndarray, dtype: np.dtype) -> str:
        path = os.path.join(folder, name)
        np.asarray(values, dtype=dtype).tofile(path)
        return f"{name}={path}"

    def _read(self, results: Path) -> RunResult:
        def array(name: str) -> np.ndarray:
            filename, dtype = self._files[name]
            return np.fromfile(results / filename, dtype=dtype)

        records = {monitor: {key: array(f"{monitor}.{key}") for key in keys} for monitor, keys in self._records.items()}
        return RunResult({name: array(name) for name in self._state}, records)


class CppBackend:
    """C++ standalone code through a build cache keyed by the generated source and the compiler."""

    def __init__(self, name: str, *, own_templates: bool = True, single_precision: bool = False) -> None:
        self.name = name
        self._own_templates = own_templates
        self._single_precision = single_precision

    def why_not(self) -> str | None:
        return compiler_missing("make")

    def compile(self, build: Callable[[], Parts]) -> CppProgram:
        try:
            cache_dir().mkdir(parents=True, exist_ok=True)
            scratch = tempfile.TemporaryDirectory(dir=cache_dir(), prefix=".building-")
        except OSError as error:
            raise EquispikeError(
                f"cannot write to the build cache {cache_dir()} ({error.strerror}): set EQUISPIKE_CACHE to another folder"
            ) from None
        with self._fresh_device() as device, _fresh_names(), scratch as folder:
            source = Path(folder)
            parts, files = _generate(device, build, source)
            directory = cache_dir() / _key(source)
            if not directory.exists():
                _make(source)
                _publish(source, directory)
            return CppProgram(_nearby(directory), parts, files, device.run_time_constants)

    def explain(self, build: Callable[[], Parts]) -> list[Decision]:
        """Which template each object of a network gets, and why, in the order in which they run; nothing is compiled."""
        with self._fresh_device() as device, _fresh_names(), tempfile.TemporaryDirectory() as folder:
            _generate(device, build, Path(folder))
            return list(device.decisions.values())

    @contextmanager
    def _fresh_device(self) -> Iterator[CppDevice]:
        """Our device, new and set up, and Brian2's runtime device again afterwards."""
        brian2.set_device(DEVICE_NAME, build_on_run=False)
        device = get_device()
        device.reinit()
        device.activate(build_on_run=False)
        device.own_templates, device.single_precision = self._own_templates, self._single_precision
        settings = {
            "codegen.cpp.extra_compile_args_gcc": [*COMPILE_FLAGS, *machine_flags()],
            "codegen.cpp.extra_link_args": _LINK,
            "core.default_float_dtype": np.float32 if self._single_precision else np.float64,
        }
        saved = {key: brian2.prefs[key] for key in settings}
        for key, value in settings.items():
            brian2.prefs[key] = value
        try:
            with in_order_of_synapses():
                yield device
        finally:
            for key, value in saved.items():
                brian2.prefs[key] = value
            brian2.set_device("runtime")


def _generate(device: CppDevice, build: Callable[[], Parts], source: Path) -> tuple[Parts, dict]:
    """Write the C++ code of a network; returns it with the file and type of each array that a run may exchange."""
    parts = build()
    network = Network(*parts.objects)
    numbers = [
        name for name, value in parts.namespace.items() if np.isscalar(value) or isinstance(value, brian2.Quantity)
    ]
    extra = device.read_constants_at_run_time(numbers, source)
    network.run(_ENDLESS, namespace={})
    variables = _exchanged(network, parts)
    device.kept = {device.get_array_name(variable, access_data=False) for variable in variables.values()}
    device.build(directory=str(source), compile=False, run=False, additional_source_files=extra)
    files = {
        name: (os.path.basename(device.get_array_filename(variable)), np.dtype(variable.dtype))
        for name, variable in variables.items()
    }
    return parts, files


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


def machine_flags() -> list[str]:
    """Code for this very processor, unless EQUISPIKE_PORTABLE asks for a binary that others of its family run."""
    if os.environ.get("EQUISPIKE_PORTABLE"):
        return []
    wide = ["-mprefer-vector-width=512"] if platform.machine() in ("x86_64", "AMD64") else []
    return ["-march=native", *wide]


def _exchanged(network: Network, parts: Parts) -> dict[str, ArrayVariable]:
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


def _key(source: Path) -> str:
    """Hash of everything that decides what the binary does."""
    digest = hashlib.sha256()
    version = subprocess.run([*compiler_command().split(), "--version"], capture_output=True, text=True).stdout
    digest.update(version.encode())
    if not os.environ.get("EQUISPIKE_PORTABLE"):
        digest.update(_processor().encode())
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(source)).encode())
        digest.update(path.read_bytes().replace(str(source).encode(), b""))
    return digest.hexdigest()[:24]


def _processor() -> str:
    """The processor's feature flags: -march=native makes binaries that others may not run."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), "")


def _make(source: Path) -> None:
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    done = subprocess.run(["make", f"-j{jobs}"], cwd=source, capture_output=True, text=True)
    if done.returncode != 0:
        log = cache_dir() / "failed-build.log"
        log.write_text(done.stdout + done.stderr)
        raise EquispikeError(f"the C++ code did not compile; the compiler's messages are in {log}")


def _nearby(directory: Path) -> Path:
    """A copy of a built program below EQUISPIKE_STAGE, a folder on a local disk, where there is one that can be used."""
    stage = os.environ.get("EQUISPIKE_STAGE")
    if not stage:
        return directory
    try:
        return copied(directory, Path(stage, "programs", directory.name))
    except OSError:
        return directory


def _publish(source: Path, directory: Path) -> None:
    """Move a finished build to its final name; whoever comes second keeps the first one's."""
    for item in (*source.rglob("*.o"), source / "prefix.h.gch"):
        item.unlink(missing_ok=True)
    try:
        source.rename(directory)
    except OSError:
        if not directory.exists():
            raise
    else:
        source.mkdir()  # what the temporary folder's clean-up will remove
