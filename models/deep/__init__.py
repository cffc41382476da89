"""Deep spiking networks whose weights gradients find: fully connected, convolutional, and recurrent."""

from models.deep.network import SPIKING_INPUTS, build
from models.deep.params import (
    ConvLayer,
    DeepParams,
    DenseLayer,
    LifReadoutParams,
    SpikingCnnParams,
    SpikingMlpParams,
    SpikingRnnParams,
)
from models.deep.state import initial_state

__all__ = [
    "SPIKING_INPUTS",
    "ConvLayer",
    "DeepParams",
    "DenseLayer",
    "LifReadoutParams",
    "SpikingCnnParams",
    "SpikingMlpParams",
    "SpikingRnnParams",
    "build",
    "initial_state",
]
