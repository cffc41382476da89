"""Objects by where they stand: ``equispike.models.diehl_cook:NETWORK``, imported when they are first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def resolve(reference: str) -> Any:
    """Return the object that ``module:NAME`` refers to."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
