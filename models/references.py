"""Objects by where they stand: ``equispike.models.diehl_cook:NETWORK`` is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def resolve(reference: Any) -> Any:
    """Return the object that ``module:NAME`` refers to; what is no text is returned as it is."""
    if not isinstance(reference, str):
        return reference
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
