"""Difference-of-Gaussians input and convolutional STDP layers (Kheradpisheh et al. 2018)."""

from equispike.models.conv_stdp.network import build
from equispike.models.conv_stdp.params import ConvParams, ConvStdpParams, PoolParams, Shape
from equispike.models.conv_stdp.state import as_kernels, as_state, initial_state

__all__ = ["ConvParams", "ConvStdpParams", "PoolParams", "Shape", "as_kernels", "as_state", "build", "initial_state"]
