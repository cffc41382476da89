"""Parameters of the convolutional STDP network: of the whole, and of each of its layers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from brian2 import Quantity, ms

from equispike.models.errors import EquispikeError
from equispike.models.params import Params, param

PAPER = "Kheradpisheh et al. 2018"
SPYKETORCH = "SpykeTorch, KheradpishehDeep.py"
OURS = "not in the paper; chosen here"


@dataclass(frozen=True)
class ConvParams(Params):
    """A convolutional layer."""

    maps: int = param(30, "feature maps", PAPER, minimum=1, maximum=10_000)
    size: int = param(5, "side of the square kernels", PAPER, minimum=1, maximum=100)
    padding: int = param(0, "silent inputs added on each side", OURS, minimum=0, maximum=100)
    threshold: float = param(15.0, "potential above which a neuron fires", PAPER, minimum=0)
    n_winners: int = param(5, "neurons per image that may learn, at most one per map", SPYKETORCH, minimum=1)
    inhibition_radius: int = param(
        2, "a winner keeps others this near, in all maps, from learning", SPYKETORCH, minimum=0
    )
    a_plus: float = param(0.004, "rate of potentiation at the start", PAPER, minimum=0, maximum=1, exclusive=True)
    a_minus: float = param(0.003, "rate of depression at the start", PAPER, minimum=0, maximum=1)
    a_plus_max: float = param(0.15, "potentiation stops doubling here", SPYKETORCH, minimum=0, maximum=1)
    doubling_interval: int = param(0, "images after which both rates double; 0: never", SPYKETORCH, minimum=0)
    w_mean: float = param(0.8, "mean of the initial weights", PAPER, minimum=0, maximum=1)
    w_sd: float = param(0.05, "standard deviation of the initial weights", PAPER, minimum=0)

    @property
    def n_rounds(self) -> int:
        """Rounds of the competition after an image."""
        return min(self.n_winners, self.maps)


@dataclass(frozen=True)
class PoolParams(Params):
    """A pooling layer: a neuron fires with the first spike in its window."""

    size: int = param(2, "side of the square windows", PAPER, minimum=1, maximum=100)
    stride: int = param(2, "distance between windows", PAPER, minimum=1, maximum=100)


_NEVER = 10**9  # images

type LayerParams = ConvParams | PoolParams

_KINDS: dict[str, type[LayerParams]] = {"conv": ConvParams, "pool": PoolParams}
#: The network of the paper for MNIST; learning of the first layer as in SpykeTorch, padding and winners as chosen on
#: validation images (docs/conv-stdp.md).
_DEFAULTS: tuple[LayerParams, ...] = (
    ConvParams(padding=2, n_winners=30, doubling_interval=500),
    PoolParams(),
    ConvParams(maps=100, padding=1, threshold=10.0, n_winners=100),
)


@dataclass(frozen=True)
class Shape:
    """Size of a layer; its neurons are numbered ``(y * width + x) * maps + map``."""

    height: int
    width: int
    maps: int

    @property
    def n_places(self) -> int:
        return self.height * self.width

    @property
    def n_neurons(self) -> int:
        return self.n_places * self.maps


@dataclass(frozen=True)
class ConvStdpParams(Params):
    """Parameters of the network. Layers are named by kind and number: conv1, pool1, conv2."""

    height: int = param(28, "rows of the images", PAPER, minimum=1)
    width: int = param(28, "columns of the images", PAPER, minimum=1)
    channels: int = param(1, "channels of the images; each has ON and OFF cells", PAPER, minimum=1)
    dog_size: int = param(7, "side of the difference-of-Gaussians filters, odd", SPYKETORCH, minimum=1)
    sigma_center: float = param(1.0, "standard deviation of the centre, pixels", SPYKETORCH, minimum=0, exclusive=True)
    sigma_surround: float = param(
        2.0, "standard deviation of the surround, pixels", SPYKETORCH, minimum=0, exclusive=True
    )
    dog_threshold: float = param(
        50.0, "contrast (filters with maximum 1, white is 255) that cells need to spike", SPYKETORCH, minimum=0
    )
    normalisation_radius: int = param(
        8, "contrasts are divided by their mean over a square of this radius; 0: not", SPYKETORCH, minimum=0
    )
    coding: str = param(
        "rank",
        "rank: as many spikes in each bin; latency: bins of equal contrast",
        SPYKETORCH,
        choices=("rank", "latency"),
    )
    n_bins: int = param(15, "time bins of an image", SPYKETORCH, minimum=1, maximum=10_000)
    dt: Quantity = param(1 * ms, "length of a bin", OURS, unit=ms, minimum=1e-6, exclusive=True)
    layers: tuple[LayerParams, ...] = _DEFAULTS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dog_size % 2 == 0:
            raise EquispikeError(f"dog_size must be odd, but is {self.dog_size}")
        if not self.layers or not isinstance(self.layers[0], ConvParams) or not isinstance(self.layers[-1], ConvParams):
            raise EquispikeError("layers must begin and end with conv, such as: layers=conv-pool-conv")
        for name, shape in self.shapes.items():
            if shape.height < 1 or shape.width < 1:
                raise EquispikeError(
                    f"nothing is left of an image at {name}: choose smaller kernels or windows before it"
                )

    @property
    def names(self) -> list[str]:
        """Names of the layers in order."""
        return _names(self.layers)

    @property
    def by_name(self) -> dict[str, LayerParams]:
        return dict(zip(self.names, self.layers, strict=True))

    @property
    def conv_names(self) -> list[str]:
        """Names of the layers that learn, in order."""
        return [name for name, layer in self.by_name.items() if isinstance(layer, ConvParams)]

    def conv(self, name: str) -> ConvParams:
        layer = self.by_name[name]
        assert isinstance(layer, ConvParams)
        return layer

    @property
    def shapes(self) -> dict[str, Shape]:
        """Size of the input, called ``input``, and of every layer, by name."""
        shape = Shape(self.height, self.width, 2 * self.channels)
        shapes = {"input": shape}
        for name, layer in self.by_name.items():
            if isinstance(layer, ConvParams):
                smaller = 2 * layer.padding - layer.size + 1
                shape = Shape(shape.height + smaller, shape.width + smaller, layer.maps)
            else:
                height, width = ((side - layer.size) // layer.stride + 1 for side in (shape.height, shape.width))
                shape = Shape(height, width, shape.maps)
            shapes[name] = shape
        return shapes

    def before(self, name: str) -> str:
        """Name of the layer that feeds ``name``."""
        names = ["input", *self.names]
        return names[names.index(name) - 1]

    def kernel_shape(self, name: str) -> tuple[int, int, int, int]:
        """Shape of a layer's weights: maps before, rows, columns, maps."""
        layer = self.conv(name)
        return self.shapes[self.before(name)].maps, layer.size, layer.size, layer.maps

    def sections(self) -> dict[str, Params]:
        return {"": self} | {f"{name}.": layer for name, layer in self.by_name.items()}

    def weights_and_synapses(self) -> tuple[int, int]:
        kernels = {name: math.prod(self.kernel_shape(name)) for name in self.conv_names}
        return sum(kernels.values()), sum(kernel * self.shapes[name].n_places for name, kernel in kernels.items())

    def structure(self) -> str:
        """Such as 30C5-P2-100C5."""
        return "-".join(
            f"{layer.maps}C{layer.size}" if isinstance(layer, ConvParams) else f"P{layer.size}" for layer in self.layers
        )

    def structure_keys(self) -> set[str]:
        return {"layers"} | {f"{name}.{key}" for name in self.names for key in ("maps", "size")}

    def fitted_to(self, shape: tuple[int, ...], n_classes: int) -> dict[str, Any]:
        height, width, *channels = shape
        return {"height": height, "width": width, "channels": channels[0] if channels else 1}

    def check_images(self, data: str, shape: tuple[int, ...]) -> None:
        height, width, *channels = shape
        for key, size in (("height", height), ("width", width), ("channels", channels[0] if channels else 1)):
            if getattr(self, key) != size:
                raise EquispikeError(
                    f"{key} is {getattr(self, key)}, but {size} for the images of {data}: set {key}={size}"
                )

    def namespace(self) -> dict:
        numbers: dict[str, Any] = {"n_bins": self.n_bins}
        for name in self.conv_names:
            layer = self.conv(name).namespace()
            numbers |= {
                f"{key}_{name}": layer[key]
                for key in ("threshold", "n_winners", "inhibition_radius", "a_plus", "a_minus")
            }
            numbers |= {
                f"a_plus_max_{name}": layer["a_plus_max"],
                f"doubling_interval_{name}": layer["doubling_interval"] or _NEVER,
            }
        return numbers

    def updated(self, settings: Mapping[str, Any]) -> Self:
        """A copy with ``settings`` applied; those of a layer are called ``conv2.threshold`` or, as a mapping, ``conv2``.

        ``layers`` is a word such as ``conv-pool-conv``, or a list of mappings such as ``{"conv": {"maps": 30}}``.
        """
        own = {key: value for key, value in settings.items() if not re.match(r"layers$|(conv|pool)\d+(\.|$)", key)}
        self.check_keys(own)
        layers = _read_layers(settings["layers"]) if "layers" in settings else self.layers
        names = _names(layers)
        of_layers: dict[str, dict[str, Any]] = {}
        for key, value in settings.items():
            if key in own or key == "layers":
                continue
            name, _, field = key.partition(".")
            if name not in names or not (field or isinstance(value, Mapping)):
                raise EquispikeError(f"unknown parameter '{key}'; the layers are: {', '.join(names)}")
            of_layers.setdefault(name, {}).update({field: value} if field else value)
        layers = tuple(layer.updated(of_layers.get(name, {})) for name, layer in zip(names, layers, strict=True))
        return replace(self, layers=layers, **own)

    def as_text(self) -> dict[str, str]:
        words = {"layers": "-".join(_kind(layer) for layer in self.layers)}
        of_layers = {
            f"{name}.{key}": value for name, layer in self.by_name.items() for key, value in layer.as_text().items()
        }
        return super().as_text() | words | of_layers


def _kind(layer: LayerParams) -> str:
    return "conv" if isinstance(layer, ConvParams) else "pool"


def _names(layers: Sequence[LayerParams]) -> list[str]:
    kinds = [_kind(layer) for layer in layers]
    return [f"{kind}{kinds[: k + 1].count(kind)}" for k, kind in enumerate(kinds)]


def _read_layers(value: object) -> tuple[LayerParams, ...]:
    """Layers from ``conv-pool-conv`` or from [{"conv": {"maps": 30}}, ...]; what is not said is as in the paper's network."""
    items: list[tuple[str, Mapping[str, Any]]] = []
    for item in value.split("-") if isinstance(value, str) else value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping) and len(item) == 1:
            ((kind, settings),) = item.items()
        else:
            kind, settings = item, {}
        if kind not in _KINDS or not isinstance(settings or {}, Mapping):
            raise EquispikeError(
                f"cannot read the layers: '{item}' is neither conv nor pool; write layers=conv-pool-conv, or in a file a "
                "list of lines such as '- conv: {maps: 30, size: 5, threshold: 15}'"
            )
        items.append((kind, settings or {}))
    counts = dict.fromkeys(_KINDS, 0)
    layers = []
    for kind, settings in items:
        known = [layer for layer in _DEFAULTS if _kind(layer) == kind]
        layers.append(known[min(counts[kind], len(known) - 1)].updated(settings))
        counts[kind] += 1
    return tuple(layers)
