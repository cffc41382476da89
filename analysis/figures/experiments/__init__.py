"""Figures of experiments on single neurons, synapses and plasticity rules, by protocol: from the tables of a run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.figures.experiments import fi_curve, spike_pairing, synaptic_kernel, weight_distribution
from analysis.figures.sources import Source
from protocols.run_folder import RunFolder

FIGURES: dict[str, Callable[[RunFolder], Iterable[Source]]] = {
    "fi-curve": fi_curve.figures,
    "synaptic-kernel": synaptic_kernel.figures,
    "spike-pairing": spike_pairing.figures,
    "weight-distribution": weight_distribution.figures,
}
