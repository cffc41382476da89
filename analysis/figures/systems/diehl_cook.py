"""The figures of the Diehl & Cook network's own."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

from equispike.analysis.figures.raster import spike_raster
from equispike.analysis.figures.sources import Source, activity, arrays, need
from equispike.analysis.figures.thresholds import threshold_distribution
from equispike.analysis.figures.tuning import class_tuning
from equispike.analysis.figures.weights import weight_map
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> Iterator[Source]:
    """Yield names of figures and how to make them; what they need may be missing."""
    yield "weights", _weights
    yield "thresholds", _thresholds
    yield "tuning", _tuning
    yield "raster", _raster


def _weights(run: RunFolder) -> Figure:
    labels = _labels(run)
    return weight_map(arrays(run)["w"], labels.get("class_rates"), labels.get("assignments"))


def _thresholds(run: RunFolder) -> Figure:
    return threshold_distribution(arrays(run)["theta"], _labels(run).get("assignments"))


def _tuning(run: RunFolder) -> Figure:
    need(run, "readouts.npz", "it was not evaluated")
    labels = _labels(run)
    return class_tuning(labels["class_rates"], labels["assignments"])


def _raster(run: RunFolder) -> Figure:
    return spike_raster(activity(run), len(arrays(run)["theta"]), _labels(run).get("assignments"))


def _labels(run: RunFolder) -> dict:
    """Return arrays class_rates (n_classes, n_exc) and assignments (n_exc,), or nothing before an evaluation."""
    kept = run.read_arrays("readouts.npz") if run.has("readouts.npz") else {}
    return {key.removeprefix("vote."): values for key, values in kept.items() if key.startswith("vote.")}
