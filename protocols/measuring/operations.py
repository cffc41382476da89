"""Synaptic operations of an image, counted as NeuroBench does (Yik et al. 2025, doi:10.1038/s41467-025-56739-4).

An operation is one synapse whose weight is not zero at one arrival of something that is not zero: an accumulation (AC) where
spikes arrive, a multiplication and accumulation (MAC) where numbers do. Biases, neurons, pooling, competition and
normalisation are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from brian2 import NeuronGroup, Synapses
from scipy.signal import convolve2d

from equispike import models
from equispike.models.ann import AnnParams, ann
from equispike.models.codegen.runtime import described
from equispike.models.params import Params

#: Energy of an addition, and of a multiplication with an addition, of 32-bit floating-point numbers in 45 nm (Horowitz
#: 2014, doi:10.1109/ISSCC.2014.6757323). Memory, which costs more, is left out.
ENERGY_AC, ENERGY_MAC = 0.9e-12, 4.6e-12  # J

#: What arrives at a synapse adds its weight to the target, times a number where that is not a spike.
_ADDS_WEIGHT = re.compile(r"^\w+_post \+= w\w*(?P<number> \* value_pre)?$", re.MULTILINE)


@dataclass(frozen=True)
class Projection:
    """Synapses between two groups.

    Attributes
    ----------
    kind : ``AC`` or ``MAC``
    fan_out : (n_source,) synapses of each source neuron whose weight is not zero
    n_synapses : all, zero or not
    """

    name: str
    source: str
    target: str
    kind: str
    fan_out: np.ndarray
    n_synapses: int


@dataclass(frozen=True)
class Structure:
    """What a network is made of: its projections, and for each target group neurons and differential equations of one."""

    projections: list[Projection]
    neurons: dict[str, int]
    equations: dict[str, int]


def structure(model: str, params: Params, state: Mapping[str, np.ndarray], **options: object) -> Structure:
    """Of the Brian2 objects that ``model`` builds of ``params``, with weights from ``state`` by ``group.variable``."""
    parts = described(lambda: models.get_model(model).build(params, 1, **options))
    objects = {each.name: each for each in parts.objects}
    for name, values in state.items():
        group, variable = name.split(".")
        objects[group].variables[variable].set_value(values)
    found = [each for each in map(_projection, parts.objects) if each is not None]
    targets = {each.target: objects[each.target] for each in found}
    assert all(isinstance(group, NeuronGroup) for group in targets.values())
    return Structure(
        found,
        {name: len(group) for name, group in targets.items()},
        {name: len(group.equations.diff_eq_names) for name, group in targets.items()},
    )


def _projection(synapses: object) -> Projection | None:
    """None for what is no synapse, or one that adds no weight."""
    if not isinstance(synapses, Synapses):
        return None
    effects = [_ADDS_WEIGHT.search(path.code) for path in synapses._pathways if path.prepost == "pre"]
    match = next((each for each in effects if each), None)
    if match is None:
        return None
    before = np.asarray(synapses.i)
    there = np.asarray(synapses.w[:]) != 0 if "w" in synapses.variables else np.ones(len(before), bool)
    fan_out = np.bincount(before[there], minlength=len(synapses.source))
    kind = "MAC" if match["number"] else "AC"
    return Projection(synapses.name, synapses.source.name, synapses.target.name, kind, fan_out, len(before))


def ann_structure(params: AnnParams, arrays: Mapping[str, np.ndarray]) -> Structure:
    """Of an ordinary network; sources are ``layer1`` and so on, the inputs of each layer with weights."""
    found, neurons = [], {}
    shape = params.input_shape[::-1]
    layers = [(place, layer) for place, layer in enumerate(ann(params).layers) if hasattr(layer, "weight")]
    for number, (place, layer) in enumerate(layers, start=1):
        weights = np.asarray(arrays[f"layers.{place}.weight"])
        if weights.ndim == 4:
            (padding, _), *_ = layer.padding
            n_maps, _, size, _ = weights.shape
            height, width = (side + 2 * padding - size + 1 for side in shape[1:])
            reached = [_reached(weights[:, channel], height, width, padding) for channel in range(shape[0])]
            all_reached = _reached(np.ones_like(weights[:, 0]), height, width, padding)
            fan_out, n_synapses = np.concatenate(reached), int(all_reached.sum()) * shape[0]
            neurons[f"layer{number}"] = n_maps * height * width
            shape = (n_maps, height // 2, width // 2)
        else:
            fan_out, n_synapses = np.count_nonzero(weights, axis=0), weights.size
            neurons[f"layer{number}"] = weights.shape[0]
        found.append(Projection(f"weights{number}", f"input{number}", f"layer{number}", "MAC", fan_out, n_synapses))
    return Structure(found, neurons, dict.fromkeys(neurons, 0))


def _reached(kernels: np.ndarray, height: int, width: int, padding: int) -> np.ndarray:
    """How many of ``height`` x ``width`` x maps outputs each input of a channel reaches by ``kernels`` (maps, rows, columns)."""
    wide = convolve2d(np.ones((height, width)), np.count_nonzero(kernels, axis=0))
    inner = wide[padding : len(wide) - padding, padding : wide.shape[1] - padding]
    return np.rint(inner).astype(int).ravel()
