"""Compiling what a training and its evaluation will run, ahead of them."""

from __future__ import annotations

from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.layered import LayeredNetworkParams
from equispike.protocols.gradients.frozen_network import CHUNK_SAMPLES, FrozenNetwork
from equispike.protocols.layerwise.training import program
from equispike.protocols.training import TrainingSpec, presenter


def compile_programs(spec: TrainingSpec) -> None:
    """Bring the programs of a run into the build cache; ordinary networks have none."""
    if isinstance(spec.params, DiehlCookParams):
        presenter(spec)
    elif isinstance(spec.params, ConvStdpParams):
        for name in spec.params.conv_names:
            program(spec, spec.params, name)
    elif isinstance(spec.params, LayeredNetworkParams):
        FrozenNetwork.of(spec, CHUNK_SAMPLES)
