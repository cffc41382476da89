"""The lowest current that does something: all candidates of all cases in one network, several times ever closer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from equispike.models.errors import EquispikeError

#: Candidates a case and round, and rounds: a range of six decades is narrowed down to 1.5e-5 of the current.
CANDIDATES, ROUNDS = 32, 4


def lowest(acts: Callable[[np.ndarray], np.ndarray], n_cases: int, low: float, high: float) -> np.ndarray:
    """The lowest currents (n_cases,) between ``low`` and ``high``, both positive, that act.

    NaN where none does, and where ``low`` acts already: the lowest one is below it, or nothing is needed.

    Parameters
    ----------
    acts : currents (n_cases, CANDIDATES) -> whether each acts; runs one network
    """
    if not low < high:
        raise EquispikeError(
            f"the weakest current tried, {low:g}, must be below the strongest, {high:g} (in SI units): change one"
        )
    lows, highs = np.full(n_cases, low), np.full(n_cases, high)
    outside = np.zeros(n_cases, dtype=bool)
    for round_number in range(ROUNDS):
        candidates = np.geomspace(lows, highs, CANDIDATES, axis=1)
        found = acts(candidates)
        if round_number == 0:
            outside = ~found.any(axis=1) | found[:, 0]
        first = np.where(found.any(axis=1), found.argmax(axis=1), CANDIDATES - 1)
        rows = np.arange(n_cases)
        lows, highs = candidates[rows, np.maximum(first - 1, 0)], candidates[rows, first]
    return np.where(outside, np.nan, highs)
