"""What a convolutional STDP network starts from."""

from __future__ import annotations

import numpy as np

from models.conv_stdp.params import ConvStdpParams


def initial_state(params: ConvStdpParams, seed: int) -> dict[str, np.ndarray]:
    """Random weights of every layer by ``conv1_kernels.w``: (maps before * rows * columns * maps,), within 0 and 1."""
    state = {}
    for number, name in enumerate(params.conv_names):
        layer, shape = params.conv(name), params.kernel_shape(name)
        w = np.random.default_rng([seed, 0, number]).normal(layer.w_mean, layer.w_sd, shape)
        state[f"{name}_kernels.w"] = w.clip(0, 1).ravel()
    return state
