"""Neuron models: a small file a family. Their constants are names only; Params give the numbers."""

from models.neurons.adaptive_lif import (
    ADAPTING_DRIVEN_LIF,
    ADAPTIVE_CONDUCTANCE_LIF,
    ADAPTIVE_LIF,
    with_adaptive_threshold,
)
from models.neurons.adex import ADEX
from models.neurons.base import Neuron, NeuronParams, Pattern
from models.neurons.hodgkin_huxley import HODGKIN_HUXLEY
from models.neurons.izhikevich import IZHIKEVICH
from models.neurons.lif import CONDUCTANCE_LIF, DRIVEN_LIF, LIF
from models.neurons.quadratic import QUADRATIC

__all__ = [
    "ADAPTING_DRIVEN_LIF",
    "ADAPTIVE_CONDUCTANCE_LIF",
    "ADAPTIVE_LIF",
    "ADEX",
    "CONDUCTANCE_LIF",
    "DRIVEN_LIF",
    "HODGKIN_HUXLEY",
    "IZHIKEVICH",
    "LIF",
    "QUADRATIC",
    "Neuron",
    "NeuronParams",
    "Pattern",
    "with_adaptive_threshold",
]
