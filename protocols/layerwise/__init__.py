"""Training one layer after the other without labels, and reading classes out of frozen features."""

from equispike.protocols.layerwise.evaluating import evaluate
from equispike.protocols.layerwise.features import Features
from equispike.protocols.layerwise.readouts import READOUTS
from equispike.protocols.layerwise.training import Progress, train

__all__ = ["READOUTS", "Features", "Progress", "evaluate", "train"]
