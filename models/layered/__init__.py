"""Deep spiking networks whose weights gradients find: fully connected, convolutional, and recurrent."""

from equispike.models.layered.network import SPIKING_INPUTS, build
from equispike.models.layered.params import (
    ConvLayer,
    DenseLayer,
    LayeredNetworkParams,
    LifReadoutParams,
    SpikingCnnParams,
    SpikingMlpParams,
    SpikingRnnParams,
)
from equispike.models.layered.state import initial_state

__all__ = [
    "SPIKING_INPUTS",
    "ConvLayer",
    "DenseLayer",
    "LayeredNetworkParams",
    "LifReadoutParams",
    "SpikingCnnParams",
    "SpikingMlpParams",
    "SpikingRnnParams",
    "build",
    "initial_state",
]
