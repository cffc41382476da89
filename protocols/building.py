"""Compiling what a training and its evaluation will run, ahead of them."""

from __future__ import annotations

from models.conv_stdp import ConvStdpParams
from models.deep import DeepParams
from models.diehl_cook import DiehlCookParams
from protocols.gradients.showing import CHUNK_SAMPLES, ShownNetwork
from protocols.layerwise.training import program
from protocols.training import TrainingSpec, presenter


def compile_programs(spec: TrainingSpec) -> None:
    """Bring the programs of a run into the build cache; ordinary networks have none."""
    if isinstance(spec.params, DiehlCookParams):
        presenter(spec)
    elif isinstance(spec.params, ConvStdpParams):
        for name in spec.params.conv_names:
            program(spec, spec.params, name)
    elif isinstance(spec.params, DeepParams):
        ShownNetwork.of(spec, CHUNK_SAMPLES)
