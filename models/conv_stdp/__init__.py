"""Difference-of-Gaussians input and convolutional STDP layers (Kheradpisheh et al. 2018)."""

from equispike.models.conv_stdp.network import build
from equispike.models.conv_stdp.params import ConvParams, ConvStdpParams, PoolParams, Shape
from equispike.models.conv_stdp.state import arrays_of, as_kernels, as_state, initial_state, state_of
from equispike.models.network import Network

NETWORK = Network(
    params=ConvStdpParams,
    build=build,
    initial_state=initial_state,
    arrays_of=arrays_of,
    state_of=state_of,
    beyond_nir="neurons that compete for places and fire at most once per image",
)

__all__ = [
    "NETWORK",
    "ConvParams",
    "ConvStdpParams",
    "PoolParams",
    "Shape",
    "as_kernels",
    "as_state",
    "build",
    "initial_state",
]
