"""Many synapses that learn, each between two neurons of its own whose spike times are given."""

from __future__ import annotations

from typing import Any

from brian2 import Clock, Equations, NeuronGroup, Quantity, Synapses

from equispike.models.built_network import BuiltNetwork
from equispike.models.control import stop_when
from equispike.models.plasticity.base import Rule

_TRAIN = "next_step : integer\nn_left : integer\nperiod : integer (constant)"
_FIRES = "t_in_timesteps == next_step and n_left > 0"
_FIRED = "next_step += period\nn_left -= 1"
_REWARDS = "next_reward : integer\nn_rewards : integer"


def build(rule: Rule, namespace: dict[str, object], n: int, dt: Quantity) -> BuiltNetwork:
    """Build ``n`` pairs of neurons with a synapse each, which stop after ``n_steps`` time steps.

    State, all (n,), of ``pre`` and ``post``: ``next_step``, the time step of the first spike; ``period``, time steps from
    each spike to the next; ``n_left``, how many there are. Of ``post``, for rules with rewards: ``next_reward``,
    ``n_rewards``; rewards have the period of the spikes. Of ``synapses``: ``w``.
    """
    namespace = {**namespace, "learning": 1.0, "n_steps": 1, "stop_when": stop_when}
    common = {"namespace": namespace, "clock": Clock(dt, name="step_clock")}
    rewarding = bool(rule.at_reward)
    pre = NeuronGroup(n, f"{rule.pre_traces}\n{_TRAIN}", threshold=_FIRES, reset=f"{_FIRED}\n{rule.at_pre_spike}",
                      method="exact", name="pre", **common)  # fmt: skip
    post = NeuronGroup(
        n,
        f"{rule.post_traces}\n{_TRAIN}\n{_REWARDS if rewarding else ''}",
        threshold=_FIRES,
        reset=f"{_FIRED}\n{rule.at_post_spike}",
        events={"rewarded": "t_in_timesteps == next_reward and n_rewards > 0"} if rewarding else {},
        method="exact",
        name="post",
        **common,
    )
    learns: dict[str, Any] = {"on_pre": rule.on_pre or None, "on_post": rule.on_post, "on_event": "spike"}
    if rewarding:
        post.run_on_event("rewarded", "next_reward += period\nn_rewards -= 1", when="resets")
        learns["on_post"] = {"post": rule.on_post, "reward": rule.at_reward}
        learns["on_event"] = {"pre": "spike", "post": "spike", "reward": "rewarded"}
    exact = not Equations(rule.synapse).diff_eq_names
    synapses = Synapses(pre, post, rule.synapse, name="synapses", **({} if exact else {"method": "rk4"}), **learns,
                        **common)  # fmt: skip
    synapses.connect(j="i")
    synapses.post.order = -2  # before pre, whose default is -1
    end = NeuronGroup(1, "", name="end", events={"reached": "t_in_timesteps >= n_steps - 1"}, **common)
    end.run_on_event("reached", "_ = stop_when(t_in_timesteps >= n_steps - 1)", when="end")
    state = [f"{group}.{name}" for group in ("pre", "post") for name in ("next_step", "n_left", "period")]
    state += ["post.next_reward", "post.n_rewards"] if rewarding else []
    return BuiltNetwork((pre, post, synapses, end), namespace, (*state, "synapses.w"), {}, {})
