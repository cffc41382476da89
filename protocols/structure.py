"""What a network is made of, as its projections declare it: what operations are counted on, and what can be lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Units:
    """Neurons, or maps of a convolution, that can be lost, as they lie in an array of weights.

    Attributes
    ----------
    array : name of the array
    shape : in which the units are along ``axis``
    group : units of the same group in several arrays are lost together
    """

    array: str
    shape: tuple[int, ...]
    axis: int
    group: str


@dataclass(frozen=True)
class Operations:
    """Operations per sample of one projection; ``effective``: where neither the weight nor what arrives is zero."""

    projection: str
    kind: str
    synapses: int
    effective: float
    dense: float


@dataclass(frozen=True)
class Fan:
    """Synapses between two groups.

    Attributes
    ----------
    kind : ``AC`` or ``MAC``
    fan_out : (n_source,) synapses of each source neuron whose weight is not zero
    n_synapses : all, zero or not
    weights : state variable that holds the weights; None where they are one constant
    shape, axes : of the weights; axes are called ``source``, ``target``, ``source maps``, ``target maps`` and so on
    """

    name: str
    source: str
    target: str
    kind: str
    fan_out: np.ndarray
    n_synapses: int
    weights: str | None
    shape: tuple[int, ...]
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Structure:
    """A network's projections, and for each target group neurons and differential equations per neuron."""

    projections: list[Fan]
    neurons: dict[str, int]
    equations: dict[str, int]

    @property
    def weights(self) -> list[str]:
        """Return the names of arrays of weights."""
        return list(dict.fromkeys(each.weights for each in self.projections if each.weights))

    def units(self, classes: str | None) -> list[Units]:
        """Return what can be lost: the neurons, or the maps, of every group with weights but ``classes``.

        A neuron is lost with the weights that leave it, or with those that reach it where it has no others.
        """
        weighted = [each for each in self.projections if each.weights]
        maps = {
            each.target: each.shape[each.axes.index("target maps")] for each in weighted if "target maps" in each.axes
        }
        found = []
        for group in dict.fromkeys(each.target for each in weighted):
            if group == classes:
                continue
            if leaving := [each for each in weighted if each.source == group]:
                found += [_units(each, "source", group, maps.get(group, 1)) for each in leaving]
            else:
                reaching = [each for each in weighted if each.target == group]
                found += [_units(each, "target", group, maps.get(group, 1)) for each in reaching]
        return found


def _units(each: Fan, side: str, group: str, n_maps: int) -> Units:
    assert each.weights is not None
    if f"{side} maps" in each.axes:
        return Units(each.weights, each.shape, each.axes.index(f"{side} maps"), group)
    axis = each.axes.index(side)
    if n_maps == 1:
        return Units(each.weights, each.shape, axis, group)
    places = each.shape[axis] // n_maps  # neurons are numbered place by place
    return Units(each.weights, (*each.shape[:axis], places, n_maps, *each.shape[axis + 1 :]), axis + 1, group)


def of_equations(built) -> Structure:
    """Return the structure of described Brian2 objects; raises EquispikeError for synapses that are not declared."""
    built.check_declared()
    objects = {each.name: each for each in built.objects}
    found = []
    for each in built.projections:
        synapses = objects[each.synapses]
        before = np.asarray(synapses.i)
        there = np.asarray(synapses.w[:]) != 0 if each.weights else np.ones(len(before), bool)
        fan_out = np.bincount(before[there], minlength=len(synapses.source))
        source, target = synapses.source.name, synapses.target.name
        found.append(
            Fan(
                each.synapses, source, target, each.operation, fan_out, len(before), each.weights, each.shape, each.axes
            )
        )
    targets = dict.fromkeys(each.target for each in found)
    return Structure(
        found,
        {name: len(objects[name]) for name in targets},
        {name: len(objects[name].equations.diff_eq_names) for name in targets},
    )
