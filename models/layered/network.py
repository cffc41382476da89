"""Layers of integrate-and-fire neurons between an image's pixels and leaky neurons, one a class.

An input is a constant current for as long as a frame (an image, or a row of it) is shown, added up once when it starts, or
it spikes. Spikes add to the potentials of the next layer. The class with the highest score wins: the mean, largest or
last potential of neurons that never fire, or the number of spikes.
"""

from __future__ import annotations

import numpy as np
from brian2 import BrianObject, Clock, EventMonitor, NeuronGroup, SpikeMonitor, Synapses, TimedArray, linked_var, second

from equispike.models.built_network import BuiltNetwork
from equispike.models.control import stop_when
from equispike.models.layered.params import ConvLayer, Layer, LayeredNetworkParams, SpikingRnnParams
from equispike.models.neurons import DIMENSIONLESS_ALIF, DIMENSIONLESS_LIF, Neuron

_TIME = """
    step = t_in_timesteps % n_steps : integer (shared)
    frame = t_in_timesteps // steps_per_frame : integer (shared)
    frame_step = t_in_timesteps % steps_per_frame : integer (shared)
"""
_PLACE = "y : integer (constant)\nx : integer (constant)\nmap : integer (constant)"
_CLASSES = "dv/dt = (drive + b - v) / tau_out : 1\ndrive : 1\nb : 1\nscore : 1\nimages_done : integer"

#: When an input spikes, by encoding; ``value`` is its latency in time steps, its probability, or 1 where it has events.
SPIKING_INPUTS = {"latency": "frame_step == value", "poisson": "rand() < value", "events": "value > 0"}
#: What becomes of the classes' scores at the end of each time step.
SCORES = {
    "mean": "score += v / n_steps",
    "max": "score += int(step == 0 or v > score) * (v - score)",
    "last": "score = v",
}
#: A number from 0 to 1 that grows with the potential: of two classes with as many spikes, the higher potential wins.
TIE = "score += 0.5 + 0.5 * v / (v_threshold + abs(v))"


def build(
    params: LayeredNetworkParams, n_images: int, *, record_spikes: bool = False, record_scores: bool = False
) -> BuiltNetwork:
    """Build the network for chunks of up to ``n_images`` images; the constant ``n_images`` says how many a chunk has.

    Input ``frames`` (n_images * n_frames, n_input), 0 to 1. State: biases ``hidden1.b``, weights ``hidden1_in.w`` or
    ``hidden1_kernels.w``, ``recurrent.w``, ``classes_in.w``. Monitor ``answers``: ``score`` of each class when an image
    ends; with ``record_spikes`` also ``hidden1_spikes`` and so on, of all groups that spike; with ``record_scores`` also
    ``scores``: ``score`` and ``v`` of each class at the end of every time step.
    """
    network = _Builder(params, n_images)
    before, shape = network.add_pixels(), params.input_shape
    for number, layer in enumerate(params.hidden, start=1):
        name = f"hidden{number}"
        neurons = network.add_neurons(name, layer)
        network.connect(before, neurons, shape, layer)
        before, shape = neurons, layer.shape
        if isinstance(params, SpikingRnnParams):
            network.add_synapses("recurrent", neurons, neurons)
    network.add_classes(before, record_scores)
    if record_spikes:
        network.record_spikes()
    return network.parts()


class _Builder:
    """The objects of one network while they are being put together."""

    def __init__(self, params: LayeredNetworkParams, n_images: int) -> None:
        self.params = params
        frames = TimedArray(np.zeros((n_images * params.n_frames, params.n_input)), dt=1 * second, name="frames")
        self.inputs = {"frames": frames}
        numbers = {key: value for key, value in params.namespace().items() if key != "dt"}
        self.namespace = numbers | {
            "frames": frames, "n_images": n_images, "steps_per_frame": params.n_steps // params.n_frames,
            "stop_when": stop_when,
        }  # fmt: skip
        self.common = {"namespace": self.namespace, "clock": Clock(params.dt, name="step_clock")}
        self.objects: list[BrianObject] = []
        self.state: list[str] = []
        self.monitors: dict[str, EventMonitor] = {}

    def parts(self) -> BuiltNetwork:
        objects = (*self.objects, *self.monitors.values())
        return BuiltNetwork(objects, self.namespace, tuple(self.state), self.inputs, self.monitors)

    def record_spikes(self) -> None:
        names = [*self.params.spiking_names, *(["pixels"] if self.params.encoding in SPIKING_INPUTS else [])]
        for group in [each for each in self.objects if each.name in names]:
            self.monitors[f"{group.name}_spikes"] = SpikeMonitor(group, name=f"{group.name}_spikes")

    def _group(self, name: str, n: int, model: str, **options) -> NeuronGroup:
        events = {"image_start": "step == 0", "frame_start": "frame_step == 0"}
        group = NeuronGroup(n, f"{model}\n{_TIME}", name=name, events=events | options.pop("events", {}), **options,
                            **self.common)  # fmt: skip
        for event in events:
            group.set_event_schedule(event, when="start", order=0)
        self.objects.append(group)
        return group

    def _place(self, group: NeuronGroup, shape: tuple[int, ...]) -> None:
        if len(shape) == 3:
            _, width, maps = shape
            group.y, group.x, group.map = f"i // {width * maps}", f"(i // {maps}) % {width}", f"i % {maps}"

    def add_pixels(self) -> NeuronGroup:
        """Pixels, or one row of them, that change when a frame starts."""
        shape, threshold = self.params.input_shape, SPIKING_INPUTS.get(self.params.encoding)
        spiking = {"threshold": threshold, "reset": ""} if threshold else {}
        group = self._group("pixels", self.params.n_input, f"value : 1\n{_PLACE if len(shape) == 3 else ''}", **spiking)
        self._place(group, shape)
        group.run_on_event("frame_start", "value = frames((frame + 0.5) * second, i)", when="start", order=1)
        return group

    def add_neurons(self, name: str, layer: Layer) -> NeuronGroup:
        """A layer that spikes; the first one has the pixels' drive, if they do not spike."""
        recurrent = isinstance(self.params, SpikingRnnParams)
        neuron: Neuron = DIMENSIONLESS_ALIF if recurrent else DIMENSIONLESS_LIF
        place = _PLACE if isinstance(layer, ConvLayer) else ""
        group = self._group(name, layer.n, f"{neuron.equations}\n{place}", threshold=neuron.threshold, reset=neuron.reset,
                            method="exact")  # fmt: skip
        self._place(group, layer.shape)
        if isinstance(self.params, SpikingRnnParams):
            group.adapts = f"int(i < {round(self.params.adaptive_fraction * layer.n)})"
        group.run_on_event("image_start", "v = 0" + ("\na = 0" if recurrent else ""), when="start", order=1)
        group.run_on_event("frame_start", "drive = 0", when="start", order=1)
        if not isinstance(layer, ConvLayer):  # places of a convolution would have biases of their own
            self.state.append(f"{name}.b")
        return group

    def connect(self, before: NeuronGroup, group: NeuronGroup, shape: tuple[int, ...], layer: Layer) -> None:
        """From the layer before: all to all, or kernels shared by all places."""
        if isinstance(layer, ConvLayer):
            self._convolve(before, group, shape, layer)
        else:
            self.add_synapses(f"{group.name}_in", before, group)

    def add_synapses(self, name: str, before: NeuronGroup, group: NeuronGroup) -> None:
        synapses = self._synapses(name, before, group, "w : 1")
        synapses.connect()
        self.state.append(f"{name}.w")

    def _convolve(self, before: NeuronGroup, group: NeuronGroup, shape: tuple[int, ...], layer: ConvLayer) -> None:
        maps_before = shape[2]
        size, maps, stride = layer.size, layer.maps, layer.stride
        kernels = NeuronGroup(maps_before * size * size * maps, "w : 1", name=f"{group.name}_kernels", **self.common)
        synapses = self._synapses(f"{group.name}_in", before, group, "kernel : integer (constant)\nw : 1 (linked)")
        # Of the windows over a pixel the first starts size - 1 before it; kernels are turned by 180 degrees, so that
        # neighbouring synapses have neighbouring targets and weights.
        n = -(-size // stride)
        y, x = (
            f"(({axis}_pre - {size - 1} + {stride - 1} + {size * stride}) // {stride} - {size} + {offset})"
            for axis, offset in (("y", f"k // {n * maps}"), ("x", f"(k // {maps}) % {n}"))
        )
        row, column = (f"({axis}_post * {stride} - {axis}_pre + {size - 1})" for axis in ("y", "x"))
        inside = " and ".join(
            f"{place} >= 0 and {place} < {length} and {place} * {stride} <= {axis}_pre"
            for place, length, axis in ((y, layer.height, "y"), (x, layer.width, "x"))
        )
        synapses.connect(
            j=f"({y} * {layer.width} + {x}) * {maps} + k % {maps} for k in range({n * n * maps}) if {inside}"
        )
        synapses.kernel = f"((map_pre * {size} + {row}) * {size} + {column}) * {maps} + map_post"
        synapses.w = linked_var(kernels, "w", index="kernel")
        self.objects.append(kernels)
        self.state.append(f"{group.name}_kernels.w")

    def _synapses(self, name: str, before: NeuronGroup, group: NeuronGroup, model: str) -> Synapses:
        current = before.name == "pixels" and self.params.encoding not in SPIKING_INPUTS
        effect = "drive_post += w * value_pre" if current else "v_post += w"
        synapses = Synapses(before, group, model, on_pre=effect, on_event="frame_start" if current else "spike", name=name,
                            **self.common)  # fmt: skip
        if current:
            synapses.pre.when, synapses.pre.order = "start", 2
        self.objects.append(synapses)
        return synapses

    def add_classes(self, before: NeuronGroup, record_scores: bool) -> None:
        """Leaky neurons with a score each."""
        readout = self.params.readout
        fires = (
            {"threshold": DIMENSIONLESS_LIF.threshold, "reset": f"{DIMENSIONLESS_LIF.reset}\nscore += 1"}
            if readout == "spikes"
            else {}
        )
        events = {"image_end": "step == n_steps - 1"} | ({"step_end": "step >= 0"} if record_scores else {})
        classes = self._group("classes", self.params.n_classes, _CLASSES, method="exact", events=events, **fires)
        classes.run_on_event("image_start", "v = 0\nscore = 0", when="start", order=1)
        classes.run_on_event("frame_start", "drive = 0", when="start", order=1)
        if readout in SCORES:
            classes.run_regularly(SCORES[readout], when="end", order=-1)
        self.add_synapses("classes_in", before, classes)
        self.state.append("classes.b")
        classes.set_event_schedule("image_end", when="end", order=0)
        tie = f"{TIE}\n" if readout == "spikes" else ""
        classes.run_on_event(
            "image_end", f"{tie}images_done += 1\n_ = stop_when(images_done >= n_images)", when="end", order=1
        )
        self.monitors["answers"] = EventMonitor(classes, "image_end", variables=["score"], name="answers", when="end",
                                                order=2)  # fmt: skip
        if record_scores:
            classes.set_event_schedule("step_end", when="end", order=0)
            self.monitors["scores"] = EventMonitor(classes, "step_end", variables=["score", "v"], name="scores",
                                                   when="end", order=2)  # fmt: skip
