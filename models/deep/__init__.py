"""Deep spiking networks whose weights gradients find: fully connected, convolutional, and recurrent."""

from models.deep.network import build
from models.deep.params import ConvLayer, DeepParams, DenseLayer, SpikingCnnParams, SpikingMlpParams, SpikingRnnParams
from models.deep.state import initial_state

__all__ = [
    "ConvLayer",
    "DeepParams",
    "DenseLayer",
    "SpikingCnnParams",
    "SpikingMlpParams",
    "SpikingRnnParams",
    "build",
    "initial_state",
]
