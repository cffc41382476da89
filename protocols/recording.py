"""The spikes of a trained, frozen network while it is shown some samples, whatever its model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from equispike import models
from equispike.models.build_request import BuildRequest
from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen import get_backend
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.layered import LayeredNetworkParams
from equispike.protocols.data import Recordings
from equispike.protocols.evaluating import trained_state
from equispike.protocols.gradients.frozen_network import FrozenNetwork
from equispike.protocols.layerwise.encoding import encode
from equispike.protocols.layerwise.features import frozen_state
from equispike.protocols.presenting import TESTING
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

_MONITOR = "_spikes"


@dataclass(frozen=True)
class Spikes:
    """The spikes of a group of ``n_neurons``: for each the presentation, the time step since that began, and the neuron."""

    presentation: np.ndarray
    step: np.ndarray
    neuron: np.ndarray
    n_neurons: int


@dataclass(frozen=True)
class Recording:
    """Spikes of each group that spikes, the input first.

    Attributes
    ----------
    sample : (n_presentations,) which sample each presentation showed; some samples may have been shown again
    intensity : (n_presentations,) of Diehl and Cook's network, which shows an image again, brighter, after too few spikes
    n_samples : how many were shown
    n_steps, n_steps_present : simulated time steps of a presentation, and those before the pause that some end with
    dt : s
    """

    spikes: dict[str, Spikes]
    sample: np.ndarray
    intensity: np.ndarray | None
    n_samples: int
    n_steps: int
    n_steps_present: int
    dt: float

    def counts(self, group: str) -> np.ndarray:
        """Spikes (n_samples, n_neurons) of a group in all presentations of each sample."""
        spikes = self.spikes[group]
        counts = np.zeros((self.n_samples, spikes.n_neurons), dtype=np.int32)
        np.add.at(counts, (self.sample[spikes.presentation], spikes.neuron), 1)
        return counts

    def raster(self, group: str) -> np.ndarray:
        """Whether each neuron of a group spiked (n_presentations, n_steps, n_neurons)."""
        spikes = self.spikes[group]
        raster = np.zeros((len(self.sample), self.n_steps, spikes.n_neurons), dtype=bool)
        raster[spikes.presentation, spikes.step, spikes.neuron] = True
        return raster


def record(
    run: RunFolder, spec: TrainingSpec, samples: np.ndarray | Recordings, backend: str | None = None
) -> Recording:
    """Show ``samples`` to the trained network of ``run``: images, recordings of events, or, where the run learned from
    features, those.

    Raises EquispikeError where the run is not fully trained.
    """
    params = spec.params
    if isinstance(params, DiehlCookParams):
        return _of_presentations(run, spec, params, samples, backend)
    if isinstance(params, ConvStdpParams):
        return _of_layers(run, spec, params, samples, backend)
    assert isinstance(params, LayeredNetworkParams)
    return _of_deep(run, spec, params, samples, backend)


def _of_presentations(run, spec: TrainingSpec, params: DiehlCookParams, images, backend) -> Recording:
    model, n = models.get_model(spec.model), len(images)
    inputs = {"pixels": images.reshape(n, -1).astype(float), **model.fixed_inputs(params, spec.seed)}
    groups = {"inputs": ("input_spikes", params.n_input), "exc": ("exc_spikes", params.n_exc)}
    if params.inhibition == "neurons":
        groups["inh"] = ("inh_spikes", params.n_exc)
    build = BuildRequest(spec.model, params, n, {"record_spikes": True})
    records = _run(spec, backend, build, trained_state(run, spec), inputs, {"n_images": n, "learning": 0.0})
    spikes = _spikes(records, groups, params.n_steps, float(params.dt))
    shown = records["presentations"]
    return Recording(spikes, shown["image"].astype(int), shown["intensity"], n, params.n_steps, params.n_steps_present,
                     float(params.dt))  # fmt: skip


def _of_layers(run, spec: TrainingSpec, params: ConvStdpParams, images, backend) -> Recording:
    n, inputs = len(images), {"latencies": encode(params, images).astype(float)}
    groups: dict[str, tuple[str, int]] = {}

    def build() -> BuiltNetwork:
        parts = models.get_model(spec.model).build(params, n, record_spikes=True)
        monitors = {name: monitor for name, monitor in parts.monitors.items() if name.endswith(_MONITOR)}
        groups.update({each.source.name: (name, len(each.source)) for name, each in monitors.items()})
        return parts

    records = _run(spec, backend, build, frozen_state(params, run.trained_arrays()), inputs, {"n_images": n})
    spikes = _spikes(records, groups, params.n_bins, float(params.dt))
    return Recording(spikes, np.arange(n), None, n, params.n_bins, params.n_bins, float(params.dt))


def _run(spec: TrainingSpec, backend: str | None, build: Callable[[], BuiltNetwork], state, inputs, constants) -> dict:
    """Records of one run."""
    program = get_backend(backend or spec.backend).compile(build)
    draws = int(np.random.SeedSequence([spec.seed, TESTING, 0]).generate_state(1)[0])
    return program.run(state, inputs, constants, draws).records


def _of_deep(run, spec: TrainingSpec, params: LayeredNetworkParams, samples, backend) -> Recording:
    network, dt, n_steps = FrozenNetwork.of(spec, len(samples), backend), float(params.dt), params.n_steps
    sizes = {"pixels": params.n_input, "classes": params.n_classes}
    sizes |= {f"hidden{number}": layer.n for number, layer in enumerate(params.hidden, start=1)}
    groups = {name: (f"{name}{_MONITOR}", sizes[name]) for name in network.spiking}
    parts, shown = [], 0
    for n, records in network.records(run.trained_arrays(), samples, phase=TESTING):
        parts.append(_spikes(records, groups, n_steps, dt, shown))
        shown += n
    spikes = {name: _joined([part[name] for part in parts]) for name in groups}
    return Recording(spikes, np.arange(shown), None, shown, n_steps, n_steps, dt)


def _spikes(
    records: dict, groups: dict[str, tuple[str, int]], n_steps: int, dt: float, first: int = 0
) -> dict[str, Spikes]:
    """From the records of a run whose presentations are counted from ``first``."""
    found = {}
    for group, (monitor, size) in groups.items():
        presentation, step = np.divmod(np.rint(records[monitor]["t"] / dt).astype(int), n_steps)
        found[group] = Spikes(first + presentation, step, records[monitor]["i"].astype(int), size)
    return found


def _joined(parts: list[Spikes]) -> Spikes:
    presentation, step, neuron = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("presentation", "step", "neuron")
    )
    return Spikes(presentation, step, neuron, parts[0].n_neurons)
