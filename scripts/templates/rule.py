"""A plasticity rule of my own. Try it:

equispike train diehl-cook --set rule=FILE:MY_NAME --set n_exc=100 --images 1000   # learns digits by it
equispike experiment spike-pairing FILE:MY_NAME                   # its weight change against the delay of two spikes
equispike list FILE:MY_NAME                                       # what it is made of
"""

from dataclasses import dataclass

from brian2 import Quantity, ms

from equispike.models.params import Params, param
from equispike.models.plasticity.base import Rule


# Each number of the rule, with what it means and where it is from. A value outside of its limits, or of another dimension, is
# refused. Every rule has w_max, the largest weight.
@dataclass(frozen=True)
class MyNameParams(Params):
    """Pairs of spikes."""

    tau_plus: Quantity = param(
        20 * ms, "time constant of potentiation", "chosen by me", unit=ms, minimum=0, exclusive=True
    )
    tau_minus: Quantity = param(
        20 * ms, "time constant of depression", "chosen by me", unit=ms, minimum=0, exclusive=True
    )
    a_plus: float = param(0.01, "potentiation by a pair without delay", "chosen by me", minimum=0)
    a_minus: float = param(0.0001, "depression by a pair without delay", "chosen by me", minimum=0)
    w_max: float = param(1.0, "largest weight", "chosen by me", minimum=0, exclusive=True)


MY_NAME = Rule(
    name="my-name",
    summary="pairs of spikes, a rule of my own",
    citation="nobody yet",
    params=MyNameParams,
    # Every presynaptic neuron has a trace x, every postsynaptic one another; a neuron's own spike changes its trace.
    pre_traces="dx/dt = -x / tau_plus : 1",
    post_traces="dx/dt = -x / tau_minus : 1",
    at_pre_spike="x = x + 1",
    at_post_spike="x = x + 1",
    # What a spike does to the weight w of its synapse: x_post is the trace of the other side, x_pre that of the presynaptic
    # neuron. learning is 1 in training and 0 afterwards.
    on_pre="w = clip(w - learning * a_minus * x_post, 0, w_max)",
    on_post="w = clip(w + learning * a_plus * x_pre, 0, w_max)",
)
