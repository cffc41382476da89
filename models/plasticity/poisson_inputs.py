"""Neurons that many Poisson inputs drive through synapses that learn, after Song, Miller & Abbott 2000.

A conductance-based integrate-and-fire neuron as in :mod:`models.neurons`; each has inputs of its own.
"""

from __future__ import annotations

from brian2 import Clock, NeuronGroup, Quantity, SpikeMonitor, Synapses

from equispike.models.built_network import BuiltNetwork
from equispike.models.control import stop_when
from equispike.models.neurons import CONDUCTANCE_LIF
from equispike.models.plasticity.base import Rule

# Failures before a success: geometric intervals give the same trains as a Bernoulli draw at every step.
_DRAW = "next_step = t_in_timesteps + 1 + int(clip(log(rand()) / log_p_silent, 0, 1e8))"


def build(rule: Rule, namespace: dict[str, object], n_cells: int, n_inputs: int, dt: Quantity) -> BuiltNetwork:
    """Build ``n_cells`` neurons with ``n_inputs`` inputs each, which stop after ``n_steps`` time steps.

    State: ``inputs.next_step`` (n_cells * n_inputs,), the time step of the first spike; ``inputs.log_p_silent``, the
    logarithm of the probability that an input does not spike in a time step; ``synapses.w``, in the order of the inputs;
    ``cells.v`` (n_cells,). Monitor ``spikes`` of the cells. The conductance of a weight of w_max is ``g_max``.
    """
    namespace = {**namespace, "learning": 1.0, "n_steps": 1, "n_inputs": n_inputs, "stop_when": stop_when}
    common = {"namespace": namespace, "clock": Clock(dt, name="step_clock")}
    inputs = NeuronGroup(
        n_cells * n_inputs,
        f"{rule.pre_traces}\nnext_step : integer\nlog_p_silent : 1 (constant)",
        threshold="t_in_timesteps >= next_step",
        reset=f"{_DRAW}\n{rule.at_pre_spike}",
        method="exact",
        name="inputs",
        **common,
    )
    neuron = CONDUCTANCE_LIF
    cells = NeuronGroup(
        n_cells,
        f"{neuron.equations}\n{rule.post_traces}",
        threshold=neuron.threshold,
        reset=f"{neuron.reset}\n{rule.at_post_spike}",
        refractory=neuron.refractory,
        events={"finished": "t_in_timesteps >= n_steps - 1"},
        method="exponential_euler",
        name="cells",
        **common,
    )
    cells.run_on_event("finished", "_ = stop_when(t_in_timesteps >= n_steps - 1)", when="end")
    synapses = Synapses(inputs, cells, rule.synapse, on_pre=f"ge_post += g_max * w / w_max\n{rule.on_pre}",
                        on_post=rule.on_post, name="synapses", **common)  # fmt: skip
    synapses.connect(j="k for k in range(i // n_inputs, i // n_inputs + 1)")
    synapses.post.order = -2  # before pre, whose default is -1
    spikes = SpikeMonitor(cells, name="spikes")
    state = ("inputs.next_step", "inputs.log_p_silent", "synapses.w", "cells.v")
    return BuiltNetwork((inputs, cells, synapses, spikes), namespace, state, {}, {"spikes": spikes})
