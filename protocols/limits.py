"""What work would take, refused before it begins where no machine has it; ``--force`` lifts that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from equispike.models.codegen import BACKENDS
from equispike.models.errors import EquispikeError

if TYPE_CHECKING:
    from equispike.protocols.spec import TrainingSpec

#: Time steps of an image, or of an experiment: minutes to hours each.
MOST_STEPS = 10_000_000
#: Images of a training: centuries.
MOST_IMAGES = 10**12
#: Bytes of a learned weight, which is held before and in a program, and of a synapse where each has its place in memory.
WEIGHT_BYTES, SYNAPSE_BYTES = 16, 16


def training_fault(spec: TrainingSpec) -> str | None:
    """Return what a training would take, where that is too much, or None."""
    if spec.n_images > MOST_IMAGES:
        return f"--images {spec.n_images} would never end, at most {MOST_IMAGES:,} are sensible"
    if fault := steps_fault(spec.procedure().n_steps_simulated, "an image"):
        return fault
    weights, synapses = spec.params.weights_and_synapses()
    lists = spec.backend in BACKENDS and BACKENDS[spec.backend].lists_synapses
    needed = WEIGHT_BYTES * weights + (SYNAPSE_BYTES * synapses if lists else 0)
    return memory_fault(needed, f"weights and synapses of {spec.params.structure()} neurons on {spec.backend}")


def steps_fault(n: int, of: str) -> str | None:
    """Return how many time steps ``of``, in words, would take, where that is too many, or None."""
    if n <= MOST_STEPS:
        return None
    shown = f"{n:,}" if n < 10**15 else f"{float(n):.3g}"
    return f"{of} would take {shown} time steps, more than {MOST_STEPS:,}: simulate a shorter time, or raise dt"


def memory_fault(n_bytes: int, of: str) -> str | None:
    """Return how much memory ``of``, in words, would take, where this machine has less, or None."""
    if n_bytes <= (has := memory()):
        return None
    needed, present = f"{n_bytes / 1e9:,.0f} GB", f"{has / 1e9:,.0f} GB"
    return f"{of} would take {needed} of memory, and this machine has {present}: make the network smaller"


def refuse(fault: str | None) -> None:
    """Raise EquispikeError with a ``fault``, if there is one, and how to go on in spite of it."""
    if fault is not None:
        raise EquispikeError(f"{fault}; --force begins it all the same")


def memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
