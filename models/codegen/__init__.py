"""From equations to something that runs. The only code of the project that sets a Brian2 device."""

from __future__ import annotations

from equispike.models.codegen.cpp import CppBackend
from equispike.models.codegen.cuda import CudaBackend
from equispike.models.codegen.genn import GennBackend
from equispike.models.codegen.jax.backend import JaxBackend
from equispike.models.codegen.program import Backend, ParallelProgram, Program, Run
from equispike.models.codegen.runtime import RuntimeBackend
from equispike.models.errors import EquispikeError

BACKENDS: dict[str, Backend] = {
    backend.name: backend
    for backend in (
        CppBackend("cpp"),
        CppBackend("cpp-float32", single_precision=True),
        CppBackend("cpp-stock", own_templates=False),
        CudaBackend("cuda"),
        GennBackend("genn", use_gpu=True),
        GennBackend("genn-cpu", use_gpu=False),
        JaxBackend("jax"),
        JaxBackend("jax-float32", single_precision=True),
        RuntimeBackend("cython"),
        RuntimeBackend("numpy"),
    )
}


def get_backend(name: str) -> Backend:
    """The backend of that name.

    Raises
    ------
    EquispikeError
        There is no such backend, or it does not work here.
    """
    if name not in BACKENDS:
        raise EquispikeError(f"unknown backend '{name}'; the backends are: {', '.join(BACKENDS)}")
    if reason := BACKENDS[name].why_not():
        raise EquispikeError(f"backend {name}: {reason}")
    return BACKENDS[name]


__all__ = ["BACKENDS", "Backend", "ParallelProgram", "Program", "Run", "get_backend"]
