"""What a trained network does for a sample: operations, updates, spikes, and the numbers it has to keep.

Operations are counted as NeuroBench does (Yik et al. 2025, doi:10.1038/s41467-025-56739-4): one is a synapse whose weight is
not zero at one arrival of something that is not zero, an accumulation (AC) where spikes arrive, a multiplication and
accumulation (MAC) where numbers do. Biases, neurons, pooling, competition and normalisation are not counted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.procedures.base import TESTING
from equispike.protocols.recording import Recording
from equispike.protocols.sources import source_of
from equispike.protocols.structure import Operations, Structure

#: Energy of an addition, and of a multiplication with an addition, of 32-bit floating-point numbers in 45 nm (Horowitz
#: 2014, doi:10.1109/ISSCC.2014.6757323). Memory, which costs more, is omitted.
ENERGY_AC, ENERGY_MAC = 0.9e-12, 4.6e-12  # J
#: Bytes of a number, whatever the backend computed in.
BYTES = 4


@dataclass(frozen=True)
class Workload:
    """Means over samples.

    Attributes
    ----------
    first_layer : how a sample gets into the network, in words
    time_steps : per sample, repeated presentations included; 1 for an ANN
    duration : s, simulated time per sample; 0 for an ANN
    parameters : learned numbers
    neurons : those with synapses, pixels not among them
    neuron_updates : per sample, one for each neuron and time step
    footprint : bytes of the learned numbers and of the neurons' variables
    spikes : per sample, by group; the input first
    acs_by_step, macs_by_step : (n_steps,) of a presentation
    steps_before, time_before : time steps and seconds of the source run's network, if there is one
    activation_sparsity : fraction of all neurons and time steps without a spike, or of units that give zero; inputs excluded
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
    steps_before: int = 0
    time_before: float = 0.0

    def total(self, kind: str) -> float:
        """Return effective operations of that kind per sample."""
        return sum(each.effective for each in self.operations if each.kind == kind)

    def as_json(self) -> dict[str, Any]:
        acs, macs = self.total("AC"), self.total("MAC")
        known = dataclasses.asdict(self)
        for name in ("acs_by_step", "macs_by_step", "steps_before", "time_before"):
            del known[name]
        return known | {
            "effective_acs": acs,
            "effective_macs": macs,
            "dense_operations": sum(each.dense for each in self.operations),
            "energy": ENERGY_AC * acs + ENERGY_MAC * macs,
            "energy_ac": ENERGY_AC,
            "energy_mac": ENERGY_MAC,
        }


def workload(trained: TrainedRun, n_images: int, *, with_readout: bool = True) -> Workload:
    """Return the workload of a trained network, for the first ``n_images`` test samples.

    Where it learned from the features of another run, that run's work is part of it. A vote is not; a linear readout of
    features is, ``with_readout``.
    """
    procedure, samples = trained.procedure, trained.seen.test_images[:n_images]
    arrays = trained.run.trained_arrays()
    n_parameters = sum(values.size for values in arrays.values())
    if not trained.spec.system.is_spiking:
        return _of_units(trained, samples, n_parameters)
    own = _of_spikes(
        procedure.structure(trained.state),
        procedure.record(trained.state, samples),
        n_parameters,
        procedure.first_layer,
        procedure.input_group,
        procedure.arriving_numbers(samples),
    )
    own = _encoded(own, procedure.encoder_operations(samples))
    if with_readout and procedure.readouts[trained.readout].is_counted:
        own = _read_out(own, trained, samples)
    if trained.spec.source is None:
        return own
    source = TrainedRun(source_of(trained.spec, trained.run).run, trained.data, trained.backend, trained.jobs)
    return _joined(workload(source, n_images, with_readout=False), own)


def _of_spikes(
    built: Structure,
    recording: Recording,
    n_parameters: int,
    first_layer: str,
    input_group: str,
    numbers: Mapping[str, np.ndarray],
) -> Workload:
    """Return the workload of a network whose spikes were recorded.

    ``numbers``: fraction of the samples in which the input of each neuron is not zero (n_frames, n_source), where it does not
    spike, by group.
    """
    n_frames = len(next(iter(numbers.values()))) if numbers else 1
    steps = recording.n_steps * len(recording.sample) / recording.n_samples
    arrivals = {name: recording.counts(name).mean(axis=0) for name in recording.spikes}
    layers = [name for name in arrivals if name != input_group]
    arrivals |= {name: values.sum(axis=0) for name, values in numbers.items()}
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
    n_spiking = sum(recording.spikes[name].n_neurons for name in layers)
    silent = 1 - sum(spikes[name] for name in layers) / (n_spiking * steps) if layers else 0.0
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
        macs_by_step=_macs_by_step(built, recording.n_steps, numbers),
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


def _encoded(own: Workload, operations: list[Operations]) -> Workload:
    """Return a workload with the encoder's operations, before the first time step."""
    macs_by_step = own.macs_by_step.copy()
    macs_by_step[0] += sum(each.effective for each in operations)
    return dataclasses.replace(own, operations=[*operations, *own.operations], macs_by_step=macs_by_step)


def _read_out(own: Workload, trained: TrainedRun, samples) -> Workload:
    """Return a workload with a linear readout of the features behind."""
    features, n_classes = trained.procedure.respond(trained.state, samples, phase=TESTING), trained.data.n_classes
    n_weights = features.shape[1] * n_classes
    readout = Operations(
        "readout", "MAC", n_weights, n_classes * float((features != 0).sum() / len(samples)), n_weights
    )
    macs_by_step = own.macs_by_step.copy()
    macs_by_step[0] += readout.effective  # whenever a sample is stopped
    return dataclasses.replace(
        own,
        parameters=own.parameters + n_weights + n_classes,
        footprint=own.footprint + BYTES * (n_weights + n_classes),
        operations=[*own.operations, readout],
        macs_by_step=macs_by_step,
    )


def _of_units(trained: TrainedRun, samples, n_parameters: int) -> Workload:
    """Return the workload of an ANN."""
    built, found = (
        trained.procedure.structure(trained.state),
        trained.procedure.arriving_numbers(samples, trained.state),
    )
    operations = [
        Operations(each.name, each.kind, each.n_synapses, float(found[each.source] @ each.fan_out), each.n_synapses)
        for each in built.projections
    ]
    neurons, hidden = sum(built.neurons.values()), list(built.neurons)[:-1]
    active = sum(float(found[f"active {name}"].sum()) for name in hidden)
    return Workload(
        first_layer=trained.procedure.first_layer,
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
        steps_before=len(source.acs_by_step),
        time_before=source.duration,
    )
