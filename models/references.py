"""Objects by where they stand: ``equispike.models.diehl_cook:NETWORK``, or ``my_network.py:NETWORK`` of a user's own."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from equispike.models import own_files


def resolve(reference: Any) -> Any:
    """Return the object that ``module:NAME`` or ``PATH.py:NAME`` refers to; what is no text is returned as it is."""
    if not isinstance(reference, str) or not reference:
        return reference
    if own_files.is_own(reference):
        return own_files.load(reference)
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
