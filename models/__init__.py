"""Models: equations, parameters and how to build them. The catalogue is imported when it is first asked for: Brian2 takes
seconds, and ``models.errors`` is needed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from equispike.models.catalogue import KINDS, NEURONS, RULES, SYNAPSES, get_of_kind

__all__ = ["KINDS", "NEURONS", "RULES", "SYNAPSES", "get_of_kind"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'models' has no attribute '{name}'")
    from equispike.models import catalogue

    return getattr(catalogue, name)
