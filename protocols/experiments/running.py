"""Running an experiment and keeping what came of it as a run folder."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from brian2 import second

from equispike import models
from equispike.models import own_files
from equispike.models.codegen import BACKENDS, get_backend
from equispike.models.errors import EquispikeError
from equispike.models.params import Params
from equispike.models.timing import Stopwatch, about
from equispike.protocols import limits
from equispike.protocols.catalogue import SYSTEMS
from equispike.protocols.experiments import get_experiment
from equispike.protocols.experiments.base import Experiment, Tables
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import FORMAT, RunFolder

ARTICLE = {
    "neuron": "a neuron model",
    "synapse": "a synapse model",
    "plasticity": "a plasticity rule",
    "network": "a network",
}


@dataclass(frozen=True)
class Outcome:
    """What an experiment left: its run folder, and its tables by name."""

    folder: RunFolder
    tables: Tables = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """The main table."""
        return next(iter(self.tables.values()))


def run_experiment(
    model: str,
    experiment: str,
    params: Mapping[str, Any] | None = None,
    backend: str = "auto",
    out: Path | str | None = None,
    seed: int = 0,
    force: bool = False,
) -> Outcome:
    """Do an experiment on a neuron, synapse or plasticity rule.

    Parameters
    ----------
    model, experiment : names, of ``models.KINDS`` and of ``protocols.experiments.EXPERIMENTS``
    params : settings of the model and of the experiment by name, as values or as text such as ``20*ms``
    backend : ``auto``: C++ where there is a compiler and enough to do, else NumPy
    out : new run folder; without it ``runs/EXPERIMENT-MODEL``, or that with the first free number
    seed : of everything random
    force : do it however many time steps it takes

    Raises
    ------
    EquispikeError
        A name, a key or a value is wrong, the experiment makes no sense for the model, or ``out`` cannot be written.
    """
    chosen = get_experiment(experiment)
    if own_files.is_own(model):
        model = own_files.absolute(model)
    subject = subject_of(chosen, model)
    model_params, own = settled(chosen, subject, params or {})
    if not force:
        limits.refuse(limits.steps_fault(_longest(model_params, own), experiment))
    backend = chosen_backend(backend, light=chosen.light(subject))
    folder = _new_folder(Path(out)) if out is not None else _free_folder(f"{experiment}-{model.rpartition(':')[2]}")
    watch = Stopwatch()
    try:
        with about(f"{experiment} of {model}"):
            tables = chosen.run(subject, model_params, own, backend, seed)
    except EquispikeError as error:
        if own_files.is_own(model):
            raise EquispikeError(f"{model}: {error}") from error
        raise
    wall_s, cpu_s = watch.read()
    record = {
        "format": FORMAT,
        "config": {
            "experiment": experiment,
            "model": model,
            "params": model_params.as_text(),
            "experiment_params": own.as_text(),
            "data": None,
            "backend": backend,
            "seed": seed,
        },
        "tables": list(tables),
        **provenance(),
        "status": "done",
        "wall_s": wall_s,
        "cpu_s": cpu_s,
    }
    run = RunFolder.create(folder)
    for name, table in tables.items():
        run.write_table(f"{name}.csv", table)
    run.write_json("run.json", record)  # last: what has it is whole
    return Outcome(run, tables)


def subject_of(experiment: Experiment, name: str) -> Any:
    """The model of that name, of the kind that the experiment takes."""
    fitting = models.KINDS[experiment.takes]
    for kind, entries in {**models.KINDS, "network": SYSTEMS}.items():
        if name in entries and name not in fitting:
            raise EquispikeError(
                f"{experiment.name} takes {ARTICLE[experiment.takes]}, and {name} is {ARTICLE[kind]}: choose one of "
                f"{', '.join(fitting)}"
            )
    return models.get_of_kind(experiment.takes, name)


def settled(experiment: Experiment, model: Any, settings: Mapping[str, Any]) -> tuple[Params, Params]:
    """Parameters of the model and of the experiment; each key of ``settings`` belongs to the one that has it, or to the one
    whose name stands before a dot."""
    if model.params is None:
        raise EquispikeError(f"{model.name} has no parameters of its own: it is part of a network")
    model_params = model.params()
    if reason := experiment.why_not(model, model_params):
        raise EquispikeError(f"{experiment.name} makes no sense for {model.name}: {reason}")
    own_keys, model_keys = experiment.params(model, model_params).keys(), model_params.keys()
    of_model: dict[str, Any] = {}
    of_experiment: dict[str, Any] = {}
    for key, value in settings.items():
        owner, dot, name = key.partition(".")
        if dot and owner in (model.name, experiment.name):
            (of_model if owner == model.name else of_experiment)[name] = value
        elif key in own_keys and key in model_keys:
            raise EquispikeError(
                f"both {model.name} and {experiment.name} have a parameter {key}: write {model.name}.{key} or "
                f"{experiment.name}.{key}"
            )
        elif key in own_keys:
            of_experiment[key] = value
        elif key in model_keys:
            of_model[key] = value
        else:
            near = difflib.get_close_matches(key, [*model_keys, *own_keys], n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            raise EquispikeError(
                f"unknown parameter '{key}'{hint}; {model.name} has {', '.join(model_keys)}; {experiment.name} has "
                f"{', '.join(own_keys)}"
            )
    model_params = model_params.updated(of_model)
    return model_params, experiment.params(model, model_params).updated(of_experiment)


def chosen_backend(name: str, *, light: bool = False) -> str:
    """The backend of that name, which must work here; ``auto`` is cpp where there is a compiler and enough to do, else numpy."""
    if name == "auto":
        return "numpy" if light or BACKENDS["cpp"].why_not() else "cpp"
    get_backend(name)
    return name


def _longest(model_params: Params, own: Params) -> int:
    """Time steps of the longest time that parameters of an experiment name, or of as many pairs as they ask for."""
    numbers = {key: np.atleast_1d(np.asarray(getattr(own, key), float)) for key in own.keys() if key != "dt"}
    units = {field.name: field.metadata["unit"] for field in own.declared()}
    times = [
        float(np.abs(numbers[key]).max()) for key in numbers if units[key] is not None and units[key].dim == second.dim
    ]
    if "n_pairs" in numbers:
        times += [
            float(numbers["n_pairs"].max() / numbers[key].min()) for key in ("rate", "rate_sweep") if key in numbers
        ]
    dt = getattr(own, "dt", None) or getattr(model_params, "dt", None)
    return 0 if dt is None else round(max(times, default=0.0) / float(dt))


def _new_folder(path: Path) -> Path:
    """``path``, refused before anything runs where there is something already."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise EquispikeError(f"{path} exists: choose another --out")
    return path


def _free_folder(name: str) -> Path:
    runs, number = Path("runs"), 1
    folder = runs / name
    while folder.exists():
        number += 1
        folder = runs / f"{name}-{number}"
    return folder
