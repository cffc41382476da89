"""The spikes of a trained, frozen network while it is shown some samples, whatever its model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import models
from models.codegen import get_backend
from models.conv_stdp import ConvStdpParams
from models.deep import DeepParams
from models.diehl_cook import DiehlCookParams
from protocols.data import Recordings
from protocols.evaluating import trained_state
from protocols.gradients.showing import ShownNetwork
from protocols.layerwise.encoding import encode
from protocols.layerwise.features import frozen_state
from protocols.presenting import TESTING
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec


@dataclass(frozen=True)
class Spikes:
    """The spikes of a group of ``n_neurons``: for each the sample, the time step since that was shown, and the neuron.

    Where a sample was presented several times, all its spikes are there.
    """

    sample: np.ndarray
    step: np.ndarray
    neuron: np.ndarray
    n_neurons: int

    def counts(self, n_samples: int) -> np.ndarray:
        """Spikes (n_samples, n_neurons)."""
        counts = np.zeros((n_samples, self.n_neurons), dtype=np.int32)
        np.add.at(counts, (self.sample, self.neuron), 1)
        return counts


@dataclass(frozen=True)
class Recording:
    """Spikes of each group that spikes, the input first.

    Attributes
    ----------
    presentations : how often samples were shown; more than there are samples where some were repeated
    n_steps : simulated time steps of a presentation
    dt : s
    """

    spikes: dict[str, Spikes]
    n_samples: int
    presentations: int
    n_steps: int
    dt: float


def record(
    run: RunFolder, spec: TrainingSpec, samples: np.ndarray | Recordings, backend: str | None = None
) -> Recording:
    """Show ``samples`` to the trained network of ``run`` in one run: images, recordings of events, or, where the run learned
    from features, those.

    Raises EquispikeError where the run is not fully trained.
    """
    if isinstance(spec.params, DiehlCookParams):
        return _of_presentations(run, spec, spec.params, samples, backend)
    if isinstance(spec.params, ConvStdpParams):
        return _of_layers(run, spec, spec.params, samples, backend)
    return _of_deep(run, spec, samples, backend)


def _of_presentations(run, spec: TrainingSpec, params: DiehlCookParams, images, backend) -> Recording:
    model, n = models.get_model(spec.model), len(images)
    program = get_backend(backend or spec.backend).compile(lambda: model.build(params, n, record_spikes=True))
    inputs = {"pixels": images.reshape(n, -1).astype(float), **model.fixed_inputs(params, spec.seed)}
    draws = int(np.random.SeedSequence([spec.seed, TESTING, 0]).generate_state(1)[0])
    records = program.run(trained_state(run, spec), inputs, {"n_images": n, "learning": 0.0}, draws).records
    of_presentation = records["presentations"]["image"].astype(int)  # the image that each presentation showed
    dt = float(params.dt)
    spikes = {}
    for name, group, size in (("input", "inputs", params.n_input), ("exc", "exc", params.n_exc)):
        found = records[f"{name}_spikes"]
        presentation, step = np.divmod(np.rint(found["t"] / dt).astype(int), params.n_steps)
        spikes[group] = Spikes(of_presentation[presentation], step, found["i"], size)
    return Recording(spikes, n, len(of_presentation), params.n_steps, dt)


def _of_layers(run, spec: TrainingSpec, params: ConvStdpParams, images, backend) -> Recording:
    build, n, dt = models.get_model(spec.model).build, len(images), float(params.dt)
    program = get_backend(backend or spec.backend).compile(lambda: build(params, n, record_spikes=True))
    state, latencies = frozen_state(params, run.trained_arrays()), encode(params, images).astype(float)
    records = program.run(state, {"latencies": latencies}, {"n_images": n}, seed=0).records
    spikes = {}
    for name, shape in params.shapes.items():
        found = records[f"{name}_spikes"]
        image, step = np.divmod(np.rint(found["t"] / dt).astype(int), params.n_bins)
        spikes[name] = Spikes(image, step, found["i"], shape.n_neurons)
    return Recording(spikes, n, n, params.n_bins, dt)


def _of_deep(run, spec: TrainingSpec, samples, backend) -> Recording:
    params = spec.params
    assert isinstance(params, DeepParams)
    network, dt = ShownNetwork.of(spec, len(samples), backend), float(params.dt)
    sizes = {"pixels": params.n_input, "classes": params.n_classes}
    sizes |= {f"hidden{number}": layer.n for number, layer in enumerate(params.hidden, start=1)}
    found: dict[str, list[tuple[np.ndarray, ...]]] = {name: [] for name in network.spiking}
    shown = 0
    for n, records in network.records(run.trained_arrays(), samples, phase=TESTING):
        for name in network.spiking:
            fired = records[f"{name}_spikes"]
            sample, step = np.divmod(np.rint(fired["t"] / dt).astype(int), params.n_steps)
            found[name].append((shown + sample, step, fired["i"]))
        shown += n
    joined = {name: [np.concatenate(part) for part in zip(*parts, strict=True)] for name, parts in found.items()}
    spikes = {name: Spikes(sample, step, i, sizes[name]) for name, (sample, step, i) in joined.items()}
    return Recording(spikes, shown, shown, params.n_steps, dt)
