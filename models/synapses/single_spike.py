"""Many membranes that receive one spike each, some free and some in voltage clamp."""

from __future__ import annotations

from brian2 import Quantity

from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
from equispike.models.synapses.base import MEMBRANE, Synapse


def build(synapse: Synapse, namespace: dict[str, object], n: int, dt: Quantity) -> BuiltNetwork:
    """Build ``n`` membranes that a spike reaches in time step ``spike_step``; they stop after ``n_steps``.

    State, all (n,): ``cells.v``, ``cells.free`` (1, or 0 in voltage clamp), ``synapses.w``. Monitor ``samples``: ``v`` and
    ``i_sampled``, the current, of all cells, every ``sample_every`` time steps, as they stand at the end of the step: the
    spike's effect is in the sample of its own step and counts as time zero.
    """
    network = Builder(namespace, dt, own={"n_steps": 1, "spike_step": 0, "sample_every": 1})
    source = network.group("source", 1, threshold="t_in_timesteps == spike_step", reset="")
    cells = network.group(
        "cells",
        n,
        f"{MEMBRANE}\n{synapse.equations}\ni_sampled : amp",
        events={"sampled": "t_in_timesteps % sample_every == 0"},
        method="rk4",
    )
    network.at(cells, "sampled", "i_sampled = i_syn", when="end")  # monitors do not see constants
    network.carry(cells, "v", "free")
    network.project("synapses", source, cells, "w : 1", operation="AC", on_pre=synapse.on_pre)
    network.monitor("samples", cells, "sampled", ["v", "i_sampled"], order=2)
    network.stop_after("n_steps")
    return network.built()
