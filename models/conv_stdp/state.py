"""What a convolutional STDP network starts from, and how its state holds kernels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from equispike.models.conv_stdp.params import ConvStdpParams


def initial_state(params: ConvStdpParams, seed: int) -> dict[str, np.ndarray]:
    """Random weights of every layer by ``conv1_kernels.w``: (maps before * rows * columns * maps,), within 0 and 1."""
    state = {}
    for number, name in enumerate(params.conv_names):
        layer, shape = params.conv(name), params.kernel_shape(name)
        w = np.random.default_rng([seed, 0, number]).normal(layer.w_mean, layer.w_sd, shape)
        state[f"{name}_kernels.w"] = as_state(w.clip(0, 1))
    return state


def arrays_of(params: ConvStdpParams, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the kernels (maps before, rows, columns, maps) of each layer in a state, as ``conv1.w``."""
    return {f"{name}.w": as_kernels(params, name, state[f"{name}_kernels.w"]) for name in params.conv_names}


def state_of(params: ConvStdpParams, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the state with the kernels of :func:`arrays_of`."""
    return {f"{name}_kernels.w": as_state(arrays[f"{name}.w"]) for name in params.conv_names}


def as_kernels(params: ConvStdpParams, name: str, w: np.ndarray) -> np.ndarray:
    """A layer's kernels (maps before, rows, columns, maps) from a state, where they are turned by 180 degrees."""
    return w.reshape(params.kernel_shape(name))[:, ::-1, ::-1]


def as_state(kernels: np.ndarray) -> np.ndarray:
    """The weights of a state from a layer's kernels (maps before, rows, columns, maps)."""
    return kernels[:, ::-1, ::-1].ravel()
