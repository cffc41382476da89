"""Parameters of ANNs."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from equispike.models.classifier_params import OURS, ClassifierParams
from equispike.models.params import param


@dataclass(frozen=True)
class AnnParams(ClassifierParams):
    """What all of them have: pixels are shown as intensities from 0 to 1."""

    @property
    def sizes(self) -> list[int]:
        """Inputs of the first fully connected layer, and neurons of each."""
        raise NotImplementedError

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.sizes[0],)

    @property
    def n_classes(self) -> int:
        return self.sizes[-1]


@dataclass(frozen=True)
class _DenseParams(AnnParams):
    """Fully connected layers alone."""

    layers: str = param("784,10", "pixels of an image, classes", OURS, pattern=r"\d{1,9},\d{1,9}", example="784,10")

    @property
    def sizes(self) -> list[int]:
        return [int(number) for number in self.layers.split(",")]

    def weights_and_synapses(self) -> tuple[int, int]:
        learned = sum(math.prod(pair) for pair in itertools.pairwise(self.sizes))
        return learned, learned

    def structure(self) -> str:
        return self.layers.replace(",", "-")

    def structure_keys(self) -> set[str]:
        return {"layers"}


@dataclass(frozen=True)
class SoftmaxParams(_DenseParams):
    """Softmax regression on pixels."""


@dataclass(frozen=True)
class MlpParams(_DenseParams):
    """Fully connected layers of rectified linear units; trained as spiking-mlp is."""

    layers: str = param(
        "784,800,10", "pixels of an image, neurons of each hidden layer, classes", "Lee et al. 2016",
        pattern=r"\d{1,9}(,\d{1,9})*,\d{1,9}", example="784,300,300,10",
    )  # fmt: skip


@dataclass(frozen=True)
class Lenet5Params(AnnParams):
    """Two convolutions with average pooling, then fully connected layers; rectified linear units."""

    @property
    def sizes(self) -> list[int]:
        return [400, 120, 84, 10]

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (28, 28, 1)

    def structure(self) -> str:
        return "6C5-P2-16C5-P2-120-84-10"


@dataclass(frozen=True)
class LinearSvmParams(_DenseParams):
    """Linear support vector machines on pixels, one class against all others; their optimum depends on no seed."""
