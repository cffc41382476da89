"""Ordinary networks as Equinox modules, and their parameters as arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from equispike.models.ann.params import AnnParams, Lenet5Params

if TYPE_CHECKING:
    import equinox


def ann(params: AnnParams, seed: int = 0) -> equinox.nn.Sequential:
    """The network, from an image (height, width, 1) or (n_input,) with values from 0 to 1 to scores (n_classes,).

    Weights are drawn as Equinox does, uniformly within 1 / sqrt(inputs).
    """
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    # As programs of equations do: random numbers must not depend on whether one was imported before.
    jax.config.update("jax_enable_x64", True)
    keys = iter(jax.random.split(jax.random.key(seed), 8))
    layers: list[Any] = []
    if isinstance(params, Lenet5Params):  # its first convolution sees an image of 32 x 32
        layers.append(eqx.nn.Lambda(lambda image: jnp.moveaxis(image, -1, 0)))
        for maps, before, padding in ((6, 1, 2), (16, 6, 0)):
            layers.append(eqx.nn.Conv2d(before, maps, 5, padding=padding, key=next(keys)))
            layers += [eqx.nn.Lambda(jax.nn.relu), eqx.nn.AvgPool2d(2, 2)]
    layers.append(eqx.nn.Lambda(jnp.ravel))
    for before, n in zip(params.sizes, params.sizes[1:], strict=False):
        layers += [eqx.nn.Linear(before, n, key=next(keys)), eqx.nn.Lambda(jax.nn.relu)]
    return eqx.nn.Sequential(layers[:-1])


def initial_state(params: AnnParams, seed: int) -> dict[str, np.ndarray]:
    """Weights and biases by name, such as ``layers.1.weight`` (n_out, n_in)."""
    import equinox as eqx

    return arrays_of(eqx.filter(ann(params, seed), eqx.is_array))


def arrays_of(network: equinox.Module) -> dict[str, np.ndarray]:
    """The arrays of a network by name."""
    import jax

    leaves = jax.tree_util.tree_leaves_with_path(network)
    return {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in leaves}


def with_arrays(network: equinox.nn.Sequential, arrays: Mapping[str, Any]) -> equinox.nn.Sequential:
    """``network`` with ``arrays`` in place of its own."""
    import equinox as eqx
    import jax

    own, static = eqx.partition(network, eqx.is_array)
    paths = [
        jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in jax.tree_util.tree_leaves_with_path(own)
    ]
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(own), [arrays[path] for path in paths]), static)
