"""GeNN programs: generated and built once a structure by the GeNN environment, run chunk after chunk."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from brian2 import Quantity

from equispike.models.build_request import BuildRequest
from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen import compilers
from equispike.models.codegen.compilers import compiler_command, compiler_missing, version
from equispike.models.codegen.disk import temporary_folder
from equispike.models.codegen.genn.environment import (
    GENN_VERSION,
    PROJECT,
    environment_missing,
    genn_missing,
    genn_path,
    genn_python,
)
from equispike.models.codegen.standalone import checksums
from equispike.models.codegen.standalone.cache import building, cache_dir, publish
from equispike.models.codegen.standalone.ownership import why_unsafe
from equispike.models.codegen.standalone.program import check_program, execute, incomplete
from equispike.models.errors import EquispikeError
from equispike.models.timing import step

_FLAGS = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11"]
_LAYOUT = "layout.json"


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
        one_run = build.network.one_run if isinstance(build, BuildRequest) else None
        if one_run is None:
            return "GeNN cannot run this network, whose events follow no timetable: use --backend cpp"
        assert isinstance(build, BuildRequest)
        try:
            one_run.check(build.params)
        except EquispikeError as error:
            return str(error)
        return None

    def compile(self, build: Callable[[], BuiltNetwork]) -> GennProgram:
        if reason := self.refuses(build):
            raise EquispikeError(reason)
        assert isinstance(build, BuildRequest)
        program = GennProgram(build, self)
        program.built({})
        return program

    def build(self, recipe: BuildRequest, constants: Mapping[str, float]) -> Path:
        """The folder with the built program of a network with some ``constants`` (SI units) changed."""
        key = self._key(recipe, constants)
        directory = cache_dir() / key
        if checksums.damage(directory) is None and why_unsafe(cache_dir()) is None:
            return directory
        with building() as source:
            with step("generating GeNN code, in its own environment"):
                self._generate(recipe, constants, source)
            with step("compiling GeNN (once: it is kept)"):
                self._make(source)
            publish(source, directory)
        return directory

    def _key(self, recipe: BuildRequest, constants: Mapping[str, float]) -> str:
        """Hash of everything that decides what the binary does: all of models/ that describes networks, too."""
        digest = hashlib.sha256(
            json.dumps([recipe.as_json(), dict(constants), self._use_gpu, GENN_VERSION, _FLAGS]).encode()
        )
        digest.update(version(compiler_command()).encode())
        models = PROJECT / "models"
        described = [path for path in models.rglob("*.py") if "codegen" not in path.parts]
        for path in sorted([*described, *Path(__file__).parent.glob("*.py")]):
            digest.update(path.read_bytes())
        return f"genn-{digest.hexdigest()[:24]}"

    def _generate(self, recipe: BuildRequest, constants: Mapping[str, float], source: Path) -> None:
        job = source / "job.json"
        job.write_text(json.dumps({"recipe": recipe.as_json(), "constants": dict(constants), "use_gpu": self._use_gpu}))
        script = Path(__file__).with_name("generate.py")
        command = [str(genn_python()), "-W", "ignore", str(script), str(job), str(source)]
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


def post_before_pre(file: Path) -> None:
    """Let GeNN's time step do postsynaptic plasticity before presynaptic, as ours does; by itself it is the other way."""
    text = file.read_text()
    start = text.index("void updateSynapses(")
    parts = re.split(r"(?m)^(?= {4,5}\{$)", text[start:])
    head, blocks = parts[0], parts[1:]
    last, end = re.fullmatch(r"(?s)(.*^ {4,5}\}\n)(.*)", blocks[-1], re.MULTILINE).groups()  # type: ignore[union-attr]
    blocks[-1] = last
    post = [block for block in blocks if re.search(r"postsynaptic", block, re.IGNORECASE)]
    pre = [block for block in blocks if re.search(r"presynaptic", block, re.IGNORECASE) and block not in post]
    if not post or not pre or len(post) + len(pre) != len(blocks):
        raise EquispikeError(
            f"GeNN's code does not look as that of version {GENN_VERSION}: set GENN_PATH to an unchanged copy"
        )
    file.write_text(text[:start] + head + "".join([*post, *pre]) + end)


class GennProgram:
    """A network for GeNN: each run is one process that reads its inputs from files and writes its results to files.

    Numbers are compiled in: runs with other constants are other binaries, built when they are first asked for.
    """

    def __init__(self, recipe: BuildRequest, backend: GennBackend) -> None:
        self._recipe, self._backend = recipe, backend
        one_run = recipe.network.one_run
        assert one_run is not None
        self._one_run = one_run
        self._numbers = recipe.params.namespace() | {"learning": 1.0}

    def built(self, constants: Mapping[str, object]) -> Path:
        """Folder of the program with these numbers."""
        changed = {
            name: float(value)  # type: ignore[arg-type]
            for name, value in constants.items()
            if isinstance(value, float | int | Quantity) and name in self._numbers
            and float(value) != float(self._numbers[name])
        }  # fmt: skip
        return self._backend.build(self._recipe, changed)

    def run(
        self,
        state: Mapping[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        constants: Mapping[str, object],
        seed: int,
    ) -> RunResult:
        program, params = self.built(constants), self._recipe.params
        n_images = int(constants.get("n_images", self._recipe.n_samples))  # type: ignore[call-overload]
        layout = json.loads((program / _LAYOUT).read_text())
        duration = n_images * params.n_steps * float(params.dt)  # type: ignore[attr-defined]
        check_program(program)
        with temporary_folder() as folder:
            self._stage(program, folder, layout, state, inputs)
            self._execute(folder, duration, seed)
            try:
                read = {
                    name: np.fromfile(folder / "results" / file, dtype=dtype)
                    for name, (file, dtype) in layout["results"].items()
                }
            except FileNotFoundError:
                raise incomplete() from None
        recorded: dict[str, dict[str, np.ndarray]] = {}
        for name in layout["results"].keys() - layout["state"].keys():
            monitor, key = name.split(".")
            recorded.setdefault(monitor, {})[key] = read[name]
        # What this network has not (the controller's intensity) stays what it was.
        after = {name: read.get(name, values) for name, values in state.items()}
        after |= {name: read[name] for name in layout["state"]}
        return RunResult(after, self._one_run.records(params, n_images, recorded))

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
            size = (program / "static_arrays" / file).stat().st_size // 8
            given[file] = state.get(name, np.zeros(size))
        for original in (program / "static_arrays").iterdir():
            if original.name in given:
                values = np.ascontiguousarray(given[original.name], dtype=float)
                if values.nbytes != original.stat().st_size:
                    raise ValueError(f"{original.name} has {values.size} values, the program needs another number")
                values.tofile(arrays / original.name)
            else:
                (arrays / original.name).symlink_to(original)

    @staticmethod
    def _execute(folder: Path, duration: float, seed: int) -> None:
        execute(["./main", "test", repr(duration)], folder, EQUISPIKE_SEED=str(seed))
