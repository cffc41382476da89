"""GeNN programs: generated and built once a structure by the GeNN environment, run chunk after chunk."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from brian2 import EventMonitor

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen import compilers
from equispike.models.codegen.compilers import compiler_command, compiler_missing, version
from equispike.models.codegen.constants import numbers_for_run
from equispike.models.codegen.disk import temporary_folder
from equispike.models.codegen.genn.derivation import derive
from equispike.models.codegen.genn.environment import (
    GENN_VERSION,
    PROJECT,
    environment_missing,
    genn_missing,
    genn_path,
    genn_python,
)
from equispike.models.codegen.genn.plan import Plan
from equispike.models.codegen.genn.reordering import post_before_pre, synapses_after_neurons
from equispike.models.codegen.runtime import described
from equispike.models.codegen.standalone import checksums
from equispike.models.codegen.standalone.cache import building, cache_dir, publish
from equispike.models.codegen.standalone.ownership import why_unsafe
from equispike.models.codegen.standalone.program import check_program, execute, incomplete
from equispike.models.errors import EquispikeError
from equispike.models.timing import step

_FLAGS = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11"]
_LAYOUT = "layout.json"
_ENDLESS = 2_000_000_000  # time steps; a network stops itself before


class GennBackend:
    """GeNN 4 in double precision, on the CPU or a GPU."""

    single_precision = stepwise = parallel = False
    lists_synapses = True
    package = "brian2genn"

    def __init__(self, name: str, *, use_gpu: bool) -> None:
        self.name = self.in_double = name
        self._use_gpu = use_gpu

    def why_not(self) -> str | None:
        if sys.platform == "win32":
            return "Equispike runs GeNN on Linux and macOS: use --backend cpp"
        return compiler_missing("make") or genn_missing() or environment_missing() or self._gpu_missing()

    def _gpu_missing(self) -> str | None:
        if not self._use_gpu:
            return None
        cuda = os.environ.get("CUDA_PATH", "/usr/local/cuda")
        if not Path(cuda, "bin", "nvcc").is_file():
            return f"{cuda} has no bin/nvcc: set CUDA_PATH to the CUDA toolkit, or use --backend genn-cpu"
        if shutil.which("nvidia-smi") is None:
            return "there is no NVIDIA driver here: use --backend genn-cpu"
        return None

    def refuses(self, build: Callable[[], BuiltNetwork]) -> str | None:
        network = described(build)
        try:
            derive(network)
        except EquispikeError as error:
            return str(error)
        return None

    def compile(self, build: Callable[[], BuiltNetwork]) -> GennProgram:
        network = described(build)
        try:
            plan = derive(network)
        except EquispikeError as error:
            raise EquispikeError(f"backend {self.name}: {error}") from None
        return GennProgram(network, plan, self)

    def build(self, plan: Plan) -> Path:
        """The folder with the built program of a network."""
        directory = cache_dir() / self._key(plan)
        if checksums.damage(directory) is None and why_unsafe(cache_dir()) is None:
            return directory
        with building() as source:
            with step("generating GeNN code, in its own environment"):
                self._generate(plan, source)
            with step("compiling GeNN (once: it is kept)"):
                self._make(source)
            publish(source, directory)
        return directory

    def _key(self, plan: Plan) -> str:
        """Hash of everything that decides what the binary does."""
        digest = hashlib.sha256(f"{plan.text()} {self._use_gpu} {GENN_VERSION} {_FLAGS}".encode())
        for name, values in plan.arrays.items():
            digest.update(f"{name} {values.dtype} {values.shape}".encode() + values.tobytes())
        digest.update(version(compiler_command()).encode())
        here = Path(__file__).parent
        for path in sorted([*here.glob("*.py"), *here.glob("include/*")]):
            digest.update(path.read_bytes())
        return f"genn-{digest.hexdigest()[:24]}"

    def _generate(self, plan: Plan, source: Path) -> None:
        plan.write(source)
        script = Path(__file__).with_name("generate.py")
        command = [str(genn_python()), "-W", "ignore", str(script), str(source), "gpu" if self._use_gpu else "cpu"]
        with temporary_folder() as place:  # with nothing else: where we are installed there is our Brian2, too
            (place / "equispike").mkdir()
            (place / "equispike" / "models").symlink_to(PROJECT / "models")
            environment = {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
            self._call(command, source, environment, "Brian2GeNN did not generate code")

    def _make(self, source: Path) -> None:
        path = genn_path()
        assert path is not None
        environment = {"GENN_PATH": str(path)}
        include = f"{source}:{source / 'brianlib' / 'randomkit'}"
        on_cpu = [] if self._use_gpu else ["-c"]
        command = [str(path / "bin" / "genn-buildmodel.sh"), *on_cpu, "-i", include, "magicnetwork_model.cpp"]
        self._call(command, source, environment, "GeNN did not build its generator")
        code = source / "magicnetwork_model_CODE"
        synapses_after_neurons(code / "runner.cc")
        if Plan.read(source).post_first:
            post_before_pre(code / "synapseUpdate.cc")
        if not self._use_gpu:  # GeNN compiles without optimisation
            flags = f"CXXFLAGS=-c -fPIC -MMD -MP {' '.join(_FLAGS)}"
            self._call(["make", "-C", str(code), flags], source, environment, "GeNN's code did not compile")
        self._call(["make"], source, environment, "GeNN's code did not compile")
        for item in code.glob("*.d"):
            item.unlink()

    @staticmethod
    def _call(command: list[str], folder: Path, environment: Mapping[str, str], what: str) -> None:
        compilers.build(command, folder, what, cache_dir() / "failed-genn-build.log", **environment)


class GennProgram:
    """A network for GeNN: each run is one process that reads its inputs from files and writes its results to files.

    Numbers of equations and spikes are compiled in: runs with other ones are other binaries, built when they are first
    asked for. Numbers that count between time steps alone are read from a file.
    """

    def __init__(self, network: BuiltNetwork, plan: Plan, backend: GennBackend) -> None:
        self._network, self._plan, self._backend = network, plan, backend
        self.built({})

    def built(self, constants: Mapping[str, object]) -> Path:
        """Folder of the program with these numbers."""
        given = numbers_for_run(self._network.namespace, constants)
        changed = {name: given[name] for name, (value, _) in self._plan.constants.items() if given[name] != value}
        return self._backend.build(derive(self._network, changed) if changed else self._plan)

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        program = self.built(constants)
        layout = json.loads((program / _LAYOUT).read_text())
        given = numbers_for_run(self._network.namespace, constants)
        check_program(program)
        with temporary_folder() as folder:
            self._stage(program, folder, layout, state, inputs)
            np.array([given[name] for name in layout["numbers"]], dtype=float).tofile(folder / "numbers")
            self._execute(folder, seed)
            try:
                read = {
                    name: np.fromfile(folder / "results" / file, dtype=dtype)
                    for name, (file, dtype) in layout["results"].items()
                }
                recorded: dict[str, dict[str, np.ndarray]] = {
                    name: dict(zip(keys, np.fromfile(folder / "results" / name).reshape(-1, len(keys)).T, strict=True))
                    for name, keys in layout["recorders"].items()
                }
            except FileNotFoundError:
                raise incomplete() from None
        for name in layout["results"].keys() - layout["state"].keys():
            monitor, key = name.split(".")
            recorded.setdefault(monitor, {})[key] = read[name]
        for name, found in recorded.items():
            monitor = self._network.monitors[name]
            recorded[name] = {key: found[key].astype(_type(monitor, key)) for key in found}
        return RunResult({name: read[name] for name in layout["state"]}, recorded)

    @staticmethod
    def _stage(
        program: Path, folder: Path, layout: dict, state: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray]
    ) -> None:
        """The program with other values in the arrays it loads."""
        for item in ("main", "magicnetwork_model_CODE"):
            (folder / item).symlink_to(program / item)
        arrays = folder / "static_arrays"
        arrays.mkdir()
        (folder / "results").mkdir()
        given = {layout["inputs"][name]: values for name, values in inputs.items()}
        for name, file in layout["state"].items():
            if name in state:
                given[file] = state[name]
        for original in (program / "static_arrays").iterdir():
            if original.name in given:
                values = np.ascontiguousarray(given[original.name], dtype=float)
                if values.nbytes != original.stat().st_size:
                    raise ValueError(f"{original.name} has {values.size} values, the program needs another number")
                values.tofile(arrays / original.name)
            else:
                (arrays / original.name).symlink_to(original)

    def _execute(self, folder: Path, seed: int) -> None:
        execute(["./main", "test", repr(_ENDLESS * self._plan.dt)], folder, EQUISPIKE_SEED=str(seed))


def _type(monitor: EventMonitor, key: str) -> np.dtype:
    """Type of what a monitor records."""
    return np.dtype(np.int32 if key == "i" else monitor.variables[key].dtype)
