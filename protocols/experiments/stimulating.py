"""Giving each of many neurons its own current, all of them in one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from brian2 import Equations, Quantity, is_dimensionless

from equispike.models.codegen import Program, get_backend
from equispike.models.errors import EquispikeError
from equispike.models.neurons import Neuron, NeuronParams
from equispike.models.neurons.current_clamp import N_PIECES, build
from equispike.models.params import unit_name

_NEVER = 1e9  # s
_PROGRAMS: dict[tuple, Program] = {}


@dataclass(frozen=True)
class Current:
    """A current of straight pieces: (onset in s, level in SI units[, slope in SI units a s]), in the order of time.

    Before the first onset it is zero.
    """

    pieces: tuple[tuple[float, ...], ...]

    @classmethod
    def step(cls, level: float, start: float = 0.0, stop: float = _NEVER, base: float = 0.0) -> Current:
        """``level`` from ``start`` to ``stop``, ``base`` otherwise."""
        before = ((0.0, base),) if start > 0 else ()
        return cls((*before, (start, level), *(((stop, base),) if stop < _NEVER else ())))


@dataclass(frozen=True)
class Responses:
    """What neurons did.

    Attributes
    ----------
    spikes : columns neuron, t, crossed in s, in the order of time; see :func:`models.neurons.current_clamp.build`
    samples : columns neuron, t in s, the neuron's variables and its input in SI units
    """

    n: int
    spikes: pd.DataFrame
    samples: pd.DataFrame

    def intervals(self, resets: bool) -> pd.DataFrame:
        """Intervals between the spikes of each neuron: neuron, number from 1 on, interval in s.

        A spike that resets ends an integration that begins at the end of its own time step; what goes on without a reset
        is measured from crossing to crossing. Neither has the time step's bias.
        """
        spikes = self.spikes.sort_values(["neuron", "t"], kind="stable")
        of_neuron = spikes.groupby("neuron", sort=False)
        before = of_neuron["t" if resets else "crossed"].shift()
        return pd.DataFrame(
            {"neuron": spikes["neuron"], "number": of_neuron.cumcount(), "interval": spikes["crossed"] - before}
        ).dropna()

    def counts(self) -> np.ndarray:
        """Spikes of each neuron, (n,)."""
        return np.bincount(self.spikes["neuron"], minlength=self.n)


def stimulate(
    neuron: Neuron,
    params: NeuronParams,
    currents: Sequence[Current],
    duration: float,
    backend: str,
    seed: int,
    *,
    varied: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    sample_every: float | None = None,
    n_sampled: int | None = None,
) -> Responses:
    """Run one network with a neuron for each current.

    Parameters
    ----------
    duration : in s
    varied : parameters of which each neuron has a value of its own, (n,), in Brian2 units
    initial : state variables at the beginning, (n,) in SI units; without them neurons begin at rest
    sample_every : seconds between samples of the first ``n_sampled`` neurons (all of them if not given); None for none

    Raises
    ------
    EquispikeError
        The method does not solve the neuron's equations.
    """
    n = len(currents)
    varied = {key: np.asarray(values, dtype=float) for key, values in (varied or {}).items()}
    size = _size(n)
    pieces = _pieces(currents, size)
    state = {"cells.at_rest": np.full(size, initial is None)}
    for key, values in {**(initial or {}), **varied}.items():
        state[f"cells.{key}"] = np.concatenate([values, np.repeat(values[-1:], size - n)])
    dt = float(params.dt)
    constants: dict[str, object] = {
        "n_steps": max(1, round(duration / dt)),
        "sample_every": 1 if sample_every is None else max(1, round(sample_every / dt)),
        "n_sampled": 0 if sample_every is None else n if n_sampled is None else n_sampled,
    }
    constants |= {key: value for key, value in params.namespace().items() if key != "dt" and key not in varied}
    result = _program(neuron, params, size, tuple(varied), backend).run(state, pieces, constants, seed)
    for key in neuron.variables:
        if np.isnan(result.state.get(f"cells.{key}", 0)).any():
            raise EquispikeError(
                f"{key} of {neuron.name} is no number any more, solved by the method {neuron.method} in steps of "
                f"{params.dt}: choose another method, such as exponential_euler, or a shorter dt"
            )
    spikes = pd.DataFrame({key: result.records["spikes"][key] for key in ("i", "t", "crossed")})
    samples = pd.DataFrame(result.records["samples"])
    spikes, samples = (table.rename(columns={"i": "neuron"}) for table in (spikes, samples))
    return Responses(n, spikes[spikes["neuron"] < n].reset_index(drop=True), samples)


def _size(n: int) -> int:
    """Programs are built for 64, 512, ... neurons, so that experiments share them."""
    size = 64
    while size < n:
        size *= 8
    return size


def _pieces(currents: Sequence[Current], size: int) -> dict[str, np.ndarray]:
    onsets, levels, slopes = np.full((N_PIECES, size), _NEVER), np.zeros((N_PIECES, size)), np.zeros((N_PIECES, size))
    for k, current in enumerate(currents):
        pieces = current.pieces if current.pieces and current.pieces[0][0] <= 0 else ((0.0, 0.0), *current.pieces)
        if len(pieces) >= N_PIECES:
            raise ValueError(f"a current has {len(pieces)} pieces, at most {N_PIECES - 1} are possible")
        for row, (onset, level, *slope) in enumerate(pieces):
            onsets[row, k], levels[row, k], slopes[row, k] = onset, level, slope[0] if slope else 0.0
    return {"stim_onsets": onsets, "stim_levels": levels, "stim_slopes": slopes}


def _program(neuron: Neuron, params: NeuronParams, size: int, varied: tuple[str, ...], backend: str) -> Program:
    """The program of such a network, built once in a process."""
    texts = (
        neuron.equations,
        neuron.threshold,
        neuron.reset,
        str(neuron.refractory),
        neuron.method,
        *neuron.rest.items(),
    )
    key = (texts, neuron.input, tuple(params.namespace()), float(params.dt), size, varied, backend)
    if key not in _PROGRAMS:
        _PROGRAMS[key] = get_backend(backend).compile(lambda: build(neuron, params, size, varied))
    return _PROGRAMS[key]


def in_si(values: Any) -> np.ndarray:
    """A value or an array with a unit as plain numbers in SI units."""
    return np.asarray(values, dtype=float)


def shown(neuron: Neuron, current: Any) -> np.ndarray:
    """Currents in SI units as numbers in the unit that the neuron's currents are written in."""
    return np.asarray(current, dtype=float) / scale(neuron)


def scale(neuron: Neuron) -> float:
    """The unit of the neuron's currents, in SI units."""
    return 1.0 if neuron.current_unit is None else float(neuron.current_unit)


def current_column(neuron: Neuron, name: str = "current") -> str:
    """Name of a column of currents with its unit, such as ``current_nA``."""
    return name if neuron.current_unit is None else f"{name}_{unit_name(neuron.current_unit)}"


def potential_scale(neuron: Neuron) -> float:
    """1 mV in SI units, or 1 where the potential is a plain number."""
    return 1e-3 if _has_volts(neuron) else 1.0


def potential_column(neuron: Neuron, name: str = "v") -> str:
    """Name of a column of potentials with its unit."""
    return f"{name}_mV" if _has_volts(neuron) or neuron.in_mv else name


def _has_volts(neuron: Neuron) -> bool:
    return not is_dimensionless(Quantity(1, dim=Equations(neuron.equations).dimensions["v"]))


def typical(neuron: Neuron, factor: Any = 1.0) -> Any:
    """The neuron's typical current times ``factor``, a number or an array (n,), with its unit."""
    value = np.asarray(factor, dtype=float) * neuron.current
    if neuron.current_unit is None:
        return float(value) if value.ndim == 0 else value
    return Quantity(value * float(neuron.current_unit), dim=neuron.current_unit.dim)


def sample_table(neuron: Neuron, samples: pd.DataFrame, case: str) -> pd.DataFrame:
    """Samples in the units of tables: ``case`` (the neuron's number), t_ms, potential, current."""
    return pd.DataFrame(
        {
            case: samples["neuron"],
            "t_ms": 1000 * samples["t"],
            potential_column(neuron): samples["v"] / potential_scale(neuron),
            current_column(neuron): samples[neuron.input] / scale(neuron),
        }
    ).sort_values([case, "t_ms"])


def undriven(neuron: Neuron, params: NeuronParams) -> str | None:
    """Why an experiment with currents makes no sense for a neuron without an input for them."""
    return None if neuron.input else "it has no input for a current, synapses alone drive it"
