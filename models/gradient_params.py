"""Parameters of networks with a fixed number of inputs and classes, and of training them by gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass

from equispike.models.errors import EquispikeError
from equispike.models.params import Params, param

OURS = "chosen here on validation images"


@dataclass(frozen=True)
class LayeredParams(Params):
    """A network from an image's pixels to classes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_classes < 2:
            raise EquispikeError(f"{self.structure()} has {self.n_classes} class: the last number must be 2 or more")

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of an image as the network takes it: (n,) or (height, width, maps)."""
        raise NotImplementedError

    @property
    def n_classes(self) -> int:
        raise NotImplementedError

    @property
    def n_input(self) -> int:
        return math.prod(self.input_shape)

    @property
    def n_frames(self) -> int:
        """Parts of a sample that are shown one after the other."""
        return 1

    @property
    def n_pixels(self) -> int:
        """Numbers that a sample has, of all frames or, where it is a recording, of one."""
        return self.n_input

    def check_images(self, data: str, shape: tuple[int, ...]) -> None:
        if math.prod(shape) != self.n_pixels:
            raise EquispikeError(
                f"{self.structure()} is for {self.n_pixels} inputs, but {data} has {math.prod(shape)} "
                f"({' x '.join(map(str, shape))}): change the first number of layers"
            )


@dataclass(frozen=True)
class GradientParams(LayeredParams):
    """Minibatches, optimiser, learning rate, and how training images are varied."""

    epochs: int = param(30, "passes over the training images, unless --images says otherwise", OURS, minimum=1)
    batch_size: int = param(128, "images of a gradient step", OURS, minimum=1)
    optimiser: str = param("adamw", "how gradients change weights", "Optax", choices=("adamw", "adamax", "lion", "sgd"))
    learning_rate: float = param(2e-3, "at its peak", OURS, minimum=0)
    schedule: str = param(
        "cosine", "the learning rate rises for a pass, then falls to 0 along a cosine; or stays", OURS,
        choices=("cosine", "constant"),
    )  # fmt: skip
    weight_decay: float = param(
        1e-3, "part of a weight that a gradient step takes, times the learning rate", OURS, minimum=0
    )
    shift: int = param(2, "training images are moved by up to so many pixels", OURS, minimum=0, maximum=10)
    dropout: float = param(0.0, "part of the pixels left out in training", OURS, minimum=0, maximum=0.9)
