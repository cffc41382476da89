"""Parameters of layered spiking networks."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from brian2 import Hz, Quantity, ms

from equispike.models.classifier_params import OURS, ClassifierParams
from equispike.models.errors import EquispikeError
from equispike.models.params import param

NEFTCI = "Neftci, Mostafa & Zenke 2019"


@dataclass(frozen=True)
class DenseLayer:
    """Fully connected neurons."""

    n: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.n,)


@dataclass(frozen=True)
class ConvLayer:
    """Square kernels shared by all places of a layer of ``height`` x ``width`` places."""

    maps: int
    size: int
    stride: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.height, self.width, self.maps)

    @property
    def n(self) -> int:
        return math.prod(self.shape)


type Layer = DenseLayer | ConvLayer

_N = r"\d{1,9}"
_LAYERS = rf"{_N}(x{_N}){{0,2}}(,{_N}(C{_N}(S{_N})?)?)*,{_N}"


@dataclass(frozen=True)
class LayeredParams(ClassifierParams):
    """What all of them have."""

    layers: str = param(
        "784,800,10",
        "neurons of each layer, the image's pixels first, the classes last; 32C5S2: 32 maps of 5 x 5 kernels, stride 2",
        OURS,
        pattern=_LAYERS,
        example="784,800,10",
    )
    n_steps: int = param(16, "time steps of an image", OURS, minimum=2, maximum=100_000)
    dt: Quantity = param(1 * ms, "time step", OURS, unit=ms, minimum=1e-6, exclusive=True)
    tau_mem: Quantity = param(5 * ms, "membrane time constant", OURS, unit=ms, minimum=0, exclusive=True)
    tau_out: Quantity = param(
        10 * ms, "membrane time constant of the classes", OURS, unit=ms, minimum=0, exclusive=True
    )
    v_threshold: float = param(1.0, "threshold", "by definition", minimum=0, exclusive=True)
    encoding: str = param(
        "current",
        "what the input does: a constant current; one spike, the earlier the brighter; Poisson spikes; recorded events",
        OURS,
        choices=("current", "latency", "poisson", "events"),
    )
    rate_max: Quantity = param(
        200 * Hz, "rate of a white pixel, with encoding=poisson", OURS, unit=Hz, minimum=0, exclusive=True
    )
    readout: str = param(
        "mean",
        "what tells the class: the mean, largest or last potential of neurons that never fire, or the number of spikes",
        OURS,
        choices=("mean", "max", "last", "spikes"),
    )
    init_scale: float = param(1.0, "initial weights have standard deviation init_scale / sqrt(inputs)", OURS, minimum=0)
    input_gain: float = param(1.0, "those of the pixels are larger by this factor", OURS, minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoding == "poisson" and self.rate_max * self.dt > 1:
            raise EquispikeError("rate_max * dt exceeds one spike a step: lower one of the two")
        for layer in self.hidden:
            if min(layer.shape) < 1:
                raise EquispikeError(
                    f"layers = {self.layers}: nothing is left of the image; use smaller kernels or strides"
                )

    def weights_and_synapses(self) -> tuple[int, int]:
        weights, synapses, before = 0, 0, self.input_shape
        for layer in (*self.hidden, DenseLayer(self.n_classes)):
            if isinstance(layer, ConvLayer):
                kernel = layer.size**2 * before[-1]
                weights += kernel * layer.maps
                synapses += kernel * layer.n
            else:
                weights += math.prod(before) * layer.n
                synapses += math.prod(before) * layer.n
            before = layer.shape
        return weights, synapses

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of an image as the network takes it: (n,) or (height, width, maps)."""
        first = [int(number) for number in self.layers.split(",")[0].split("x")]
        return (*first, 1) if len(first) == 2 else tuple(first)

    @property
    def n_classes(self) -> int:
        return int(self.layers.rsplit(",", 1)[1])

    @property
    def hidden(self) -> list[Layer]:
        """The layers that spike, in order."""
        found: list[Layer] = []
        shape = self.input_shape
        for word in self.layers.split(",")[1:-1]:
            match = re.fullmatch(r"(\d+)C(\d+)(?:S(\d+))?", word)
            if match is None:
                found.append(DenseLayer(int(word)))
            else:
                if len(shape) != 3:
                    raise EquispikeError(
                        f"layers = {self.layers}: {word} needs an image before it, such as 28x28, or another convolution"
                    )
                maps, size, stride = int(match[1]), int(match[2]), int(match[3] or 1)
                height, width = ((side - size) // stride + 1 for side in shape[:2])
                found.append(ConvLayer(maps, size, stride, height, width))
            shape = found[-1].shape
        return found

    @property
    def spiking_names(self) -> list[str]:
        """Groups of neurons that spike and can be recorded: hidden layers, and the classes if spikes tell the class."""
        names = [f"hidden{number + 1}" for number in range(len(self.hidden))]
        return [*names, "classes"] if self.readout == "spikes" else names

    @property
    def n_frames(self) -> int:
        return self.n_steps if self.encoding == "events" else 1

    def structure(self) -> str:
        return self.layers.replace(",", "-")

    def structure_keys(self) -> set[str]:
        return {"layers"}

    def check_kind(self, model: str, data: str, kind: str) -> None:
        if kind != "events" and self.encoding == "events":
            raise EquispikeError(f"encoding=events is for recordings, such as nmnist-small, but {data} has images")
        if kind == "features" and self.encoding != "current":
            raise EquispikeError("features are shown as constant currents: leave encoding=current")
        if (kind == "events" and self.encoding != "events") or (kind == "features" and not self.sees_features):
            super().check_kind(model, data, kind)

    @property
    def sees_features(self) -> bool:
        """Whether a sample may be a list of features, which have no places."""
        return len(self.input_shape) == 1


@dataclass(frozen=True)
class SpikingMlpParams(LayeredParams):
    """Fully connected layers of integrate-and-fire neurons."""


@dataclass(frozen=True)
class SpikingCnnParams(LayeredParams):
    """Convolutions, then fully connected layers."""

    layers: str = param(
        "28x28,32C5S2,64C5S2,10",
        "neurons of each layer, the image first, the classes last; 32C5S2: 32 maps of 5 x 5 kernels, stride 2",
        OURS,
        pattern=_LAYERS,
        example="28x28,16C5S2,10",
    )
    n_steps: int = param(6, "time steps of an image", OURS, minimum=2, maximum=100_000)
    init_scale: float = param(2.0, "initial weights have standard deviation init_scale / sqrt(inputs)", OURS, minimum=0)
    input_gain: float = param(3.0, "those of the pixels are larger by this factor", OURS, minimum=0)


@dataclass(frozen=True)
class SpikingRnnParams(LayeredParams):
    """One recurrent layer that sees an image row after row; part of its neurons adapt."""

    layers: str = param(
        "28,256,10",
        "pixels of a row, recurrent neurons, classes",
        OURS,
        pattern=rf"{_N},{_N},{_N}",
        example="28,256,10",
    )
    n_rows: int = param(28, "rows of an image", "row-sequential MNIST", minimum=1)
    n_steps: int = param(28, "time steps of an image, the same number for each row", OURS, minimum=2, maximum=100_000)
    input_gain: float = param(10.0, "those of the pixels are larger by this factor", OURS, minimum=0)
    tau_out: Quantity = param(50 * ms, "membrane time constant of the classes", OURS, unit=ms, minimum=0,
                              exclusive=True)  # fmt: skip
    tau_adapt: Quantity = param(100 * ms, "time constant of adaptation", OURS, unit=ms, minimum=0, exclusive=True)
    adaptation: float = param(0.2, "a spike raises the threshold of neurons that adapt by", OURS, minimum=0)
    adaptive_fraction: float = param(
        0.4, "part of the neurons that adapt", "Bellec et al. 2018: 40 %", minimum=0, maximum=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoding == "events":
            raise EquispikeError("spiking-rnn sees rows of images: encoding=events is for spiking-mlp and spiking-cnn")
        if self.n_steps % self.n_rows:
            raise EquispikeError(
                f"n_steps = {self.n_steps} is not a multiple of n_rows = {self.n_rows}, so rows cannot last equally long"
            )

    def fitted_to(self, shape: tuple[int, ...], n_classes: int) -> dict[str, Any]:
        rows, *rest = shape
        layers = super().fitted_to(tuple(rest), n_classes)
        return {**layers, "n_rows": rows, "n_steps": rows * max(1, self.n_steps // self.n_rows)}

    def weights_and_synapses(self) -> tuple[int, int]:
        recurrent = self.hidden[0].n ** 2
        weights, synapses = super().weights_and_synapses()
        return weights + recurrent, synapses + recurrent

    @property
    def n_frames(self) -> int:
        return self.n_rows

    @property
    def n_pixels(self) -> int:
        return self.n_input * self.n_rows

    @property
    def sees_features(self) -> bool:
        return False


@dataclass(frozen=True)
class LifReadoutParams(LayeredParams):
    """One spiking neuron a class, driven by features of an image as constant currents."""

    layers: str = param("400,10", "features, classes", OURS, pattern=rf"{_N},{_N}", example="400,10")
    n_steps: int = param(20, "time steps of an image", OURS, minimum=2, maximum=100_000)
    readout: str = param("spikes", "the number of spikes of the classes' neurons", OURS, choices=("spikes",))

    def check_kind(self, model: str, data: str, kind: str) -> None:
        if kind == "images":
            raise EquispikeError(f"{model} learns from features of another run: name it, as in --source runs/dc400")
        super().check_kind(model, data, kind)
