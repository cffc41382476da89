"""Layers of spiking neurons whose weights gradients find: fully connected, convolutional, and recurrent."""

from equispike.models.layered.network import SPIKING_INPUTS, build
from equispike.models.layered.params import (
    ConvLayer,
    DenseLayer,
    LayeredParams,
    LifReadoutParams,
    SpikingCnnParams,
    SpikingMlpParams,
    SpikingRnnParams,
)
from equispike.models.layered.state import initial_state
from equispike.models.network import Network

_NIR = "equispike.protocols.exporting.layered:nodes"
SPIKING_MLP = Network(SpikingMlpParams, build, initial_state, nir_nodes=_NIR)
SPIKING_CNN = Network(SpikingCnnParams, build, initial_state, nir_nodes=_NIR)
SPIKING_RNN = Network(SpikingRnnParams, build, initial_state, beyond_nir="adaptive thresholds")
LIF_READOUT = Network(LifReadoutParams, build, initial_state, nir_nodes=_NIR)

__all__ = [
    "LIF_READOUT",
    "SPIKING_CNN",
    "SPIKING_INPUTS",
    "SPIKING_MLP",
    "SPIKING_RNN",
    "ConvLayer",
    "DenseLayer",
    "LayeredParams",
    "LifReadoutParams",
    "SpikingCnnParams",
    "SpikingMlpParams",
    "SpikingRnnParams",
    "build",
    "initial_state",
]
