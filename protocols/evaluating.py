"""Evaluation: readouts learn from labelled training samples, and are tested on samples never used for anything else."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.activity import record_activity
from equispike.protocols.data import Dataset
from equispike.protocols.procedures.base import LABELLING, TESTING, Procedure, ignore
from equispike.protocols.provenance import cpu_seconds, provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import with_features
from equispike.protocols.spec import TrainingSpec

SPLITS = ("test", "validation")
#: Arrays of all readouts, as ``vote.class_rates``, and what they were learned from.
READOUTS = "readouts.npz"


@dataclass(frozen=True)
class Evaluation:
    """Outcome of an evaluation; ``accuracy`` and ``guesses`` (n,) by readout, ``truth`` (n,)."""

    split: str
    accuracy: dict[str, float]
    guesses: dict[str, np.ndarray]
    truth: np.ndarray


def label_indices(spec: TrainingSpec, n_label: int | None) -> np.ndarray:
    """Return which training samples label: ``n_label`` of those that are not held out, at random, or all."""
    return np.random.default_rng([spec.seed, LABELLING]).permutation(spec.n_train)[:n_label]


def split_samples(data: Dataset, spec: TrainingSpec, split: str) -> tuple[Any, np.ndarray]:
    """Return samples and labels of ``test`` or of ``validation``, the training samples that the run held out."""
    if split == "test":
        return data.test_images, data.test_labels
    if spec.holdout == 0:
        raise EquispikeError("this run held out no training images for validation: train with --holdout 10000")
    return data.train_images[-spec.holdout :], data.train_labels[-spec.holdout :]


def evaluate(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    readouts: Sequence[str] = (),
    settings: dict[str, Any] | None = None,
    n_label: int | None = None,
    n_test: int | None = None,
    jobs: int = 1,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = ignore,
) -> Evaluation:
    """Let readouts learn, and measure their accuracy on ``split``; both go into the run folder.

    Parameters
    ----------
    split : ``test``: the test set; ``validation``: the training samples that the run held out
    readouts : names of the procedure's; those that cost nothing more than the first, if none is given
    settings : of the procedure's parameters on which answers alone depend
    n_label : training samples from which readouts learn; the procedure's number if not given
    n_test : only the first samples of the split
    jobs : runs at a time
    report : called with phase, samples done and samples in all
    """
    spec = chosen(TrainingSpec.of_run(run), settings or {})
    arrays = run.trained_arrays()
    data = with_features(data, spec, run, split, jobs=jobs, report=report)
    samples, truth = split_samples(data, spec, split)
    samples, truth = samples[:n_test], truth[:n_test]
    procedure = spec.procedure(backend, len(samples))
    names = named(procedure, readouts)
    state = procedure.state(arrays)
    procedure.ready(None)
    wall, cpu = time.monotonic(), cpu_seconds()
    learned = _Labels(run, data, procedure, state, n_label, jobs, report)
    fitted = {name: learned.arrays(name) for name in names}
    labelling = time.monotonic() - wall, cpu_seconds() - cpu
    wall, cpu = time.monotonic(), cpu_seconds()
    phase = f"evaluating on the {split} set"
    answers = procedure.respond(
        state, samples, phase=TESTING, jobs=jobs, report=lambda done: report(phase, done, len(samples))
    )
    answering = time.monotonic() - wall, cpu_seconds() - cpu
    guesses = {name: procedure.readouts[name].scores(fitted[name], answers).argmax(axis=1) for name in names}
    accuracy = {name: float((guess == truth).mean()) for name, guess in guesses.items()}
    record = {
        "split": split,
        "n_images": len(samples),
        "n_label": learned.n if any(procedure.readouts[name].learns for name in names) else 0,
        "settings": {key: spec.procedure_params.as_text()[key] for key in procedure.answer_keys},
        "data": {"name": data.name, "checksum": data.checksum},
        "backend": procedure.backend,
    }
    facts = {
        "accuracy_by_labelled_images": learned.curve(names, answers, truth),
        "wall_s": answering[0],
        "cpu_s": answering[1],
        "labelling_wall_s": labelling[0],
        "labelling_cpu_s": labelling[1],
        **provenance(),
    }
    _keep(run, split, record, accuracy, {"truth": truth, **guesses}, facts)
    if spec.system.is_spiking and procedure.activity_samples:
        report("recording spikes", 0, 1)
        record_activity(run, procedure, state, data)
        report("recording spikes", 1, 1)
    return Evaluation(split, accuracy, guesses, truth)


def chosen(spec: TrainingSpec, settings: dict[str, Any]) -> TrainingSpec:
    """Return ``spec`` with ``settings`` of parameters on which answers alone depend; raises EquispikeError for others."""
    keys = spec.system.trained_by.answer_keys
    for key in settings:
        if key not in keys:
            able = f"only {', '.join(keys)} can" if keys else f"no parameter of {spec.system.name} can"
            raise EquispikeError(f"{key} cannot be chosen for an evaluation: {able}")
    return spec.replaced(procedure_params=spec.procedure_params.updated(settings))


def named(procedure: Procedure, names: Collection[str]) -> list[str]:
    """Return readouts by their names and, for each, its variants such as ``svm-global``; the first with its own, or all votes.

    Raises EquispikeError where there is no readout of a name.
    """
    known = list(procedure.readouts)
    for name in names:
        if name not in known:
            raise EquispikeError(
                f"{procedure.spec.system.name} has no readout {name}: choose one of {', '.join(known)}"
            )
    wanted = names or procedure.default_readouts
    return [name for name in known if name in wanted or name.rpartition("-")[0] in wanted]


class _Labels:
    """Readouts that learn from the answers to labelled training samples, which are taken when the first one needs them."""

    def __init__(self, run: RunFolder, data: Dataset, procedure: Procedure, state, n_label, jobs: int, report) -> None:
        self._run, self._data, self._procedure, self._state = run, data, procedure, state
        self._jobs, self._report = jobs, report
        self._which = label_indices(procedure.spec, procedure.n_label if n_label is None else n_label)
        self._answers: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self._which)

    @property
    def _labels(self) -> np.ndarray:
        return self._data.train_labels[self._which]

    def _answered(self) -> np.ndarray:
        if self._answers is None:
            samples, phase = self._data.train_images[self._which], "labelling on training images"
            self._answers = self._procedure.respond(
                self._state,
                samples,
                phase=LABELLING,
                jobs=self._jobs,
                report=lambda done: self._report(phase, done, self.n),
            )
        return self._answers

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return what a readout has learned: from the run folder, if it was from the same samples and the same network."""
        readout = self._procedure.readouts[name]
        if not readout.learns:
            return {}
        procedure = self._procedure
        settings = {key: procedure.spec.procedure_params.as_text()[key] for key in procedure.answer_keys}
        of = learned_from(self._run, self.n, settings, self._data.checksum)
        kept = self._run.read_arrays(READOUTS) if self._run.has(READOUTS) else {}
        mine = {key: values for key, values in kept.items() if key.startswith(f"{name}.")}
        if str(mine.pop(f"{name}.of", "")) != of:
            self._report(f"training the readout {name}", 0, 1)
            found = readout.fit(self._answered(), self._labels, self._data.n_classes)
            mine = {f"{name}.{key}": values for key, values in found.items()}
            others = {key: values for key, values in kept.items() if not key.startswith(f"{name}.")}
            self._run.write_arrays(READOUTS, others | mine | {f"{name}.of": np.array(of)}, compress=True)
            self._report(f"training the readout {name}", 1, 1)
        return {key.removeprefix(f"{name}."): values for key, values in mine.items()}

    def curve(self, names: Sequence[str], answers: np.ndarray, truth: np.ndarray) -> dict[int, float]:
        """Return accuracies of the first readout with fewer labelled samples, where the procedure asks for them."""
        first, found = next(iter(self._procedure.readouts)), {}
        for n in self._procedure.label_curve if first in names else ():
            if n < self.n:
                readout = self._procedure.readouts[first]
                learned = readout.fit(self._answered()[:n], self._labels[:n], self._data.n_classes)
                found[n] = float((readout.scores(learned, answers).argmax(axis=1) == truth).mean())
        return found


def learned_from(run: RunFolder, n_label: int, settings: dict[str, str], data_checksum: str) -> str:
    """Return a hash of what a readout depends on: the trained arrays, the samples, and how they are answered."""
    digest = hashlib.sha256((run.path / "arrays.npz").read_bytes())
    digest.update(repr([n_label, sorted(settings.items()), data_checksum]).encode())
    return digest.hexdigest()


def readout_arrays(run: RunFolder, name: str) -> dict[str, np.ndarray]:
    """Return what a readout of an evaluated run has learned; raises EquispikeError where it has not."""
    kept = run.read_arrays(READOUTS) if run.has(READOUTS) else {}
    arrays = {key.removeprefix(f"{name}."): values for key, values in kept.items() if key.startswith(f"{name}.")}
    if not arrays:
        raise EquispikeError(
            f"the readout {name} of {run.path} has no labels yet: run equispike evaluate {run.path} first"
        )
    return arrays


def _keep(run: RunFolder, split: str, settings: dict, accuracy: dict, guesses: dict, facts: dict) -> None:
    """Write the outcome beside that of other readouts, where it was measured with the same settings."""
    name = f"evaluation-{split}"
    if run.has(f"{name}.json") and run.has(f"{name}.npz"):
        before = run.read_json(f"{name}.json")
        if all(before.get(key) == value for key, value in settings.items()):
            accuracy = before["accuracy"] | accuracy
            guesses = run.read_arrays(f"{name}.npz") | guesses
            curve = "accuracy_by_labelled_images"
            facts[curve] = facts[curve] or before[curve]
    run.write_arrays(f"{name}.npz", guesses, compress=True)
    run.write_json(f"{name}.json", {**settings, "accuracy": accuracy, **facts})
