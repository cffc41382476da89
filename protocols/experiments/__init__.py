"""Experiments on single neurons, synapses and plasticity rules: a file each. The only catalogue of them."""

from __future__ import annotations

from equispike.models.errors import EquispikeError
from equispike.protocols.experiments.action_potential import ACTION_POTENTIAL
from equispike.protocols.experiments.anode_break import ANODE_BREAK
from equispike.protocols.experiments.base import Experiment
from equispike.protocols.experiments.fi_curve import FI_CURVE
from equispike.protocols.experiments.firing_patterns import FIRING_PATTERNS
from equispike.protocols.experiments.spike_pairing import SPIKE_PAIRING
from equispike.protocols.experiments.strength_duration import STRENGTH_DURATION
from equispike.protocols.experiments.synaptic_kernel import SYNAPTIC_KERNEL
from equispike.protocols.experiments.traces import RAMP_CURRENT, STEP_CURRENT
from equispike.protocols.experiments.weight_distribution import WEIGHT_DISTRIBUTION

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        STEP_CURRENT,
        RAMP_CURRENT,
        FI_CURVE,
        STRENGTH_DURATION,
        FIRING_PATTERNS,
        ACTION_POTENTIAL,
        ANODE_BREAK,
        SYNAPTIC_KERNEL,
        SPIKE_PAIRING,
        WEIGHT_DISTRIBUTION,
    )
}


def get_experiment(name: str) -> Experiment:
    """The experiment of that name; raises EquispikeError naming the ones there are."""
    if name not in EXPERIMENTS:
        raise EquispikeError(f"unknown experiment '{name}'; the experiments are: {', '.join(EXPERIMENTS)}")
    return EXPERIMENTS[name]


__all__ = ["EXPERIMENTS", "Experiment", "get_experiment"]
