"""Layers of integrate-and-fire neurons between an image's pixels and leaky neurons, one a class.

An input is a constant current for as long as a frame (an image, or a row of it) is shown, added up once when it starts, or
it spikes. Spikes add to the potentials of the next layer. The class with the highest score wins: the mean, largest or
last potential of neurons that never fire, or the number of spikes.
"""

from __future__ import annotations

from typing import Any

from brian2 import NeuronGroup

from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
from equispike.models.layered.params import ConvLayer, Layer, LayeredParams, SpikingRnnParams
from equispike.models.neurons import DIMENSIONLESS_ALIF, DIMENSIONLESS_LIF

_TIME = """
    step = t_in_timesteps % n_steps : integer (shared)
    frame = t_in_timesteps // steps_per_frame : integer (shared)
    frame_step = t_in_timesteps % steps_per_frame : integer (shared)
"""
_FRAME_START = {"frame_start": "frame_step == 0"}
_STARTS = {"image_start": "step == 0"} | _FRAME_START
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
TIE = "(tie_half + tie_half * v / (v_threshold + abs(v)))"
_TIE_HALF = 0.5  # at a potential of zero; as much less or more at potentials far from it


def build(
    params: LayeredParams, n_images: int, *, record_spikes: bool = False, record_scores: bool = False
) -> BuiltNetwork:
    """Build the network for chunks of up to ``n_images`` images; the constant ``n_images`` says how many a chunk has.

    Input ``frames`` (n_images * n_frames, n_input), 0 to 1. State: biases ``hidden1.b``, weights ``hidden1_in.w`` or
    ``hidden1_kernels.w``, ``recurrent.w``, ``classes_in.w``. Monitor ``answers``: ``score`` of each class when an image
    ends; with ``record_spikes`` also ``hidden1_spikes`` and so on, of all groups that spike; with ``record_scores`` also
    ``scores``: ``answer``, the score that each class would have if the image ended with the time step.
    """
    network = _Layers(params, n_images)
    before, shape = network.add_pixels(), params.input_shape
    for number, layer in enumerate(params.hidden, start=1):
        neurons = network.add_neurons(f"hidden{number}", layer)
        network.connect(f"hidden{number}_in", before, neurons, shape, layer)
        before, shape = neurons, layer.shape
        if isinstance(params, SpikingRnnParams):
            network.connect("recurrent", neurons, neurons)
    network.add_classes(before, record_scores)
    if record_spikes:
        names = [*params.spiking_names, *(["pixels"] if params.encoding in SPIKING_INPUTS else [])]
        for name in (each for each in network.groups if each in names):
            network.record_spikes(network.groups[name])
    return network.built()


class _Layers(Builder):
    """The objects of one network while they are being put together."""

    def __init__(self, params: LayeredParams, n_images: int) -> None:
        self.params, self.recurrent = params, isinstance(params, SpikingRnnParams)
        constants = {"n_images": n_images, "steps_per_frame": params.n_steps // params.n_frames, "tie_half": _TIE_HALF}
        super().__init__(params.namespace(), params.dt, own=constants, counters=_TIME)
        self.input("frames", (n_images * params.n_frames, params.n_input))

    def add_pixels(self) -> NeuronGroup:
        """Add pixels, or one row of them, that change when a frame starts."""
        threshold = SPIKING_INPUTS.get(self.params.encoding)
        spiking = {"threshold": threshold, "reset": ""} if threshold else {}
        pixels = self.layer("pixels", self.params.input_shape, "value : 1", events=_FRAME_START, **spiking)
        self.at(pixels, "frame_start", "value = frames((frame + 0.5) * second, i)", when="start")
        return pixels

    def add_neurons(self, name: str, layer: Layer) -> NeuronGroup:
        """Add a layer that spikes; the first one has the pixels' drive, if they do not spike."""
        neuron = DIMENSIONLESS_ALIF if self.recurrent else DIMENSIONLESS_LIF
        group = self.layer(name, layer.shape, neuron.equations, threshold=neuron.threshold, reset=neuron.reset,
                           method=neuron.method, events=_STARTS)  # fmt: skip
        if isinstance(self.params, SpikingRnnParams):
            group.adapts = f"int(i < {round(self.params.adaptive_fraction * layer.n)})"
        self._start(group, "v = 0\na = 0" if self.recurrent else "v = 0")
        if not isinstance(layer, ConvLayer):  # places of a convolution would have biases of their own
            self.carry(group, "b")
        return group

    def _start(self, group: NeuronGroup, fresh: str) -> None:
        self.at(group, "image_start", fresh, when="start")
        self.at(group, "frame_start", "drive = 0", when="start")

    def connect(
        self,
        name: str,
        before: NeuronGroup,
        group: NeuronGroup,
        shape: tuple[int, ...] = (),
        layer: Layer | None = None,
    ) -> None:
        """Connect two layers: all to all, or by kernels shared by all places."""
        current = before.name == "pixels" and self.params.encoding not in SPIKING_INPUTS
        options: dict[str, Any] = {
            "operation": "MAC" if current else "AC",
            "on_pre": "drive_post += w * value_pre" if current else "v_post += w",
            "on_event": "frame_start" if current else "spike",
        }
        if isinstance(layer, ConvLayer):
            synapses = self.convolve(
                name, before, group, shape, layer.shape, layer.size, stride=layer.stride, **options
            )
        else:
            synapses = self.project(name, before, group, "w : 1", **options)
        if current:
            synapses.pre.when, synapses.pre.order = "start", 2

    def add_classes(self, before: NeuronGroup, record_scores: bool) -> None:
        """Add leaky neurons with a score each."""
        spikes = self.params.readout == "spikes"
        reset = f"{DIMENSIONLESS_LIF.reset}\nscore += 1"
        fires = {"threshold": DIMENSIONLESS_LIF.threshold, "reset": reset} if spikes else {}
        events = _STARTS | {"image_end": "step == n_steps - 1"} | ({"step_end": "step >= 0"} if record_scores else {})
        tie_so_far = f" + int(step < n_steps - 1) * {TIE}" if spikes else ""  # the last step's is in the score already
        model = f"{_CLASSES}\nanswer : 1" if record_scores else _CLASSES
        classes = self.group("classes", self.params.n_classes, model, method="exact", events=events, **fires)
        self._start(classes, "v = 0\nscore = 0")
        if not spikes:
            classes.run_regularly(SCORES[self.params.readout], when="end", order=-1)
        self.connect("classes_in", before, classes)
        self.carry(classes, "b")
        tie = f"score += {TIE}\n" if spikes else ""
        self.at(classes, "image_end", f"{tie}images_done += 1\n_ = stop_when(images_done >= n_images)", when="end")
        self.monitor("answers", classes, "image_end", ["score"], order=2)
        if record_scores:
            self.at(classes, "step_end", f"answer = score{tie_so_far}", when="end", order=3)
            self.monitor("scores", classes, "step_end", ["answer"], order=4)
