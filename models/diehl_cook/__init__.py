"""The unsupervised STDP network of Diehl & Cook 2015: parameters, initial state, network."""

from equispike.models.diehl_cook import one_run
from equispike.models.diehl_cook.network import build
from equispike.models.diehl_cook.params import DiehlCookParams
from equispike.models.diehl_cook.state import fixed_inputs, frozen_state, initial_state

__all__ = ["DiehlCookParams", "build", "fixed_inputs", "frozen_state", "initial_state", "one_run"]
