"""What can be proved about the connections of a network from what its construction asked of the device."""

from __future__ import annotations

from collections import defaultdict

from brian2 import Subgroup
from brian2.core.variables import Variable
from brian2.synapses.synapses import SynapticPathway

#: What ``Synapses.connect()`` without a condition, probability or number generates: every pair once, row by row.
_EVERY_PAIR = {
    "setup_iterator": "_iter_low = 0\n_iter_high = N_post\n_iter_step = 1\n",
    "generator_expr": "_pre_idx = _raw_pre_idx \n_j = _k\n",
    "create_cond": "_cond = True\n",
    "update": "_post_idx = _raw_post_idx \n_n = 1\n",
}


class Connectivity:
    """Notes taken while a network is described."""

    def __init__(self) -> None:
        self._connects: dict[str, list[bool]] = defaultdict(list)
        self._written: list[Variable] = []

    def note_connect(self, synapses: str, abstract_code: object) -> None:
        self._connects[synapses].append(abstract_code == _EVERY_PAIR)

    def note_written(self, variable: Variable) -> None:
        self._written.append(variable)

    def is_all_to_all(self, pathway: SynapticPathway) -> bool:
        """Whole groups, connected once, every pair, and no delay on this pathway."""
        whole_groups = not isinstance(pathway.source, Subgroup) and not isinstance(pathway.target, Subgroup)
        return whole_groups and self._connects[pathway.synapses.name] == [True] and self._is_undelayed(pathway)

    def _is_undelayed(self, pathway: SynapticPathway) -> bool:
        delay = pathway.variables["delay"]
        if delay.scalar:
            return float(delay.get_value()[0]) == 0.0
        return not any(written is delay for written in self._written)  # delays start at zero
