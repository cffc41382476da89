"""What can be proved about the connections of a network from what its construction asked of the device."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from brian2 import Subgroup
from brian2.core.variables import Variable
from brian2.synapses.synapses import Synapses, SynapticPathway

_EVERY_PAIR = {
    "setup_iterator": "_iter_low = 0\n_iter_high = N_post\n_iter_step = 1\n",
    "generator_expr": "_pre_idx = _raw_pre_idx \n_j = _k\n",
    "create_cond": "_cond = True\n",
    "update": "_post_idx = _raw_post_idx \n_n = 1\n",
}
_EVERY_OTHER = {**_EVERY_PAIR, "create_cond": "_post_idx = _raw_post_idx \n_cond = i != _k\n"}
_PARTNER = {
    **_EVERY_PAIR,
    "setup_iterator": "_iter_low = 0\n_iter_high = 1\n_iter_step = 1\n",
    "generator_expr": "_pre_idx = _raw_pre_idx \n_j = i\n",
}

#: What each pattern's ``connect()`` looks like to people.
CALLS = {"all-to-all": "connect()", "all-but-self": "connect(condition='i != j')", "one-to-one": "connect(j='i')"}


@dataclass(frozen=True)
class Creation:
    """One call of connect().

    Attributes
    ----------
    pattern : ``all-to-all``, ``all-but-self`` or ``one-to-one`` where the place of a synapse follows from its neurons
    sorted_by : ``pre`` or ``post``: the side along which synapses are created neuron after neuron
    """

    pattern: str | None
    sorted_by: str | None


@dataclass(frozen=True)
class Layout:
    """Where a pathway's synapses lie and when spikes arrive: ``pattern`` None means only Brian2's way is known to be right.

    Attributes
    ----------
    pattern : that of the creation; or ``rows``: each spiking neuron's synapses are neighbours; or ``scattered``: they are not
    delay : the variable of the delay that all synapses share, None where there is none
    reason : why, for people
    """

    pattern: str | None
    delay: Variable | None
    reason: str


class Connectivity:
    """Notes taken while a network is described."""

    def __init__(self) -> None:
        self._creations: dict[str, list[Creation]] = defaultdict(list)
        self._written: list[Variable] = []

    def note_connect(self, synapses: Synapses, abstract_code: object, options: dict) -> Creation:
        """Take down a call of connect() by its abstract code and the options of Brian2's template."""
        pattern = None
        if _reason(synapses) is None and options.get("multisynaptic_index") is None:
            as_many = len(synapses.source) == len(synapses.target)
            if abstract_code == _EVERY_PAIR:
                pattern = "all-to-all"
            elif as_many and abstract_code == _EVERY_OTHER:
                pattern = "all-but-self"
            elif as_many and abstract_code == _PARTNER:
                pattern = "one-to-one"
        sorted_by = {"i": "pre", "j": "post"}.get(options.get("outer_index", ""))
        creation = Creation(pattern if not self._creations[synapses.name] else None, sorted_by)
        self._creations[synapses.name].append(creation)
        return creation

    def note_written(self, variable: Variable) -> None:
        self._written.append(variable)

    def layout(self, pathway: SynapticPathway) -> Layout:
        """What is known of a pathway."""
        creations = self._creations[pathway.synapses.name]
        if reason := _reason(pathway.synapses):
            return Layout(None, None, reason)
        if len(creations) != 1:
            return Layout(None, None, f"connect() was called {len(creations)} times")
        delay = pathway.variables["delay"]
        if delay.scalar:
            shared, words = delay, "one delay for all"  # which may be zero
        elif any(written is delay for written in self._written):
            return Layout(None, None, "synapses have delays of their own")
        else:
            shared, words = None, "no delay"  # delays start at zero
        (creation,) = creations
        if creation.pattern:
            return Layout(creation.pattern, shared, f"{creation.pattern} by {CALLS[creation.pattern]}, {words}")
        if creation.sorted_by == pathway.prepost:
            return Layout("rows", shared, f"created neuron after neuron on the spiking side, {words}")
        return Layout("scattered", shared, f"synapses of a spiking neuron are gathered once, {words}")


def _reason(synapses: Synapses) -> str | None:
    """Why nothing can be known of connections, whatever connect() was asked for."""
    sides = (synapses.source, synapses.target)
    if any(isinstance(side, Subgroup) for side in sides):
        return "a subgroup is connected"
    if any(isinstance(side, Synapses) for side in sides):
        return "synapses are connected, whose number only the program knows"
    return None
