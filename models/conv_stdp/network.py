"""Convolutional layers that learn by STDP (Kheradpisheh et al. 2018, Neural Networks 99:56, doi:10.1016/j.neunet.2017.12.005).

An image is ``n_bins`` time steps; a step is a bin of latencies. Neurons do not leak and fire at most once an image; a
layer's spikes reach the next one within the step. Of the neurons at one place, in all maps, the one with the largest
potential fires, and the others never do. While a layer learns, rounds follow an image, one step each: in a round the
earliest spike (then the largest potential, then the lowest index) wins, its neuron learns, and its map and the places
around it are out of the competition.

Within a step things happen in the order in which they are added here.
"""

from __future__ import annotations

from typing import Any

from brian2 import NeuronGroup, linked_var, second

from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
from equispike.models.conv_stdp.params import ConvParams, ConvStdpParams, PoolParams, Shape

_TIME = """
    step = t_in_timesteps % n_steps : integer (shared)
    image = t_in_timesteps // n_steps : integer (shared)
"""
_RATE = (
    "rate = clip(rate_growth ** ((images_seen + image) // doubling_interval_{0}), 0, a_plus_max_{0} / a_plus_{0})"
    " : 1 (shared)"
)
_RATE_GROWTH = 2.0  # by which both rates of learning grow in each doubling_interval
_IMAGE_START = {"image_start": "step == 0"}
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
    network = _ConvStdp(params, n_images, learning, record_spikes)
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
    network.add_control()
    return network.built()


class _ConvStdp(Builder):
    """The objects of one network while they are being put together."""

    def __init__(self, params: ConvStdpParams, n_images: int, learning: str | None, record_spikes: bool) -> None:
        self.params, self.learning, self._record_spikes = params, learning, record_spikes
        n_rounds = params.conv(learning).n_rounds if learning else 0
        constants = {
            "n_images": n_images,
            "images_seen": 0,
            "n_steps": params.n_bins + n_rounds,
            "rate_growth": _RATE_GROWTH,
        }
        super().__init__(params.namespace(), params.dt, own=constants, counters=_TIME)
        self.input("latencies", (n_images, params.shapes["input"].n_neurons))
        self._order = 0

    def add_control(self) -> None:
        """Add what ends a run."""
        control = self.group("control", 1, "images_done : integer", events={"image_end": "step == n_steps - 1"})
        self._now(control, "image_end", "images_done += 1\n_ = stop_when(images_done >= n_images)")

    def add_input(self) -> None:
        """Add ON and OFF cells, each of which fires in the bin of its latency."""
        group = self._layer("input", "latency : 1", {"spike": "step < n_bins and latency == step"})
        self._at_start(group, "latency = latencies((image + 0.5) * second, i)")
        self._now(group, "spike")

    def add_pooling(self, name: str, layer: PoolParams) -> None:
        """Add neurons that fire with the first spike in their window."""
        before = self.groups[self.params.before(name)]
        group = self._layer(name, "v : 1\nlatency : 1", {"spike": "step < n_bins and v > 0"})
        self._at_start(group, "v = 0\nlatency = n_bins")
        synapses = self.pool(
            f"{before.name}_pool_{name}", before, group, self._shape(name), layer.size, layer.stride,
            on_pre={"pool": "v_post += 1"}, **_at_once(pool="spike"),
        )  # fmt: skip
        self._now(synapses.pool)
        self._now(group, "spike", "v = -inf\nlatency = step")

    def add_convolution(self, name: str, layer: ConvParams, *, fires: bool) -> None:
        """Add neurons whose synapses take their weights from the kernels of the layer."""
        before, learns = self.params.before(name), name == self.learning
        # Nothing crosses a threshold after the image; saying so spares the rounds a look at every neuron.
        events = {"crossing": f"step < n_bins and v > threshold_{name}", "spike": "step < n_bins and v == inf"}
        model = "v : 1\nlatency : 1"
        if learns:
            events["winner"] = "step >= n_bins and i == winner"
            model += f"\nwinner : integer (linked)\n{_RATE.format(name)}"
        group = self._layer(name, model, events if fires else {"image_end": "step == n_bins - 1"})
        self._at_start(group, "v = 0\nlatency = n_bins")
        synapses = self.convolve(
            f"{before}_excite_{name}", self.groups[before], group, self._shape(before), self._shape(name), layer.size,
            padding=layer.padding, operation="AC", on_pre={"excite": "v_post += w"},
            on_post={"learn": _STDP.format(name)} if learns else None,
            **(_at_once(excite="spike", learn="winner") if learns else _at_once(excite="spike")),  # type: ignore[arg-type]
        )  # fmt: skip
        if learns:
            self.learners = synapses
        self._now(synapses.excite)
        if fires:
            self._compete(name, group, self.params.shapes[name], learns=learns)

    def _compete(self, name: str, group: NeuronGroup, shape: Shape, *, learns: bool) -> None:
        """At each place the neuron with the largest potential fires, and that is the last spike there."""
        contending = {"contending": "step >= n_bins and (latency < n_bins and excluded == 0)"} if learns else {}
        places = self.layer(
            f"{name}_places",
            (shape.height, shape.width),
            """
            best : 1
            best_map : integer
            latency : 1
            potential : 1
            excluded : integer
            """,
            events=_IMAGE_START | {"decided": "step < n_bins and best > 0"} | contending,
        )
        self._at_start(places, "best = 0\nlatency = n_bins\nexcluded = 0")
        self._now(group, "crossing")
        self._note(
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
        self._now(places, "decided")
        self._note(
            places,
            group,
            "decide",
            "v_post = (2 * int(map_post == best_map_pre) - 1) * inf",
            f"i * {shape.maps} + k for k in range({shape.maps})",
            event="decided",
        )
        self._then(places, "decided", "potential = best\nlatency = step\nbest = 0")
        self._now(group, "spike", "v = -inf\nlatency = step")

    def add_learning(self, name: str) -> None:
        """After an image, one winner a round."""
        group, places, shape = self.groups[name], self.groups[f"{name}_places"], self.params.shapes[name]
        events = _IMAGE_START | {"chosen": "latency < n_bins"}
        arbiter = self.group("arbiter", 1, "latency : 1\npotential : 1\nwinner : integer", events=events)
        group.winner = linked_var(arbiter, "winner")
        nobody = "latency = n_bins\npotential = 0\nwinner = -1"
        self._at_start(arbiter, nobody)
        self._now(places, "contending")
        self._note(
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
        self._now(arbiter, "chosen")
        y, x = f"(winner_pre // {shape.maps * shape.width})", f"((winner_pre // {shape.maps}) % {shape.width})"
        self._note(
            arbiter,
            places,
            "exclude",
            f"excluded_post = int(excluded_post > 0 or best_map_post == winner_pre % {shape.maps} "
            f"or (abs(y_post - {y}) <= inhibition_radius_{name} and abs(x_post - {x}) <= inhibition_radius_{name}))",
            f"k for k in range({shape.n_places})",
            event="chosen",
        )
        self._now(group, "winner")
        self._now(self.learners.learn)
        self._then(arbiter, "chosen", nobody)
        self.monitor("winners", group, "winner")

    def add_features(self, name: str, grid: int) -> None:
        """The largest potentials of each map, in parts of it, when the image ends."""
        group, shape = self.groups[name], self.params.shapes[name]
        events = _IMAGE_START | {"image_end": "step == n_bins - 1 and potential > 0"}
        features = self.group("features", grid * grid * shape.maps, "potential : 1", events=events)
        self._at_start(features, "potential = 0")
        self._now(group, "image_end")
        row, column = f"((y_pre * {grid}) // {shape.height})", f"((x_pre * {grid}) // {shape.width})"
        self._note(
            group,
            features,
            "pool",
            "potential_post = clip(v_pre, potential_post, inf)",
            f"({row} * {grid} + {column}) * {shape.maps} + map_pre for k in range(1)",
            event="image_end",
        )
        self._now(features, "image_end")
        self.monitor("responses", features, "image_end", ["potential"])

    def _shape(self, name: str) -> tuple[int, int, int]:
        shape = self.params.shapes[name]
        return shape.height, shape.width, shape.maps

    def _layer(self, name: str, model: str, events: dict[str, str]) -> NeuronGroup:
        group = self.layer(name, self._shape(name), model, events=_IMAGE_START | events)
        if self._record_spikes and "spike" in events:
            self.monitor(f"{name}_spikes", group, "spike")
        return group

    def _note(self, source: NeuronGroup, target: NeuronGroup, pathway: str, on_pre: str, j: str, *, event: str) -> None:
        """Add bookkeeping that happens after all that was added before."""
        name, events = f"{source.name}_{pathway}_{target.name}", _at_once(**{pathway: event})
        self._now(getattr(self.note(name, source, target, j=j, on_pre={pathway: on_pre}, **events), pathway))

    def _at_start(self, group: NeuronGroup, code: str) -> None:
        """Run ``code`` for all neurons before the first bin of an image."""
        self.at(group, "image_start", code, when="start")

    def _now(self, thing: Any, event: str | None = None, code: str | None = None) -> None:
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


def _at_once(**events: str) -> dict[str, dict[str, Any]]:
    """Keywords of Synapses whose pathways follow ``events`` without delay."""
    return {"on_event": events, "delay": dict.fromkeys(events, 0 * second)}
