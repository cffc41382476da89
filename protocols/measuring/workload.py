"""What a trained network does for an image: operations, updates, spikes, and the numbers it has to keep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from equispike.models.ann import AnnParams
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.layered import LayeredNetworkParams
from equispike.protocols import baselines
from equispike.protocols.data import Dataset
from equispike.protocols.evaluating import trained_state
from equispike.protocols.features import GRID, source_of, with_features
from equispike.protocols.gradients.frames import frames
from equispike.protocols.layerwise.features import Features, frozen_state
from equispike.protocols.measuring.operations import ENERGY_AC, ENERGY_MAC, Structure, ann_structure, structure
from equispike.protocols.recording import Recording, record
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

#: Bytes of a number, whatever the backend computed in.
BYTES = 4


@dataclass(frozen=True)
class Operations:
    """Operations an image of one projection; ``effective``: where neither the weight nor what arrives is zero."""

    projection: str
    kind: str
    synapses: int
    effective: float
    dense: float


@dataclass(frozen=True)
class Workload:
    """Means over images.

    Attributes
    ----------
    first_layer : how the image gets into the network, in words
    time_steps : of an image, repeated presentations included; 1 for an ordinary network
    duration : s, simulated time of an image; 0 for an ordinary network
    parameters : learned numbers
    neurons : those with synapses, pixels not among them
    neuron_updates : of an image, a neuron and time step each
    footprint : bytes of the learned numbers and of the neurons' variables
    spikes : of an image, by group; the input first
    acs_by_step, macs_by_step : (n_steps,) of a presentation
    activation_sparsity : part of all neurons and time steps without a spike, or of units that give zero; inputs not among them
    """

    first_layer: str
    time_steps: float
    duration: float
    parameters: int
    neurons: int
    neuron_updates: float
    footprint: int
    spikes: dict[str, float]
    activation_sparsity: float
    operations: list[Operations]
    acs_by_step: np.ndarray
    macs_by_step: np.ndarray

    def total(self, kind: str) -> float:
        """Effective operations of that kind, an image."""
        return sum(each.effective for each in self.operations if each.kind == kind)

    def as_json(self) -> dict[str, Any]:
        acs, macs = self.total("AC"), self.total("MAC")
        known = dataclasses.asdict(self)
        del known["acs_by_step"], known["macs_by_step"]
        return known | {
            "effective_acs": acs,
            "effective_macs": macs,
            "dense_operations": sum(each.dense for each in self.operations),
            "energy": ENERGY_AC * acs + ENERGY_MAC * macs,
            "energy_ac": ENERGY_AC,
            "energy_mac": ENERGY_MAC,
        }


def workload(
    run: RunFolder, data: Dataset, n_images: int, backend: str | None = None, *, with_readout: bool = True
) -> Workload:
    """Of the trained network of ``run``, for the first ``n_images`` test images.

    Where it learned from the features of another run, that run's work is part of it. Diehl and Cook's vote is not; the linear
    readout of conv-stdp's features is, ``with_readout``.
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    arrays = run.trained_arrays()
    n_parameters = sum(values.size for values in arrays.values())
    if isinstance(spec.params, AnnParams):
        return _of_ann(spec.params, arrays, data.test_images[:n_images], n_parameters)
    samples = with_features(data, spec, run, "test").test_images[:n_images]
    recording = record(run, spec, samples, backend)
    if isinstance(spec.params, DiehlCookParams):
        built = structure(spec.model, spec.params, trained_state(run, spec))
        return _of_spikes(built, recording, n_parameters, "Poisson spikes of each pixel: ACs")
    if isinstance(spec.params, ConvStdpParams):
        own = _of_layers(spec, spec.params, run.trained_arrays(), recording, samples, n_parameters)
        return _read_out(own, run, spec, samples, backend) if with_readout else own
    assert isinstance(spec.params, LayeredNetworkParams)
    own = _of_deep(spec, spec.params, arrays, recording, samples, n_parameters)
    if spec.features is None:
        return own
    return _joined(workload(source_of(spec, run).run, data, n_images, backend, with_readout=False), own)


def _of_spikes(
    built: Structure,
    recording: Recording,
    n_parameters: int,
    first_layer: str,
    numbers: Mapping[str, np.ndarray] | None = None,
) -> Workload:
    """``numbers``: part of the images in which the input of each neuron is not zero (n_frames, n_source), where it does not
    spike, by group.
    """
    n_frames = len(next(iter(numbers.values()))) if numbers else 1
    steps = recording.n_steps * len(recording.sample) / recording.n_samples
    arrivals = {name: recording.counts(name).mean(axis=0) for name in recording.spikes}
    layers = list(arrivals) if numbers is not None else list(arrivals)[1:]  # without the input
    arrivals |= {name: values.sum(axis=0) for name, values in (numbers or {}).items()}
    operations = [
        Operations(
            each.name,
            each.kind,
            each.n_synapses,
            float(arrivals[each.source] @ each.fan_out),
            each.n_synapses * (n_frames if each.kind == "MAC" else steps),
        )
        for each in built.projections
    ]
    neurons = sum(built.neurons.values())
    spikes = {name: float(values.sum()) for name, values in arrivals.items() if name in recording.spikes}
    silent = 1 - sum(spikes[name] for name in layers) / sum(recording.spikes[name].n_neurons * steps for name in layers)
    variables = sum(n * max(1, built.equations[name]) for name, n in built.neurons.items())
    return Workload(
        first_layer=first_layer,
        time_steps=steps,
        duration=steps * recording.dt,
        parameters=n_parameters,
        neurons=neurons,
        neuron_updates=neurons * steps,
        footprint=BYTES * (n_parameters + variables),
        spikes=spikes,
        activation_sparsity=silent,
        operations=operations,
        acs_by_step=_acs_by_step(built, recording),
        macs_by_step=_macs_by_step(built, recording.n_steps, numbers or {}),
    )


def _acs_by_step(built: Structure, recording: Recording) -> np.ndarray:
    total = np.zeros(recording.n_steps)
    for each in built.projections:
        if each.source in recording.spikes:
            spikes = recording.spikes[each.source]
            total += np.bincount(spikes.step, each.fan_out[spikes.neuron], minlength=recording.n_steps)
    return total / len(recording.sample)


def _macs_by_step(built: Structure, n_steps: int, numbers: Mapping[str, np.ndarray]) -> np.ndarray:
    total = np.zeros(n_steps)
    for each in built.projections:
        if each.source in numbers:
            of_frames = numbers[each.source] @ each.fan_out
            total[:: n_steps // len(of_frames)] += of_frames
    return total


def _of_deep(
    spec: TrainingSpec, params: LayeredNetworkParams, arrays, recording: Recording, samples, n_parameters: int
) -> Workload:
    built = structure(spec.model, params, arrays)
    if params.encoding != "current":
        return _of_spikes(built, recording, n_parameters, "spikes of each pixel: ACs")
    shown = {"pixels": (frames(params, samples) != 0).mean(axis=0)}
    words = "pixels as constant currents, multiplied once a frame: MACs"
    return _of_spikes(built, recording, n_parameters, words, shown)


def _of_layers(
    spec: TrainingSpec, params: ConvStdpParams, arrays, recording: Recording, images, n_parameters: int
) -> Workload:
    """With the filters before."""
    built = structure(spec.model, params, frozen_state(params, arrays))
    own = _of_spikes(built, recording, n_parameters, "difference-of-Gaussians filters: MACs")
    size = params.dog_size**2
    filters = Operations("filters", "MAC", size * images[0].size, size * float((images != 0).sum() / len(images)),
                         size * images[0].size)  # fmt: skip
    macs_by_step = own.macs_by_step.copy()
    macs_by_step[0] += filters.effective
    return dataclasses.replace(own, operations=[filters, *own.operations], macs_by_step=macs_by_step)


def _read_out(own: Workload, run, spec: TrainingSpec, images, backend) -> Workload:
    """With a linear readout of the features behind."""
    features, n_classes = Features.of_run(run, spec, GRID, backend).extract(images), 10
    n_weights = features.shape[1] * n_classes
    readout = Operations("readout", "MAC", n_weights, n_classes * float((features != 0).sum() / len(images)), n_weights)
    macs_by_step = own.macs_by_step.copy()
    macs_by_step[0] += readout.effective  # whenever an image is stopped
    return dataclasses.replace(
        own,
        parameters=own.parameters + n_weights + n_classes,
        footprint=own.footprint + BYTES * (n_weights + n_classes),
        operations=[*own.operations, readout],
        macs_by_step=macs_by_step,
    )


def _of_ann(params: AnnParams, arrays, images: np.ndarray, n_parameters: int) -> Workload:
    built = ann_structure(params, arrays)
    found = {
        name: values.reshape(len(values), -1) != 0 for name, values in baselines.respond(params, arrays, images).items()
    }
    operations = [
        Operations(
            each.name,
            each.kind,
            each.n_synapses,
            float(found[each.source].mean(axis=0) @ each.fan_out),
            each.n_synapses,
        )
        for each in built.projections
    ]
    neurons, hidden = sum(built.neurons.values()), list(built.neurons)[:-1]
    active = sum(float(found[name].sum()) for name in hidden) / len(images)
    return Workload(
        first_layer="pixels: MACs",
        time_steps=1,
        duration=0.0,
        parameters=n_parameters,
        neurons=neurons,
        neuron_updates=neurons,
        footprint=BYTES * n_parameters,
        spikes={},
        activation_sparsity=1 - active / sum(built.neurons[name] for name in hidden) if hidden else 0.0,
        operations=operations,
        acs_by_step=np.zeros(1),
        macs_by_step=np.array([sum(each.effective for each in operations)]),
    )


def _joined(source: Workload, own: Workload) -> Workload:
    """Of a network and the one whose features it learned from."""
    layers = [source.time_steps * source.neurons, own.time_steps * own.neurons]
    sparsity = np.average([source.activation_sparsity, own.activation_sparsity], weights=layers)
    presentations = source.time_steps / len(source.acs_by_step)
    return Workload(
        first_layer=source.first_layer,
        time_steps=source.time_steps + own.time_steps,
        duration=source.duration + own.duration,
        parameters=source.parameters + own.parameters,
        neurons=source.neurons + own.neurons,
        neuron_updates=source.neuron_updates + own.neuron_updates,
        footprint=source.footprint + own.footprint,
        spikes=source.spikes | own.spikes,
        activation_sparsity=float(sparsity),
        operations=source.operations + own.operations,
        acs_by_step=np.append(presentations * source.acs_by_step, own.acs_by_step),
        macs_by_step=np.append(presentations * source.macs_by_step, own.macs_by_step),
    )
