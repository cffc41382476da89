"""Training one layer after the other without labels, and reading classes out of frozen features."""

from protocols.layerwise.evaluating import evaluate
from protocols.layerwise.features import Features
from protocols.layerwise.readouts import READOUTS
from protocols.layerwise.training import Progress, train

__all__ = ["READOUTS", "Features", "Progress", "evaluate", "train"]
