"""Figures of experiments on single neurons, synapses and plasticity rules, by protocol: from the tables of a run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.figures.experiments import action_potential, fi_curve, firing_patterns, strength_duration, traces
from analysis.figures.sources import Source
from protocols.run_folder import RunFolder

FIGURES: dict[str, Callable[[RunFolder], Iterable[Source]]] = {
    "step-current": traces.step_figures,
    "ramp-current": traces.ramp_figures,
    "fi-curve": fi_curve.figures,
    "strength-duration": strength_duration.figures,
    "firing-patterns": firing_patterns.figures,
    "action-potential": action_potential.figures,
    "anode-break": traces.anode_figures,
}
