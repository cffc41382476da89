"""Convolutional layers that learn by STDP (Kheradpisheh et al. 2018, Neural Networks 99:56, doi:10.1016/j.neunet.2017.12.005).

An image is ``n_bins`` time steps; a step is a bin of latencies. Neurons do not leak and fire at most once an image; a
layer's spikes reach the next one within the step. Of the neurons at one place, in all maps, the one with the largest
potential fires, and the others never do. While a layer learns, rounds follow an image, one step each: in a round the
earliest spike (then the largest potential, then the lowest index) wins, its neuron learns, and its map and the places
around it are out of the competition.

Within a step things happen in the order in which they are added here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from brian2 import (
    BrianObject,
    Clock,
    EventMonitor,
    NeuronGroup,
    Synapses,
    TimedArray,
    linked_var,
    second,
)

from equispike.models.built_network import BuiltNetwork
from equispike.models.control import stop_when
from equispike.models.conv_stdp.params import ConvParams, ConvStdpParams, PoolParams, Shape

_TIME = """
    step = t_in_timesteps % n_steps : integer (shared)
    image = t_in_timesteps // n_steps : integer (shared)
"""
_POSITION = """
    y : integer (constant)
    x : integer (constant)
    map : integer (constant)
"""
_RATE = "rate = clip(2.0 ** ((images_seen + image) // doubling_{0}), 0, a_plus_max_{0} / a_plus_{0}) : 1 (shared)"
#: Inputs that came before the neuron fired, or in the same bin, are potentiated; all others are depressed.
_STDP = (
    "w += rate_post * (a_plus_{0} * int(latency_pre <= latency_post) - a_minus_{0} * int(latency_pre > latency_post))"
    " * w * (1 - w)"
)


def build(
    params: ConvStdpParams,
    n_images: int,
    *,
    learning: str | None = None,
    grid: int | None = None,
    record_spikes: bool = False,
) -> BuiltNetwork:
    """Build the network for chunks of up to ``n_images`` images; the constants say how many a chunk has.

    Input ``latencies`` (n_images, n_input): the bin of each ON or OFF cell's spike; ``n_bins`` or more: none.

    Parameters
    ----------
    learning : the layer that learns; layers after it are left out. None: nothing learns
    grid : the last layer never fires; instead the largest potential of each of its maps in grid * grid parts of the map
        (1: in all of it, as in the paper) at the end of an image is recorded (monitor ``responses``)
    record_spikes : also record the spikes of all layers (monitors ``input_spikes``, ``conv1_spikes``, ...)
    """
    if learning and grid is not None:
        raise ValueError("a layer that learns must fire, but with a grid the last layer does not")
    network = _Builder(params, n_images, learning, record_spikes)
    network.add_input()
    last = learning or params.names[-1]
    for name in params.names[: params.names.index(last) + 1]:
        layer = params.by_name[name]
        if isinstance(layer, PoolParams):
            network.add_pooling(name, layer)
        else:
            network.add_convolution(name, layer, fires=name != last or grid is None)
    if learning:
        network.add_learning(learning)
    if grid is not None:
        network.add_features(last, grid)
    return network.parts()


class _Builder:
    """The objects of one network while they are being put together."""

    def __init__(self, params: ConvStdpParams, n_images: int, learning: str | None, record_spikes: bool) -> None:
        self.params, self.learning, self.record_spikes = params, learning, record_spikes
        latencies = np.zeros((n_images, params.shapes["input"].n_neurons))
        self.input_arrays = {"latencies": TimedArray(latencies, dt=1 * second, name="latencies")}
        n_rounds = params.conv(learning).n_rounds if learning else 0
        constants = {"n_images": n_images, "images_seen": 0, "n_steps": params.n_bins + n_rounds}
        self.namespace = params.namespace() | constants | self.input_arrays | {"stop_when": stop_when}
        self.common = {"namespace": self.namespace, "clock": Clock(params.dt, name="bins")}
        self.objects: list[BrianObject] = []
        self.groups: dict[str, NeuronGroup] = {}
        self.monitors: dict[str, EventMonitor] = {}
        self.state: list[str] = []
        self._order = 0

    def parts(self) -> BuiltNetwork:
        control = self._group("control", 1, "images_done : integer", {"image_end": "step == n_steps - 1"})
        self._now(control, "image_end", "images_done += 1\n_ = stop_when(images_done >= n_images)")
        return BuiltNetwork(tuple(self.objects), self.namespace, tuple(self.state), self.input_arrays, self.monitors)

    def add_input(self) -> None:
        """ON and OFF cells, each of which fires in the bin of its latency."""
        group = self._layer("input", "latency : 1", {"spike": "step < n_bins and latency == step"})
        self._at_start(group, "latency = latencies((image + 0.5) * second, i)")
        self._now(group, "spike")

    def add_pooling(self, name: str, layer: PoolParams) -> None:
        """Neurons that fire with the first spike in their window."""
        before, shape = self.params.shapes[self.params.before(name)], self.params.shapes[name]
        group = self._layer(name, "v : 1\nlatency : 1", {"spike": "step < n_bins and v > 0"})
        self._at_start(group, "v = 0\nlatency = n_bins")
        # A neuron lies in up to n * n windows, the last of which starts at its place or before.
        n = -(-layer.size // layer.stride)
        top, left = f"(y_pre // {layer.stride} - k // {n})", f"(x_pre // {layer.stride} - k % {n})"
        synapses = self._synapses(
            self.groups[self.params.before(name)],
            group,
            "pool",
            "v_post += 1",
            f"({top} * {shape.width} + {left}) * {shape.maps} + map_pre for k in range({n * n}) "
            f"if {_within(top, shape.height)} and {_within(left, shape.width)} "
            f"and y_pre < {top} * {layer.stride} + {layer.size} and x_pre < {left} * {layer.stride} + {layer.size}",
        )
        assert before.maps == shape.maps
        self._now(synapses.pool)
        self._now(group, "spike", "v = -inf\nlatency = step")

    def add_convolution(self, name: str, layer: ConvParams, *, fires: bool) -> None:
        """Neurons whose synapses take their weights from the kernels of the layer."""
        before, shape = self.params.before(name), self.params.shapes[name]
        size, maps, learns = layer.size, layer.maps, name == self.learning
        kernels = NeuronGroup(math.prod(self.params.kernel_shape(name)), "w : 1", name=f"{name}_kernels", **self.common)
        self.objects.append(kernels)
        self.state.append(f"{name}_kernels.w")
        # Nothing crosses a threshold after the image; saying so spares the rounds a look at every neuron.
        events = {"crossing": f"step < n_bins and v > threshold_{name}", "spike": "step < n_bins and v == inf"}
        model = "v : 1\nlatency : 1"
        if learns:
            events["winner"] = "step >= n_bins and i == winner"
            model += f"\nwinner : integer (linked)\n{_RATE.format(name)}"
        group = self._layer(name, model, events if fires else {"image_end": "step == n_bins - 1"})
        self._at_start(group, "v = 0\nlatency = n_bins")
        # Neighbouring synapses reach neighbouring neurons through neighbouring weights, as kernels are turned by 180 degrees.
        shift = layer.padding - size + 1
        y, x = (
            f"({axis}_pre + {shift} + {offset})"
            for axis, offset in (("y", f"k // {size * maps}"), ("x", f"(k // {maps}) % {size}"))
        )
        synapses = self._synapses(
            self.groups[before],
            group,
            "excite",
            "v_post += w",
            f"({y} * {shape.width} + {x}) * {maps} + k % {maps} for k in range({size * size * maps}) "
            f"if {_within(y, shape.height)} and {_within(x, shape.width)}",
            model="kernel : integer (constant)\nw : 1 (linked)",
            learn=_STDP.format(name) if learns else None,
        )
        row, column = (f"({axis}_post - {axis}_pre - {shift})" for axis in ("y", "x"))
        synapses.kernel = f"((map_pre * {size} + {row}) * {size} + {column}) * {maps} + map_post"
        synapses.w = linked_var(kernels, "w", index="kernel")
        self._now(synapses.excite)
        if fires:
            self._compete(name, group, shape, learns=learns)

    def _compete(self, name: str, group: NeuronGroup, shape: Shape, *, learns: bool) -> None:
        """At each place the neuron with the largest potential fires, and that is the last spike there."""
        contending = {"contending": "step >= n_bins and (latency < n_bins and excluded == 0)"} if learns else {}
        places = self._group(
            f"{name}_places",
            shape.n_places,
            """
            y : integer (constant)
            x : integer (constant)
            best : 1
            best_map : integer
            latency : 1
            potential : 1
            excluded : integer
            """,
            {"decided": "step < n_bins and best > 0"} | contending,
        )
        places.y, places.x = f"i // {shape.width}", f"i % {shape.width}"
        self.groups[places.name] = places
        self._at_start(places, "best = 0\nlatency = n_bins\nexcluded = 0")
        self._now(group, "crossing")
        standing = self._synapses(
            group,
            places,
            "stand",
            """
            better = int(v_pre > best_post)
            best_map_post = better * map_pre + (1 - better) * best_map_post
            best_post = clip(v_pre, best_post, inf)
            """,
            f"i // {shape.maps} for k in range(1)",
            event="crossing",
        )
        self._now(standing.stand)
        self._now(places, "decided")
        deciding = self._synapses(
            places,
            group,
            "decide",
            "v_post = (2 * int(map_post == best_map_pre) - 1) * inf",
            f"i * {shape.maps} + k for k in range({shape.maps})",
            event="decided",
        )
        self._now(deciding.decide)
        self._then(places, "decided", "potential = best\nlatency = step\nbest = 0")
        self._now(group, "spike", "v = -inf\nlatency = step")

    def add_learning(self, name: str) -> None:
        """After an image, one winner a round."""
        group, places, shape = self.groups[name], self.groups[f"{name}_places"], self.params.shapes[name]
        arbiter = self._group(
            "arbiter", 1, "latency : 1\npotential : 1\nwinner : integer", {"chosen": "latency < n_bins"}
        )
        group.winner = linked_var(arbiter, "winner")
        nobody = "latency = n_bins\npotential = 0\nwinner = -1"
        self._at_start(arbiter, nobody)
        self._now(places, "contending")
        contending = self._synapses(
            places,
            arbiter,
            "contend",
            f"""
            better = int(latency_pre < latency_post or (latency_pre == latency_post and potential_pre > potential_post))
            latency_post = better * latency_pre + (1 - better) * latency_post
            potential_post = better * potential_pre + (1 - better) * potential_post
            winner_post = better * (i * {shape.maps} + best_map_pre) + (1 - better) * winner_post
            """,
            "0 for k in range(1)",
            event="contending",
        )
        self._now(contending.contend)
        self._now(arbiter, "chosen")
        y, x = f"(winner_pre // {shape.maps * shape.width})", f"((winner_pre // {shape.maps}) % {shape.width})"
        excluding = self._synapses(
            arbiter,
            places,
            "exclude",
            f"excluded_post = int(excluded_post > 0 or best_map_post == winner_pre % {shape.maps} "
            f"or (abs(y_post - {y}) <= radius_{name} and abs(x_post - {x}) <= radius_{name}))",
            f"k for k in range({shape.n_places})",
            event="chosen",
        )
        self._now(excluding.exclude)
        self._now(group, "winner")
        self._now(self.learners.learn)
        self._then(arbiter, "chosen", nobody)
        self._monitor("winners", group, "winner")

    def add_features(self, name: str, grid: int) -> None:
        """The largest potentials of each map, in parts of it, when the image ends."""
        group, shape = self.groups[name], self.params.shapes[name]
        features = self._group(
            "features",
            grid * grid * shape.maps,
            "potential : 1",
            {"image_end": "step == n_bins - 1 and potential > 0"},
        )
        self._at_start(features, "potential = 0")
        self._now(group, "image_end")
        row, column = f"((y_pre * {grid}) // {shape.height})", f"((x_pre * {grid}) // {shape.width})"
        pooling = self._synapses(
            group,
            features,
            "pool",
            "potential_post = clip(v_pre, potential_post, inf)",
            f"({row} * {grid} + {column}) * {shape.maps} + map_pre for k in range(1)",
            event="image_end",
        )
        self._now(pooling.pool)
        self._now(features, "image_end")
        self._monitor("responses", features, "image_end", ["potential"])

    def _layer(self, name: str, model: str, events: dict[str, str]) -> NeuronGroup:
        """The neurons of a layer, each with its place and map."""
        shape = self.params.shapes[name]
        group = self._group(name, shape.n_neurons, f"{model}\n{_POSITION}", events)
        group.y = f"i // {shape.width * shape.maps}"
        group.x = f"(i // {shape.maps}) % {shape.width}"
        group.map = f"i % {shape.maps}"
        self.groups[name] = group
        if self.record_spikes and "spike" in events:
            self._monitor(f"{name}_spikes", group, "spike")
        return group

    def _group(self, name: str, n: int, model: str, events: dict[str, str]) -> NeuronGroup:
        events = events | {"image_start": "step == 0"}
        group = NeuronGroup(n, f"{model}\n{_TIME}", events=events, name=name, **self.common)
        self.objects.append(group)
        return group

    def _synapses(
        self, source: NeuronGroup, target: NeuronGroup, pathway: str, on_pre: str, j: str, *,
        model: str = "", event: str = "spike", learn: str | None = None,
    ) -> Synapses:  # fmt: skip
        synapses = Synapses(
            source,
            target,
            model,
            on_pre={pathway: on_pre},
            on_post={"learn": learn} if learn else None,
            on_event={pathway: event} | ({"learn": "winner"} if learn else {}),
            delay={pathway: 0 * second} | ({"learn": 0 * second} if learn else {}),
            name=f"{source.name}_{pathway}_{target.name}",
            **self.common,
        )
        synapses.connect(j=j)
        if learn:
            self.learners = synapses
        self.objects.append(synapses)
        return synapses

    def _at_start(self, group: NeuronGroup, code: str) -> None:
        """Run ``code`` for all neurons before the first bin of an image."""
        group.set_event_schedule("image_start", when="start", order=0)
        group.run_on_event("image_start", code, when="start", order=1)

    def _now(self, thing, event: str | None = None, code: str | None = None) -> None:
        """Let a pathway, or a group's event and what it does, happen after all that was added before."""
        if event is None:
            thing.when, thing.order = "synapses", self._next()
        else:
            thing.set_event_schedule(event, when="synapses", order=self._next())
            if code is not None:
                self._then(thing, event, code)

    def _then(self, group: NeuronGroup, event: str, code: str) -> None:
        group.run_on_event(event, code, when="synapses", order=self._next())

    def _next(self) -> int:
        self._order += 1
        return self._order

    def _monitor(self, name: str, group: NeuronGroup, event: str, variables: Sequence[str] = ()) -> None:
        self.monitors[name] = EventMonitor(group, event, variables=list(variables), name=name, when="end")
        self.objects.append(self.monitors[name])


def _within(position: str, length: int) -> str:
    return f"{position} >= 0 and {position} < {length}"
