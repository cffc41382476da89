"""What a plasticity rule is: a few strings over traces x, y and a weight w, and the parameters they name.

Inside ``on_pre`` and ``on_post`` Brian2's suffixes apply: ``x_pre`` is the trace x of the presynaptic neuron, ``x_post``
and ``y_post`` are traces of the postsynaptic one. Within a time step the order is: postsynaptic plasticity, presynaptic
plasticity, then the neurons' own spikes change their traces. So a statement reads the traces as they stood before the
spikes of the same time step, and coincident spikes do not see each other. ``learning`` is 1 in training and 0 when the
weights are frozen.
"""

from __future__ import annotations

from dataclasses import dataclass

from equispike.models.params import Params

CHOICE = "chosen here"


@dataclass(frozen=True)
class Rule:
    """A plasticity rule.

    Attributes
    ----------
    pre_traces, post_traces : equations of the traces kept by each pre- and postsynaptic neuron (dimensionless)
    at_pre_spike, at_post_spike : what a neuron's own spike does to its traces, after the weights were changed
    on_pre, on_post : what a pre- or postsynaptic spike does to the weight w
    summary : in a few words
    params : its parameter class, which has at least ``w_max``
    synapse : equations of the synapse, where it has more than a weight that spikes change; that of w is then among them
    at_reward : what a reward does to each synapse, for rules that wait for one
    """

    name: str
    citation: str
    pre_traces: str
    post_traces: str
    at_pre_spike: str
    at_post_spike: str
    on_pre: str
    on_post: str
    summary: str
    params: type[Params]
    synapse: str = "w : 1"
    at_reward: str = ""
