"""Synapse models: a small file a family. Their constants are names only; Params give the numbers."""

from equispike.models.synapses.base import MEMBRANE, Synapse
from equispike.models.synapses.conductance import AMPA, GABA, NMDA
from equispike.models.synapses.current import ALPHA, DELTA, DOUBLE_EXPONENTIAL, EXPONENTIAL

SYNAPSES = {synapse.name: synapse for synapse in (DELTA, EXPONENTIAL, ALPHA, DOUBLE_EXPONENTIAL, AMPA, NMDA, GABA)}

__all__ = ["MEMBRANE", "SYNAPSES", "Synapse"]
