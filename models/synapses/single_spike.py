"""Many membranes that receive one spike each, some free and some in voltage clamp."""

from __future__ import annotations

from brian2 import Clock, EventMonitor, NeuronGroup, Quantity, Synapses

from equispike.models.built_network import BuiltNetwork
from equispike.models.control import stop_when
from equispike.models.synapses.base import MEMBRANE, Synapse


def build(synapse: Synapse, namespace: dict[str, object], n: int, dt: Quantity) -> BuiltNetwork:
    """Build ``n`` membranes that a spike reaches in time step ``spike_step``; they stop after ``n_steps``.

    State, all (n,): ``cells.v``, ``cells.free`` (1, or 0 in voltage clamp), ``synapses.w``. Monitor ``samples``: ``v`` and
    ``i_sampled``, the current, of all cells, every ``sample_every`` time steps, as they stand at the end of the step: the
    spike's effect is in the sample of its own step and counts as time zero.
    """
    namespace = {**namespace, "n_steps": 1, "spike_step": 0, "sample_every": 1, "stop_when": stop_when}
    common = {"namespace": namespace, "clock": Clock(dt, name="step_clock")}
    source = NeuronGroup(
        1,
        "",
        threshold="t_in_timesteps == spike_step",
        reset="",
        events={"finished": "t_in_timesteps >= n_steps - 1"},
        name="source",
        **common,
    )
    source.run_on_event("finished", "_ = stop_when(t_in_timesteps >= n_steps - 1)", when="end", order=2)
    cells = NeuronGroup(
        n,
        f"{MEMBRANE}\n{synapse.equations}\ni_sampled : amp",
        events={"sampled": "t_in_timesteps % sample_every == 0"},
        method="rk4",
        name="cells",
        **common,
    )
    cells.run_on_event("sampled", "i_sampled = i_syn", when="end", order=0)  # monitors do not see constants
    synapses = Synapses(source, cells, "w : 1", on_pre=synapse.on_pre, name="synapses", **common)
    synapses.connect()
    samples = EventMonitor(cells, "sampled", variables=["v", "i_sampled"], name="samples", when="end", order=1)
    state = ("cells.v", "cells.free", "synapses.w")
    return BuiltNetwork((source, cells, synapses, samples), namespace, state, {}, {"samples": samples})
