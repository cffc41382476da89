"""Packages that only some commands need."""

from __future__ import annotations

import importlib
from types import ModuleType

from models.errors import EquispikeError


def optional(name: str) -> ModuleType:
    """The module ``name`` of an optional package; raises EquispikeError with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise EquispikeError(
            f"{package} is not installed: pip install 'equispike[exchange]', or pip install -e '.[exchange]' in a checkout"
        ) from None
