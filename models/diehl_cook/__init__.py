"""The unsupervised STDP network of Diehl & Cook 2015: parameters, initial state, network."""

from equispike.models.diehl_cook.network import DiehlCook, build, with_arriving_traces
from equispike.models.diehl_cook.params import DiehlCookParams
from equispike.models.diehl_cook.state import arrays_of, fixed_inputs, frozen_state, initial_state, state_of
from equispike.models.network import Network

NETWORK = Network(
    params=DiehlCookParams,
    build=build,
    initial_state=initial_state,
    arrays_of=arrays_of,
    state_of=state_of,
    fixed_inputs=fixed_inputs,
    beyond_nir="conductances and adaptive thresholds",
)

__all__ = [
    "NETWORK",
    "DiehlCook",
    "DiehlCookParams",
    "build",
    "fixed_inputs",
    "frozen_state",
    "initial_state",
    "with_arriving_traces",
]
