"""A neuron of my own. Try it:

equispike experiment fi-curve FILE:MY_NAME                        # its rate against the current
equispike experiment fi-curve FILE:MY_NAME --set tau_mem=20*ms    # with another parameter
equispike list FILE:MY_NAME                                       # what it is made of
"""

from dataclasses import dataclass

from brian2 import Mohm, Quantity, ms, mV, nA

from equispike.models.neurons import Neuron, NeuronParams
from equispike.models.params import param


# Each number of the equations, with what it means and where it is from. A value outside of its limits, or of another
# dimension, is refused. NeuronParams has the time step, dt.
@dataclass(frozen=True)
class MyNameParams(NeuronParams):
    """Leaky integrate-and-fire neuron."""

    tau_mem: Quantity = param(10 * ms, "membrane time constant", "chosen by me", unit=ms, minimum=0, exclusive=True)
    r_mem: Quantity = param(10 * Mohm, "membrane resistance", "chosen by me", unit=Mohm, minimum=0, exclusive=True)
    v_rest: Quantity = param(-70 * mV, "resting potential", "chosen by me", unit=mV)
    v_reset: Quantity = param(-70 * mV, "potential after a spike", "chosen by me", unit=mV)
    v_threshold: Quantity = param(-50 * mV, "threshold", "chosen by me", unit=mV)
    t_refractory: Quantity = param(2 * ms, "refractory period", "chosen by me", unit=ms, minimum=0)


MY_NAME = Neuron(
    name="my-name",
    summary="leaky integrate-and-fire, a neuron of my own",
    citation="nobody yet",
    # Brian2's equations: what is marked (unless refractory) is held after a spike, for t_refractory.
    equations="""
        dv/dt = (v_rest - v + r_mem * i_ext) / tau_mem : volt (unless refractory)
        i_ext : amp
    """,
    threshold="v > v_threshold",
    reset="v = v_reset",
    params=MyNameParams,
    method="exact",  # of linear equations; "exponential_euler" or "rk4" of others
    rest={"v": "v_rest"},  # where variables begin that do not begin at 0
    input="i_ext",  # what a current from outside sets, and a current at which it fires: experiments take their scale from it
    current=3.0,
    current_unit=nA,
)
