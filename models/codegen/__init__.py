"""From equations to something that runs. The only code of the project that sets a Brian2 device.

A backend is imported when it is first asked for: naming them all takes no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from equispike.models.errors import EquispikeError

if TYPE_CHECKING:
    from equispike.models.codegen.program import Backend, ParallelProgram, Program, Run

#: By name: module, class and options.
_WHERE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "cpp": ("cpp", "CppBackend", {}),
    "cpp-float32": ("cpp", "CppBackend", {"single_precision": True}),
    "cpp-stock": ("cpp", "CppBackend", {"own_templates": False}),
    "cuda": ("cuda", "CudaBackend", {}),
    "genn": ("genn.backend", "GennBackend", {"use_gpu": True}),
    "genn-cpu": ("genn.backend", "GennBackend", {"use_gpu": False}),
    "jax": ("jax.backend", "JaxBackend", {}),
    "jax-float32": ("jax.backend", "JaxBackend", {"single_precision": True}),
    "cython": ("runtime", "RuntimeBackend", {}),
    "numpy": ("runtime", "RuntimeBackend", {}),
}


class _Backends(Mapping):
    def __getitem__(self, name: str) -> Backend:
        return _backend(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


@cache
def _backend(name: str) -> Backend:
    module, kind, options = _WHERE[name]
    return getattr(import_module(f"{__name__}.{module}"), kind)(name, **options)


BACKENDS: Mapping[str, Backend] = _Backends()


def get_backend(name: str) -> Backend:
    """Return the backend of that name.

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


def __getattr__(name: str) -> Any:
    if name not in ("Backend", "ParallelProgram", "Program", "Run"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.program"), name)


__all__ = ["BACKENDS", "Backend", "ParallelProgram", "Program", "Run", "get_backend"]
