"""What a network is: parameters, how it is built of them, what it starts from, and what a training leaves of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from equispike.models.built_network import BuiltNetwork
from equispike.models.params import Params

type Arrays = Mapping[str, np.ndarray]


def _same(params: Any, arrays: Arrays) -> dict[str, np.ndarray]:
    return dict(arrays)


def _nothing(params: Any, seed: int) -> dict[str, np.ndarray]:
    return {}


@dataclass(frozen=True)
class Network:
    """A network of Brian2 objects.

    Attributes
    ----------
    params : its parameter class
    build : (params, n_samples, options) -> the network for runs of up to n_samples samples; with the option
        ``record_spikes`` monitors ``NAME_spikes`` record all spikes. None of an ANN, which has no equations
    initial_state : (params, seed) -> state variables by ``group.variable``, SI units
    arrays_of : (params, state) -> the arrays that a training leaves, in shapes that a reader expects
    state_of : (params, arrays) -> the state with which a trained network answers, learning nothing
    fixed_inputs : (params, seed) -> input arrays that stay the same in all runs
    nir_nodes : reference to (params, arrays) -> (nodes of a NIR graph by name, metadata), where NIR can describe the network
    beyond_nir : what it has that NIR cannot describe
    """

    params: type[Params]
    build: Callable[..., BuiltNetwork] | None
    initial_state: Callable[[Any, int], dict[str, np.ndarray]]
    arrays_of: Callable[[Any, Arrays], dict[str, np.ndarray]] = _same
    state_of: Callable[[Any, Arrays], dict[str, np.ndarray]] = _same
    fixed_inputs: Callable[[Any, int], dict[str, np.ndarray]] = _nothing
    nir_nodes: str = ""
    beyond_nir: str = ""
