"""What a synapse model is: equations of the current that a spike causes in the postsynaptic neuron, without numbers.

A presynaptic spike arrives with a weight ``w`` (a plain number). The equations give the current ``i_syn`` into the
postsynaptic neuron, of potential ``v``; they are added to the neuron's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from equispike.models.params import Params

CHOICE = "chosen here"

#: A membrane without spikes; where ``free`` is 0, in voltage clamp.
MEMBRANE = """
    dv/dt = free * (v_rest - v + r_mem * i_syn) / tau_mem : volt
    free : 1 (constant)
"""


@dataclass(frozen=True)
class Synapse:
    """A synapse model.

    Attributes
    ----------
    equations : what is added to the postsynaptic neuron's equations; they define ``i_syn`` (amp), which depolarises
        where it is positive
    on_pre : what a spike of weight ``w`` does to the postsynaptic neuron
    params : its parameter class
    kernel : (params, t, v) -> current in A at times t in s (n,) after one spike of weight 1 at the potential v in V, in
        closed form, where there is one
    conductance : whether the current depends on the potential
    """

    name: str
    summary: str
    citation: str
    equations: str
    on_pre: str
    params: type[Params]
    kernel: Callable[[Any, np.ndarray, float], np.ndarray] | None = None
    conductance: bool = False
