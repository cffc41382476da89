"""Figures of experiments on single neurons, synapses and plasticity rules, by experiment: from the tables of a run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from equispike.analysis.figures.experiments import (
    action_potential,
    fi_curve,
    firing_patterns,
    spike_pairing,
    strength_duration,
    synaptic_kernel,
    traces,
    weight_distribution,
)
from equispike.analysis.figures.sources import Source
from equispike.protocols.run_folder import RunFolder

FIGURES: dict[str, Callable[[RunFolder], Iterable[Source]]] = {
    "step-current": traces.step_figures,
    "ramp-current": traces.ramp_figures,
    "fi-curve": fi_curve.figures,
    "synaptic-kernel": synaptic_kernel.figures,
    "spike-pairing": spike_pairing.figures,
    "weight-distribution": weight_distribution.figures,
    "strength-duration": strength_duration.figures,
    "firing-patterns": firing_patterns.figures,
    "action-potential": action_potential.figures,
    "anode-break": traces.anode_figures,
}
