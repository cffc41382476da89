"""The catalogue of parts: the neurons, synapses and plasticity rules that experiments characterise and networks use."""

from __future__ import annotations

from typing import Any

from equispike.models import neurons, own_files, plasticity
from equispike.models.errors import EquispikeError
from equispike.models.neurons import Neuron
from equispike.models.plasticity import Rule
from equispike.models.synapses import SYNAPSES, Synapse

NEURONS: dict[str, Neuron] = {
    neuron.name: neuron
    for neuron in (
        neurons.LIF,
        neurons.ADAPTIVE_LIF,
        neurons.QUADRATIC,
        neurons.ADEX,
        neurons.IZHIKEVICH,
        neurons.HODGKIN_HUXLEY,
        neurons.CONDUCTANCE_LIF,
        neurons.ADAPTIVE_CONDUCTANCE_LIF,
        neurons.DIMENSIONLESS_LIF,
        neurons.DIMENSIONLESS_ALIF,
    )
}
RULES: dict[str, Rule] = plasticity.ALL_RULES

#: What an experiment may take, by the word for it: each entry has a name, a summary, a citation and a parameter class.
KINDS: dict[str, dict[str, Any]] = {"neuron": NEURONS, "synapse": SYNAPSES, "plasticity": RULES}


def get_of_kind(kind: str, name: str) -> Any:
    """Return the neuron, synapse or plasticity rule of that name, or of ``PATH.py:NAME``; raises EquispikeError naming the ones
    there are.
    """
    if own_files.is_own(name):
        return own_files.load(name, CLASSES[kind])
    if name not in KINDS[kind]:
        raise EquispikeError(
            f"unknown {_WORDS[kind]} '{name}'; there are: {', '.join(KINDS[kind])}, or PATH.py:NAME of your own"
        )
    return KINDS[kind][name]


CLASSES: dict[str, type] = {"neuron": Neuron, "synapse": Synapse, "plasticity": Rule}
_WORDS = {"neuron": "neuron model", "synapse": "synapse model", "plasticity": "plasticity rule"}
