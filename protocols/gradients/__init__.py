"""Training by gradients of a differentiable program; evaluation and verification by Brian2."""

from equispike.protocols.gradients.evaluating import evaluate, show
from equispike.protocols.gradients.training import Progress, prepare, train
from equispike.protocols.gradients.verifying import verify, verify_run

__all__ = ["Progress", "evaluate", "prepare", "show", "train", "verify", "verify_run"]
