"""Trained networks as graphs of the Neuromorphic Intermediate Representation, for other simulators.

NIR (Pedersen et al. 2024, Nat. Commun. 15:8122, doi:10.1038/s41467-024-52259-9) describes neurons in continuous time:
tau dv/dt = v_leak - v + R I, and leaves time steps to simulators. They take a spike as 1 for a time step dt, so that with
R = tau / dt a spike raises a potential by its weight. docs/exchange.md says how to set a simulator.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.ann import AnnParams
from equispike.models.errors import EquispikeError
from equispike.models.layered import SPIKING_INPUTS, ConvLayer, LayeredNetworkParams, SpikingRnnParams
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.extras import need
from equispike.protocols.features import scale_of
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

#: What NIR has no node for.
_BEYOND_NIR = {
    "diehl-cook": "conductances and adaptive thresholds",
    "conv-stdp": "neurons that compete for places and fire at most once an image",
    "spiking-rnn": "adaptive thresholds",
}
#: What to feed a simulator in each of the n_steps time steps of a sample.
_INPUT = {
    "current": "each value, of pixels from 0 to 1, the same in all steps",
    "latency": "1 in the one step that is the pixel's latency, the earlier the brighter, else 0; black ones always 0",
    "poisson": "1 with probability rate_max * dt * (value from 0 to 1), else 0, drawn in each step",
    "events": "1 where the pixel has events in the step's part of the recording, else 0",
}


def export(run: RunFolder, out: Path) -> Any:
    """Write the network of a trained ``run`` to ``out`` and return it, a nir.NIRGraph.

    Nodes: ``input``, ``hidden1_in`` (Affine or Conv2d), ``hidden1`` (LIF), ..., ``classes_in``, ``classes`` (LI, or LIF where
    spikes tell the class), ``output``, and ``flatten`` between places and neurons without. Seconds; the threshold's unit;
    float32; maps first, then rows and columns.

    Raises EquispikeError where the run is not fully trained, has a network that NIR cannot describe, or ``out`` cannot be
    written.
    """
    record = run.read_json("run.json")
    spec = TrainingSpec.from_json(record["config"])
    params = spec.params
    if isinstance(params, AnnParams):
        raise EquispikeError(
            f"{run.path} cannot be exported: {spec.model} is an ordinary network, NIR is for spiking ones"
        )
    if not isinstance(params, LayeredNetworkParams) or isinstance(params, SpikingRnnParams):
        raise EquispikeError(
            f"{run.path} cannot be exported: {spec.model} has {_BEYOND_NIR[spec.model]}, which NIR cannot describe; "
            "spiking-mlp, spiking-cnn and lif-readout can be"
        )
    need("exchange", "nir")
    import nir

    nodes = _nodes(params, run.trained_arrays())
    origin = {
        "run": run.path.resolve().name,
        "model": spec.model,
        "commit": record["commit"],
        "seed": spec.seed,
        "data": spec.data,
        "data_checksum": record["data"]["checksum"],
    }
    if spec.features is not None:  # the simulator gets what the network saw
        scale = scale_of(run.read_arrays("features-train.npz")["features"], spec)
        origin |= {"features": spec.features, "features_divided_by": float(scale)}
    graph = nir.NIRGraph(nodes, list(pairwise(nodes)), metadata=origin | _discretisation(params))
    with atomic_write(out) as temporary:
        nir.write(temporary, graph)
    return graph


def _discretisation(params: LayeredNetworkParams) -> dict[str, Any]:
    """What a simulator with time steps has to know."""
    dt = float(params.dt)
    return {
        "dt": dt,
        "n_steps": params.n_steps,
        "encoding": params.encoding,
        "rate_max": float(params.rate_max),
        "input": _INPUT[params.encoding],
        "readout": params.readout,
        "decay_hidden": math.exp(-dt / float(params.tau_mem)),
        "decay_classes": math.exp(-dt / float(params.tau_out)),
        "reset": "subtract the threshold in the step of the spike",
        "spike": "1 for a step dt; reaches the next layer after its threshold of the same step",
    }


def _nodes(params: LayeredNetworkParams, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    import nir

    dt, shape = float(params.dt), params.input_shape
    nodes: dict[str, Any] = {"input": nir.Input({"input": np.array(_maps_first(shape))})}
    current = params.encoding not in SPIKING_INPUTS
    for number, layer in enumerate(params.hidden, start=1):
        name, tau = f"hidden{number}", float(params.tau_mem)
        # R I is the drive in v's unit; a spike's weight is added as it is.
        gain = dt / tau if number == 1 and current else 1.0
        if isinstance(layer, ConvLayer):
            nodes[f"{name}_in"] = _convolution(layer, shape, gain * arrays[f"{name}_kernels.w"])
        else:
            b = arrays.get(f"{name}.b", np.zeros(layer.n))  # not trained
            nodes |= _dense(name, shape, gain * arrays[f"{name}_in.w"], dt / tau * b)
        nodes[name] = _neurons(params, layer.shape, tau, fires=True)
        shape = layer.shape
    tau = float(params.tau_out)
    gain = dt / tau if not params.hidden and current else 1.0
    nodes |= _dense("classes", shape, gain * arrays["classes_in.w"], dt / tau * arrays["classes.b"])
    nodes["classes"] = _neurons(params, (params.n_classes,), tau, fires=params.readout == "spikes")
    return nodes | {"output": nir.Output({"output": np.array([params.n_classes])})}


def _maps_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape


def _dense(name: str, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray) -> dict[str, Any]:
    """From a layer of ``shape`` to ``name``, with weights (inputs * neurons,) in the order of the synapses."""
    import nir

    w = w.reshape(*shape, len(b))
    if len(shape) == 1:
        return {f"{name}_in": nir.Affine(_single(w.T), _single(b))}
    flatten = nir.Flatten({"input": np.array(_maps_first(shape))}, start_dim=0, end_dim=-1)
    return {
        "flatten": flatten,
        f"{name}_in": nir.Affine(_single(np.moveaxis(w, 2, 0).reshape(-1, len(b)).T), _single(b)),
    }


def _convolution(layer: ConvLayer, shape: tuple[int, ...], w: np.ndarray) -> Any:
    """Kernels are turned by 180 degrees in models.layered; places have no biases."""
    import nir

    kernels = w.reshape(shape[2], layer.size, layer.size, layer.maps)[:, ::-1, ::-1].transpose(3, 0, 1, 2)
    bias = np.zeros(layer.maps, np.float32)
    return nir.Conv2d(shape[:2], _single(kernels), layer.stride, padding=0, dilation=1, groups=1, bias=bias)


def _neurons(params: LayeredNetworkParams, shape: tuple[int, ...], tau: float, *, fires: bool) -> Any:
    import nir

    def everywhere(value: float) -> np.ndarray:
        return np.full(_maps_first(shape), value, np.float32)

    common = {"tau": everywhere(tau), "r": everywhere(tau / float(params.dt)), "v_leak": everywhere(0)}
    if not fires:
        return nir.LI(**common)
    return nir.LIF(**common, v_threshold=everywhere(params.v_threshold))


def _single(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
