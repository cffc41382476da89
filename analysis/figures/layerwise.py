"""The figures of a network that learns layer after layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from equispike.analysis.figures.accuracy import accuracy_curves
from equispike.analysis.figures.activity import latency_distributions, spike_distributions
from equispike.analysis.figures.confusion import confusion
from equispike.analysis.figures.contrasts import contrast_maps
from equispike.analysis.figures.convergence import convergence_curves
from equispike.analysis.figures.kernels import fields, kernel_map
from equispike.analysis.figures.sources import SPLITS, Source, evaluated, need
from equispike.models.conv_stdp import ConvStdpParams
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec


def figures(run: RunFolder) -> Iterator[Source]:
    """Names of figures and how to make them; what they need may be missing."""
    params = TrainingSpec.from_json(run.read_json("run.json")["config"]).params
    assert isinstance(params, ConvStdpParams)
    yield "contrasts", partial(_contrasts, params=params)
    for name in params.conv_names:
        yield f"kernels-{name}", partial(_kernels, params=params, name=name)
    yield "convergence", partial(_convergence, params=params)
    yield "latencies", partial(_latencies, params=params)
    yield "spikes", partial(_spikes, params=params)
    yield "accuracy", _accuracy
    for split in evaluated(run) or SPLITS[:1]:
        yield f"confusion-{split}", partial(_confusion, split=split)


def _contrasts(run: RunFolder, params: ConvStdpParams) -> Figure:
    activity = _activity(run)
    unit = "local means" if params.normalisation_radius else "grey levels"
    return contrast_maps(activity["image"], activity["contrasts"], activity["latencies"], params.n_bins, unit)


def _kernels(run: RunFolder, params: ConvStdpParams, name: str) -> Figure:
    need(run, "arrays.npz", "it is not fully trained")
    return kernel_map(fields(params, run.read_arrays("arrays.npz"), name))


def _convergence(run: RunFolder, params: ConvStdpParams) -> Figure:
    need(run, "metrics.csv", "its first chunk of images is not done yet")
    return convergence_curves(run.read_metrics(), params.conv_names, params.convergence)


def _latencies(run: RunFolder, params: ConvStdpParams) -> Figure:
    activity = _activity(run)
    return latency_distributions({name: activity[f"{name}.per_bin"] for name in params.shapes})


def _spikes(run: RunFolder, params: ConvStdpParams) -> Figure:
    activity = _activity(run)
    n_neurons = {name: shape.n_neurons for name, shape in params.shapes.items()}
    return spike_distributions({name: activity[f"{name}.counts"] for name in params.shapes}, n_neurons)


def _accuracy(run: RunFolder) -> Figure:
    splits = [split for split in SPLITS if run.has(f"evaluation-{split}.json")]
    need(run, f"evaluation-{(splits or SPLITS)[0]}.json", "it was not evaluated")
    return accuracy_curves({f"{split} set": run.read_json(f"evaluation-{split}.json") for split in splits})


def _confusion(run: RunFolder, split: str) -> Figure:
    need(run, f"evaluation-{split}.npz", "it was not evaluated")
    guesses = run.read_arrays(f"evaluation-{split}.npz")
    truth = guesses.pop("truth")
    readout = "svm" if "svm" in guesses else next(iter(guesses))
    return confusion(truth, guesses[readout], f"{split.capitalize()} set, {readout}")


def _activity(run: RunFolder) -> dict:
    need(run, "activity.npz", "no spikes were recorded for it")
    return run.read_arrays("activity.npz")
