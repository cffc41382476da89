"""A search by Optuna on held-out training images: rounds of trials, each an ordinary sweep of all trials so far.

What was proposed is kept in search.json; the rest is replayed from the results of the runs, so that a search goes on after any
interruption and proposes what it would have proposed without.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.atomic_write import atomic_write
from equispike.scripts.workflow import driver
from equispike.scripts.workflow.axes import Point, Range
from equispike.scripts.workflow.located import Located
from equispike.scripts.workflow.plan import Plan, plan
from equispike.scripts.workflow.status import State, states
from equispike.scripts.workflow.sweep_file import Search, Sweep

TRIALS = "search.json"

type Trial = dict[str, float | int | str]


def carry_out(sweep: Sweep, folder: Path, cores: int, profile: str | None, watcher: driver.Watcher) -> dict[str, State]:
    """Propose and run trials until there are as many as asked for; returns the states of all runs."""
    search = _search_of(sweep)
    check(sweep)
    trials = _trials(folder)
    while True:
        if trials:
            planned = _plan(sweep, trials)
            last = len(trials) >= search.trials
            found = driver.carry_out(planned, folder, cores, profile, watcher, products=last)
            if last:
                return found
            values = _values(planned, found, search, len(trials), len(sweep.seeds))
        else:
            values = []
        trials += _propose(search, trials, values, min(search.at_a_time, search.trials - len(trials)))
        with atomic_write(folder / TRIALS) as temporary:
            temporary.write_text(json.dumps(trials, indent=1) + "\n")
        watcher.say(f"trials {len(values) + 1} to {len(trials)} of {search.trials}")


def check(sweep: Sweep) -> None:
    """Raise EquispikeError that names the line where trials at both ends of all axes could not be run."""
    for end in (0.0, 1.0):
        _plan(sweep, [{axis.name: str(axis.at(end).value) for axis in _search_of(sweep).axes}])


def found(sweep: Sweep, folder: Path) -> list[dict[str, Any]]:
    """The trials that were proposed so far, best first: trial, accuracy (mean over seeds, on held-out training images; None
    where there is none yet), and settings.
    """
    search, trials = _search_of(sweep), _trials(folder)[: _search_of(sweep).trials]
    check(sweep)
    if not trials:
        return []
    planned = _plan(sweep, trials)
    values = _values(planned, states(planned, folder), search, len(trials), len(sweep.seeds))
    rows = [
        {"trial": place + 1, "accuracy": value, **trial}
        for place, (trial, value) in enumerate(zip(trials, values, strict=True))
    ]
    return sorted(rows, key=lambda row: -1.0 if row["accuracy"] is None else row["accuracy"], reverse=True)


def _search_of(sweep: Sweep) -> Search:
    assert sweep.search is not None
    return sweep.search


def _trials(folder: Path) -> list[Trial]:
    """What was proposed so far: text of each setting."""
    try:
        return json.loads((folder / TRIALS).read_text())
    except FileNotFoundError:
        return []
    except ValueError:
        raise EquispikeError(
            f"{folder / TRIALS} is damaged: delete it to begin the search anew; runs are kept"
        ) from None


def _plan(sweep: Sweep, trials: list[Trial]) -> Plan:
    where = {axis.name: axis.where.where for axis in _search_of(sweep).axes}
    points: list[Point] = [
        {name: Located(str(value), where.get(name, str(sweep.path))) for name, value in trial.items()}
        for trial in trials
    ]
    return plan(
        dataclasses.replace(
            sweep, points=points, evaluate=sweep.evaluate | {"split": [Located("validation", str(sweep.path))]}
        )
    )


def _values(planned: Plan, found: dict[str, State], search: Search, n_trials: int, n_seeds: int) -> list[float | None]:
    """Mean accuracy over seeds of each trial; None where one failed."""
    accuracies = []
    for name in planned.runs:
        marker = found[name].marker or {}
        accuracy = marker.get("accuracy", {})
        accuracies.append(accuracy.get(search.maximise, np.nan))
    means = np.reshape(accuracies, (n_trials, n_seeds)).mean(axis=1)
    return [float(mean) if np.isfinite(mean) else None for mean in means]


def _propose(search: Search, trials: list[Trial], values: list[float | None], number: int) -> list[Trial]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # A seed for each round: what is proposed depends on the results before it alone.
    sampler = optuna.samplers.TPESampler(seed=search.seed + len(trials), constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = {axis.name: _distribution(axis) for axis in search.axes}
    for trial, value in zip(trials, values, strict=True):
        params = {axis.name: _number(axis, trial[axis.name]) for axis in search.axes}
        state = optuna.trial.TrialState.FAIL if value is None else optuna.trial.TrialState.COMPLETE
        study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value, state=state))
    proposed = [study.ask(distributions).params for _ in range(number)]
    return [
        {
            axis.name: str(axis.written(params[axis.name]).value) if not axis.words else params[axis.name]
            for axis in search.axes
        }
        for params in proposed
    ]


def _distribution(axis: Range) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.words:
        return CategoricalDistribution(axis.words)
    if axis.whole:
        return IntDistribution(round(axis.low), round(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def _number(axis: Range, text: float | int | str) -> float | int | str:
    """A setting's text as the number that was proposed, within the axis in spite of rounding."""
    if axis.words:
        return text
    number = float(str(text).partition("*")[0])
    return round(number) if axis.whole else min(max(number, axis.low), axis.high)
