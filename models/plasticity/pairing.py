"""Many synapses that learn, each between two neurons of its own whose spike times are given."""

from __future__ import annotations

from brian2 import Quantity

from equispike.models.building import Builder
from equispike.models.built_network import BuiltNetwork
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
    network = Builder(namespace, dt, own={"learning": 1.0, "n_steps": 1})
    rewarding = bool(rule.at_reward)
    pre = network.group("pre", n, f"{rule.pre_traces}\n{_TRAIN}", threshold=_FIRES, reset=f"{_FIRED}\n{rule.at_pre_spike}",
                        method="exact")  # fmt: skip
    post = network.group(
        "post",
        n,
        f"{rule.post_traces}\n{_TRAIN}\n{_REWARDS if rewarding else ''}",
        threshold=_FIRES,
        reset=f"{_FIRED}\n{rule.at_post_spike}",
        events={"rewarded": "t_in_timesteps == next_reward and n_rewards > 0"} if rewarding else {},
        method="exact",
    )
    for group in (pre, post):
        network.carry(group, "next_step", "n_left", "period")
    if rewarding:
        post.run_on_event("rewarded", "next_reward += period\nn_rewards -= 1", when="resets")
        network.carry(post, "next_reward", "n_rewards")
    network.learn("synapses", pre, post, rule, connect={"j": "i"})
    network.stop_after("n_steps")
    return network.built()
