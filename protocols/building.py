"""Compiling what a training and its answers will run, ahead of them."""

from __future__ import annotations

from equispike.models.codegen import get_backend
from equispike.protocols.spec import TrainingSpec


def compile_programs(spec: TrainingSpec) -> None:
    """Bring the programs of a run into the build cache; ANNs have none."""
    for request in spec.procedure().programs().values():
        get_backend(spec.backend).compile(request)
