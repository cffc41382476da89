"""What a deep spiking network starts from."""

from __future__ import annotations

import math

import numpy as np

from equispike.models.layered.params import ConvLayer, LayeredParams, SpikingRnnParams


def initial_state(params: LayeredParams, seed: int) -> dict[str, np.ndarray]:
    """Arrays by ``group.variable``: random weights, and biases of 0.

    Weights have standard deviation init_scale / sqrt(inputs), those of pixels input_gain times that.
    """
    rng = np.random.default_rng([seed, 0])
    state: dict[str, np.ndarray] = {}

    def weights(name: str, n_inputs: int, n: int) -> None:
        gain = params.init_scale * (params.input_gain if not state else 1)
        state[name] = rng.normal(0, gain / math.sqrt(n_inputs), n)

    shape = params.input_shape
    for number, layer in enumerate(params.hidden, start=1):
        if isinstance(layer, ConvLayer):
            n_inputs = shape[2] * layer.size**2
            weights(f"hidden{number}_kernels.w", n_inputs, n_inputs * layer.maps)
        else:
            weights(f"hidden{number}_in.w", math.prod(shape), math.prod(shape) * layer.n)
        if isinstance(params, SpikingRnnParams):
            weights("recurrent.w", layer.n, layer.n**2)
            state[f"hidden{number}.b"] = np.zeros(layer.n)
        shape = layer.shape
    weights("classes_in.w", math.prod(shape), math.prod(shape) * params.n_classes)
    state["classes.b"] = np.zeros(params.n_classes)
    return state
