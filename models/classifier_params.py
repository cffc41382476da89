"""Parameters of networks with a fixed number of inputs and classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from equispike.models.errors import EquispikeError
from equispike.models.params import Params

OURS = "chosen here on validation images"


@dataclass(frozen=True)
class ClassifierParams(Params):
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

    def fitted_to(self, shape: tuple[int, ...], n_classes: int) -> dict[str, Any]:
        if "layers" not in self.keys():
            return {}
        first = "x".join(map(str, shape)) if len(self.input_shape) == 3 else str(math.prod(shape))
        return {"layers": ",".join([first, *str(self.layers).split(",")[1:-1], str(n_classes)])}  # type: ignore[attr-defined]

    def check_images(self, data: str, shape: tuple[int, ...]) -> None:
        if math.prod(shape) != self.n_pixels:
            raise EquispikeError(
                f"{self.structure()} is for {self.n_pixels} inputs, but {data} has {math.prod(shape)} "
                f"({' x '.join(map(str, shape))}): change the first number of layers"
            )
