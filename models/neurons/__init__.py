"""Neuron models: a small file a family. Their constants are names only; Params give the numbers."""

from equispike.models.neurons.adaptive_lif import (
    ADAPTIVE_CONDUCTANCE_LIF,
    ADAPTIVE_LIF,
    DIMENSIONLESS_ALIF,
    with_adaptive_threshold,
)
from equispike.models.neurons.adex import ADEX
from equispike.models.neurons.base import Neuron, NeuronParams, Pattern
from equispike.models.neurons.hodgkin_huxley import HODGKIN_HUXLEY
from equispike.models.neurons.izhikevich import IZHIKEVICH
from equispike.models.neurons.lif import CONDUCTANCE_LIF, DIMENSIONLESS_LIF, LIF
from equispike.models.neurons.quadratic import QUADRATIC

NEURONS = {
    neuron.name: neuron
    for neuron in (
        LIF,
        ADAPTIVE_LIF,
        QUADRATIC,
        ADEX,
        IZHIKEVICH,
        HODGKIN_HUXLEY,
        CONDUCTANCE_LIF,
        ADAPTIVE_CONDUCTANCE_LIF,
        DIMENSIONLESS_LIF,
        DIMENSIONLESS_ALIF,
    )
}

__all__ = [
    "ADAPTIVE_CONDUCTANCE_LIF",
    "ADAPTIVE_LIF",
    "ADEX",
    "CONDUCTANCE_LIF",
    "DIMENSIONLESS_ALIF",
    "DIMENSIONLESS_LIF",
    "HODGKIN_HUXLEY",
    "IZHIKEVICH",
    "LIF",
    "NEURONS",
    "QUADRATIC",
    "Neuron",
    "NeuronParams",
    "Pattern",
    "with_adaptive_threshold",
]
