"""Neurons that many Poisson inputs drive through synapses that learn, after Song, Miller & Abbott 2000.

A conductance-based integrate-and-fire neuron as in :mod:`models.neurons`; each has inputs of its own.
"""

from __future__ import annotations

from brian2 import Quantity

from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
from equispike.models.neurons import CONDUCTANCE_LIF
from equispike.models.plasticity.base import Rule

# Failures before a success: geometric intervals give the same trains as a Bernoulli draw at every step.
_DRAW = "next_step = t_in_timesteps + 1 + int(clip(log(rand()) / log_p_silent, 0, wait_max))"
_WAIT_MAX = 1e8  # time steps that a silent input waits


def build(rule: Rule, namespace: dict[str, object], n_cells: int, n_inputs: int, dt: Quantity) -> BuiltNetwork:
    """Build ``n_cells`` neurons with ``n_inputs`` inputs each, which stop after ``n_steps`` time steps.

    State: ``inputs.next_step`` (n_cells * n_inputs,), the time step of the first spike; ``inputs.log_p_silent``, the
    logarithm of the probability that an input does not spike in a time step; ``synapses.w``, in the order of the inputs;
    ``cells.v`` (n_cells,). Monitor ``spikes`` of the cells. The conductance of a weight of w_max is ``g_max``.
    """
    network = Builder(namespace, dt, own={"learning": 1.0, "n_steps": 1, "n_inputs": n_inputs, "wait_max": _WAIT_MAX})
    inputs = network.group(
        "inputs",
        n_cells * n_inputs,
        f"{rule.pre_traces}\nnext_step : integer\nlog_p_silent : 1 (constant)",
        threshold="t_in_timesteps >= next_step",
        reset=f"{_DRAW}\n{rule.at_pre_spike}",
        method="exact",
    )
    network.carry(inputs, "next_step", "log_p_silent")
    neuron = CONDUCTANCE_LIF
    cells = network.group(
        "cells",
        n_cells,
        f"{neuron.equations}\n{rule.post_traces}",
        threshold=neuron.threshold,
        reset=f"{neuron.reset}\n{rule.at_post_spike}",
        refractory=neuron.refractory,
        method=neuron.method,
    )
    network.carry(cells, "v")
    own = "k for k in range(i // n_inputs, i // n_inputs + 1)"
    network.learn("synapses", inputs, cells, rule, arrives="ge_post += g_max * w / w_max", connect={"j": own})
    network.record_spikes(cells, "spikes")
    network.stop_after("n_steps")
    return network.built()
