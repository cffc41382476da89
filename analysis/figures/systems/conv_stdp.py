"""The figures of conv-stdp's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from equispike.analysis.figures.accuracy import accuracy_curves
from equispike.analysis.figures.activity import latency_distributions, spike_distributions
from equispike.analysis.figures.common import headline
from equispike.analysis.figures.contrasts import contrast_maps
from equispike.analysis.figures.convergence import convergence_curves
from equispike.analysis.figures.kernels import kernel_map
from equispike.analysis.figures.sources import Source, activity, arrays, evaluation, evaluations, need
from equispike.models.conv_stdp import ConvStdpParams, PoolParams
from equispike.protocols.derived import why_void
from equispike.protocols.encoding.on_off_cells import encode, seen_contrasts
from equispike.protocols.procedures.layerwise import LayerwiseParams
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec


def figures(run: RunFolder) -> Iterator[Source]:
    """Yield names of figures and how to make them; what they need may be missing."""
    spec = TrainingSpec.of_run(run)
    params, own = spec.params, spec.procedure_params
    assert isinstance(params, ConvStdpParams) and isinstance(own, LayerwiseParams)
    yield "contrasts", partial(_contrasts, params=params)
    for name in params.conv_names:
        yield f"kernels-{name}", partial(_kernels, params=params, name=name)
    yield "convergence", partial(_convergence, params=params, threshold=own.convergence)
    yield "latencies", partial(_latencies, params=params)
    yield "spikes", partial(_spikes, params=params)
    yield "accuracy", partial(_accuracy, spec=spec)


def _contrasts(run: RunFolder, params: ConvStdpParams) -> Figure:
    image = activity(run).get("image")
    if image is None:
        raise run.damaged("activity.npz", "it has no array image")
    contrasts, latencies = seen_contrasts(params, image[None])[0], encode(params, image[None])[0]
    unit = "local means" if params.normalisation_radius else "grey levels"
    return contrast_maps(image, contrasts, latencies.reshape(contrasts.shape), params.n_bins, unit)


def _kernels(run: RunFolder, params: ConvStdpParams, name: str) -> Figure:
    return kernel_map(fields(params, arrays(run), name))


def _convergence(run: RunFolder, params: ConvStdpParams, threshold: float) -> Figure:
    need(run, "metrics.csv", "its first chunk of images is not done yet")
    return convergence_curves(run.read_metrics(), params.conv_names, threshold)


def _latencies(run: RunFolder, params: ConvStdpParams) -> Figure:
    found = activity(run, params.shapes)
    return latency_distributions({name: found[f"{name}.per_step"] for name in params.shapes})


def _spikes(run: RunFolder, params: ConvStdpParams) -> Figure:
    found = activity(run, params.shapes)
    n_neurons = {name: shape.n_neurons for name, shape in params.shapes.items()}
    return spike_distributions({name: found[f"{name}.counts"] for name in params.shapes}, n_neurons)


def _accuracy(run: RunFolder, spec: TrainingSpec) -> Figure:
    kept = evaluations(run) or {"test": evaluation(run, "test")}
    anytime = run.read_table("anytime.csv") if why_void(run, "anytime.csv") is None else None
    shown = {
        f"{split} set": each.record | {"readout": headline(spec, each.record["accuracy"])}
        for split, each in kept.items()
    }
    return accuracy_curves(shown, anytime, spec.procedure().measured_readout)


def fields(params: ConvStdpParams, arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """Return the weights of layer ``name`` as images of ON minus OFF input, summed over channels (maps, side, side).

    A kernel is the sum of the fields of the maps before it, at their places, times its weights. Pooling only moves places
    apart: a field is that of the first input of each window.

    Parameters
    ----------
    arrays : ``conv1.w`` (maps before, size, size, maps) and so on
    """
    result = np.repeat([1.0, -1.0], params.channels)[:, None, None]
    distance = 1  # of neighbours in the layer, in pixels
    for each in params.names[: params.names.index(name) + 1]:
        layer = params.by_name[each]
        if isinstance(layer, PoolParams):
            distance *= layer.stride
        else:
            result = _projected(arrays[f"{each}.w"], result, distance)
    return result


def _projected(w: np.ndarray, before: np.ndarray, distance: int) -> np.ndarray:
    """Return the fields (maps, side, side) of kernels ``w`` (maps before, size, size, maps) on the fields of their inputs."""
    _, size, _, maps = w.shape
    reach = before.shape[1]
    side = (size - 1) * distance + reach
    result = np.zeros((maps, side, side))
    for row, column in np.ndindex(size, size):
        top, left = row * distance, column * distance
        result[:, top : top + reach, left : left + reach] += np.tensordot(w[:, row, column], before, (0, 0))
    return result
