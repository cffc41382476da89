"""The figures of a network to which image after image is presented."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from equispike.analysis.figures.confusion import confusion
from equispike.analysis.figures.learning import learning_curve
from equispike.analysis.figures.raster import spike_raster
from equispike.analysis.figures.sources import SPLITS, Source, evaluated, need
from equispike.analysis.figures.thresholds import threshold_distribution
from equispike.analysis.figures.tuning import class_tuning
from equispike.analysis.figures.weights import weight_map
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> Iterator[Source]:
    """Names of figures and how to make them; what they need may be missing."""
    yield "learning", _learning
    yield "weights", _weights
    yield "thresholds", _thresholds
    yield "tuning", _tuning
    for split in evaluated(run) or SPLITS[:1]:
        yield f"confusion-{split}", partial(_confusion, split=split)
    yield "raster", _raster


def _learning(run: RunFolder) -> Figure:
    need(run, "metrics.csv", "its first chunk of images is not done yet")
    final = {}
    for split in SPLITS:
        if run.has(f"evaluation-{split}.json"):
            final[f"{split} set, after training"] = run.read_json(f"evaluation-{split}.json")["accuracy"]["vote"]
    return learning_curve(run.read_metrics(), final)


def _weights(run: RunFolder) -> Figure:
    need(run, "arrays.npz", "it is not fully trained")
    labels = _labels(run)
    return weight_map(run.read_arrays("arrays.npz")["w"], labels.get("class_rates"), labels.get("assignments"))


def _thresholds(run: RunFolder) -> Figure:
    need(run, "arrays.npz", "it is not fully trained")
    return threshold_distribution(run.read_arrays("arrays.npz")["theta"], _labels(run).get("assignments"))


def _tuning(run: RunFolder) -> Figure:
    need(run, "labels.npz", "it was not evaluated")
    labels = _labels(run)
    return class_tuning(labels["class_rates"], labels["assignments"])


def _confusion(run: RunFolder, split: str) -> Figure:
    need(run, f"evaluation-{split}.npz", "it was not evaluated")
    guesses = run.read_arrays(f"evaluation-{split}.npz")
    return confusion(guesses["truth"], guesses["vote"], f"{split.capitalize()} set, vote")


def _raster(run: RunFolder) -> Figure:
    need(run, "raster.npz", "no spikes were recorded for it")
    need(run, "arrays.npz", "it is not fully trained")
    n_exc = len(run.read_arrays("arrays.npz")["theta"])
    return spike_raster(run.read_arrays("raster.npz"), n_exc, _labels(run).get("assignments"))


def _labels(run: RunFolder) -> dict:
    """Arrays class_rates (n_classes, n_exc) and assignments (n_exc,), or nothing before an evaluation."""
    return run.read_arrays("labels.npz") if run.has("labels.npz") else {}
