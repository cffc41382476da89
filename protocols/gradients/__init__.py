"""Training by gradients of a differentiable program; evaluation and verification by Brian2."""

from protocols.gradients.evaluating import evaluate, show
from protocols.gradients.training import Progress, train
from protocols.gradients.verifying import verify, verify_run

__all__ = ["Progress", "evaluate", "show", "train", "verify", "verify_run"]
