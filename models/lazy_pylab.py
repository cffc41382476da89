"""Brian2 without pylab, whose names it also offers, until somebody asks for one of them: pylab takes a third of the time of
``import brian2``, and nothing here draws with it."""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType


class _Finder:
    """Finds Brian2 where it is, to be executed as below."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> ModuleSpec | None:
        if name != "brian2":
            return None
        spec = PathFinder.find_spec(name, path)
        if spec and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        if "matplotlib.pyplot" in sys.modules:
            return super().exec_module(module)
        # Brian2 does without what cannot be imported, and None says so.
        hidden = {"pylab", "matplotlib"} - sys.modules.keys()
        sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
        try:
            super().exec_module(module)
        finally:
            for name in hidden:
                del sys.modules[name]
        module.__class__ = _WithoutPylab


class _WithoutPylab(ModuleType):
    """Brian2 until somebody asks for a name that it does not have, or for all of its names, as by ``import *``."""

    def __getattr__(self, name: str) -> object:
        if not name.startswith("_"):
            _complete(self)
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(f"module 'brian2' has no attribute '{name}'") from None

    def __dir__(self) -> list[str]:
        _complete(self)
        return sorted(vars(self))

    @property
    def __all__(self) -> list[str]:
        _complete(self)
        return [name for name in vars(self) if not name.startswith("_")]


@cache
def _complete(module: ModuleType) -> None:
    """Make it what Brian2 is by itself: its own names go before those of pylab, which go before those of NumPy."""
    import pylab

    numpys: dict[str, object] = {}
    for room in ("numpy", "numpy.fft", "numpy.linalg", "numpy.random"):
        exec(f"from {room} import *", numpys)
    missing = object()
    for name in vars(pylab).keys() - {"f", "rate", "x"}:  # which Brian2 deletes
        if not name.startswith("_") and vars(module).get(name, missing) in (missing, numpys.get(name, missing)):
            setattr(module, name, getattr(pylab, name))


if "brian2" not in sys.modules and _Finder not in sys.meta_path:
    sys.meta_path.insert(0, _Finder)  # type: ignore[arg-type]
