"""Long first steps say on standard error what they do: whatever models and protocols call a step, and imports."""

from __future__ import annotations

import importlib.util
import logging
import sys
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType

import click

from equispike.models.timing import LOG, step


def say_steps() -> None:
    """From now on say what takes longer than a second; imports, of which each process has the same, on a terminal alone."""
    if not LOG.handlers:
        LOG.addHandler(_Said())
        LOG.setLevel(logging.INFO)
        if sys.stderr.isatty():
            sys.meta_path.insert(0, _Imports())  # type: ignore[arg-type]


class _Said(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):  # be there anybody who reads it or not
            click.echo(record.getMessage(), err=True)


class _Imports:
    """Makes the imports of libraries that may take seconds steps."""

    def __init__(self) -> None:
        self._names = {"brian2", "jax", "matplotlib", "optuna", "pandas", "sklearn"}

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        if name not in self._names:
            return None
        self._names.remove(name)  # the others find it
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            with step(f"importing {name}"):
                execute(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
