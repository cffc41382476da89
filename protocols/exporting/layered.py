"""Layered networks as nodes of a NIR graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from equispike.models.layered import SPIKING_INPUTS, ConvLayer, LayeredParams

#: What to feed a simulator in each of the n_steps time steps of a sample.
_INPUT = {
    "current": "each value, of pixels from 0 to 1, the same in all steps",
    "latency": "1 in the one step that is the pixel's latency, the earlier the brighter, else 0; black ones always 0",
    "poisson": "1 with probability rate_max * dt * (value from 0 to 1), else 0, drawn in each step",
    "events": "1 where the pixel has events in the step's part of the recording, else 0",
}


def nodes(params: LayeredParams, arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a layered network's nodes by name, and what a simulator with time steps has to know.

    Nodes: ``input``, ``hidden1_in`` (Affine or Conv2d), ``hidden1`` (LIF), ..., ``classes_in``, ``classes`` (LI, or LIF where
    spikes tell the class), ``output``, and ``flatten`` between places and neurons without. Seconds; the threshold's unit;
    float32; maps first, then rows and columns.
    """
    return _nodes(params, arrays), _discretisation(params)


def _discretisation(params: LayeredParams) -> dict[str, Any]:
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


def _nodes(params: LayeredParams, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
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


def _neurons(params: LayeredParams, shape: tuple[int, ...], tau: float, *, fires: bool) -> Any:
    import nir

    def everywhere(value: float) -> np.ndarray:
        return np.full(_maps_first(shape), value, np.float32)

    common = {"tau": everywhere(tau), "r": everywhere(tau / float(params.dt)), "v_leak": everywhere(0)}
    if not fires:
        return nir.LI(**common)
    return nir.LIF(**common, v_threshold=everywhere(params.v_threshold))


def _single(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
