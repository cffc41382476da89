"""Training by surrogate gradients of a network's own equations; answers always come from Brian2."""

from equispike.protocols.procedures.gradients.procedure import Gradients

__all__ = ["Gradients"]
