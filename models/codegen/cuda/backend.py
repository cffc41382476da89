"""CUDA standalone programs."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen.compilers import compiler_command, compiler_missing, version
from equispike.models.codegen.cuda import toolkit
from equispike.models.codegen.features import refusal
from equispike.models.codegen.order import order_dependent
from equispike.models.codegen.runtime import described
from equispike.models.codegen.standalone.backend import StandaloneBackend, run_make
from equispike.models.codegen.standalone.program import Generated, StandaloneProgram
from equispike.models.errors import EquispikeError

#: What code is built for where no GPU says what it is.
_DEFAULT_CAPABILITY = "90"


class CudaProgram(StandaloneProgram):
    """A network compiled for a GPU."""

    def _read(self, results: Path) -> RunResult:
        # A GPU lists the events of one time step in any order; on other backends neurons go by their number.
        result = super()._read(results)
        for record in result.records.values():
            order = np.lexsort((record["i"], record["t"]))
            for key, values in record.items():
                record[key] = values[order]
        return result


class CudaBackend(StandaloneBackend):
    """CUDA by Brian2CUDA, in double precision.

    Code is generated where Brian2CUDA is installed (:meth:`generate`) and built where there is nvcc (:meth:`build`); it
    runs where there is a GPU (:meth:`compile`).
    """

    program = CudaProgram
    generator = "cuda"
    package = "brian2cuda"

    def why_not(self) -> str | None:
        if reason := self.why_not_build():
            return reason
        if not toolkit.compute_capabilities():
            return (
                "there is no NVIDIA GPU here, or nvidia-smi does not name it: run where there is one "
                "(on a cluster: srun --gres=gpu:1 equispike ...) or use --backend cpp"
            )
        return None

    def why_not_generate(self) -> str | None:
        """None where code can be generated."""
        if importlib.util.find_spec("brian2cuda") is None:
            return "Brian2CUDA is not installed: pip install 'equispike[cuda]'"
        return None

    def why_not_build(self) -> str | None:
        """None where generated code can be built, with a GPU or without."""
        if reason := self.why_not_generate() or compiler_missing("make"):
            return reason
        compiler = toolkit.nvcc()
        if compiler is None:
            return f"nvcc was not found: {toolkit.GET_NVCC}"
        if toolkit.curand(compiler) is None:
            return f"cuRAND was not found beside {compiler}: {toolkit.GET_CURAND}"
        return None

    def refuses(self, build: Callable[[], BuiltNetwork]) -> str | None:
        parts = described(build)
        if reason := refusal(self.generator, parts.objects):
            return reason
        name = order_dependent(parts)
        return _out_of_order(name) if name else None

    def compile(self, build: Callable[[], BuiltNetwork]) -> StandaloneProgram:
        if reason := self.why_not():
            raise EquispikeError(f"backend {self.name}: {reason}")
        return super().compile(build)

    def generate(self, build: Callable[[], BuiltNetwork], folder: Path) -> Generated:
        """Write the source of a network to a folder that is there; needs neither a GPU nor its compiler.

        Raises
        ------
        EquispikeError
            Brian2CUDA is not installed, or the network would come out wrong on a GPU.
        """
        if reason := self.why_not_generate():
            raise EquispikeError(f"backend {self.name}: {reason}")
        with self._fresh_device() as device:
            return self._generated(device, build, folder)

    def build(self, folder: Path) -> None:
        """Compile the source in a folder to a program ``main``; needs no GPU.

        Raises
        ------
        EquispikeError
            There is no compiler, or it does not compile.
        """
        if reason := self.why_not_build():
            raise EquispikeError(f"backend {self.name}: {reason}")
        self._make(folder)

    def _generated(self, device, build: Callable[[], BuiltNetwork], source: Path) -> Generated:
        generated = super()._generated(device, build, source)
        if device.order_dependent:
            raise EquispikeError(f"backend {self.name}: {_out_of_order(device.order_dependent)}")
        return generated

    @contextmanager
    def _fresh_device(self) -> Iterator:
        logger = logging.getLogger("brian2.brian2cuda")
        level = logger.level
        # It tells at length what it is set to, and warns of whole numbers in floor() where there is a floordiv().
        logger.setLevel(logging.ERROR)
        try:
            with super()._fresh_device() as device:
                yield device
        finally:
            logger.setLevel(level)

    def _device_name(self) -> str:
        from equispike.models.codegen.cuda.device import (
            DEVICE_NAME,  # imports Brian2CUDA, which registers its preferences
        )

        return DEVICE_NAME

    def _settings(self) -> Mapping[str, object]:
        cuda = "devices.cuda_standalone.cuda_backend"
        # Which GPU and which compiler is for the build to say: what is generated depends on neither.
        return {
            f"{cuda}.detect_gpus": False,
            f"{cuda}.detect_cuda": False,
            f"{cuda}.gpu_id": 0,
            f"{cuda}.compute_capability": 9.0,
            f"{cuda}.cuda_runtime_version": 13.0,
            "core.default_float_dtype": np.float64,
        }

    def _toolchain(self) -> str:
        versions = map(version, ([str(toolkit.nvcc())], compiler_command()))
        return "\n".join([*versions, *_gpus()])

    def _make(self, source: Path) -> None:
        compiler = toolkit.nvcc()
        assert compiler is not None
        curand = toolkit.curand(compiler)
        assert curand is not None
        run_make(
            source,
            "CUDA",
            f"NVCC={compiler}",
            f"GPUS={' '.join(_gpus())}",
            f"CURAND_HEADERS={curand[0]}",
            f"CURAND={curand[1]}",
        )


def _gpus() -> list[str]:
    """The compiler's options for the GPUs of this machine."""
    numbers = toolkit.compute_capabilities() or [_DEFAULT_CAPABILITY]
    return [f"-gencode=arch=compute_{number},code=sm_{number}" for number in numbers]


def _out_of_order(name: str) -> str:
    return f"what {name} does depends on the order of synapses, which a GPU does not keep: use --backend cpp"
