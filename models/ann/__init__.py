"""Ordinary networks that the spiking ones are compared with. They have no dynamics: layers come from Equinox."""

from equispike.models.ann.network import ann, initial_state, with_arrays
from equispike.models.ann.params import AnnParams, Lenet5Params, LinearSvmParams, MlpParams, SoftmaxParams

__all__ = [
    "AnnParams",
    "Lenet5Params",
    "LinearSvmParams",
    "MlpParams",
    "SoftmaxParams",
    "ann",
    "initial_state",
    "with_arrays",
]
