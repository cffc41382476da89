"""The figures of the Diehl & Cook network's own."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

from equispike.analysis.figures.raster import spike_raster
from equispike.analysis.figures.sources import Source, activity, arrays, learned
from equispike.analysis.figures.thresholds import threshold_distribution
from equispike.analysis.figures.tuning import class_tuning
from equispike.analysis.figures.weights import weight_map
from equispike.models.errors import EquispikeError
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> Iterator[Source]:
    """Yield names of figures and how to make them; what they need may be missing."""
    yield "weights", _weights
    yield "thresholds", _thresholds
    yield "tuning", _tuning
    yield "raster", _raster


def _weights(run: RunFolder) -> Figure:
    labels = learned(run, "vote")
    return weight_map(arrays(run)["w"], labels.get("class_rates"), labels.get("assignments"))


def _thresholds(run: RunFolder) -> Figure:
    return threshold_distribution(arrays(run)["theta"], learned(run, "vote").get("assignments"))


def _tuning(run: RunFolder) -> Figure:
    labels = learned(run, "vote")
    if not labels:
        raise EquispikeError(f"{run.path} was not evaluated since it has the weights that it has now")
    return class_tuning(labels["class_rates"], labels["assignments"])


def _raster(run: RunFolder) -> Figure:
    return spike_raster(activity(run), len(arrays(run)["theta"]), learned(run, "vote").get("assignments"))
