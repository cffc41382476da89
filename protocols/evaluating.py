"""Evaluation: readouts learn from labelled training samples, and are tested on samples never used for anything else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.models.timing import Stopwatch
from equispike.protocols.activity import record_activity
from equispike.protocols.data import Dataset
from equispike.protocols.derived import WEIGHTS, checksum
from equispike.protocols.evaluations import evaluation_name
from equispike.protocols.learned import LearnedFrom, answer_settings, of_readout, wrong_shapes
from equispike.protocols.procedures.base import LABELLING, TESTING, Procedure, ignore
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import with_features
from equispike.protocols.spec import TrainingSpec


@dataclass(frozen=True)
class Evaluation:
    """Outcome of an evaluation; ``accuracy`` and ``guesses`` (n,) by readout, ``truth`` (n,)."""

    split: str
    accuracy: dict[str, float]
    guesses: dict[str, np.ndarray] = field(repr=False)
    truth: np.ndarray = field(repr=False)


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
    with run.writing():
        return _evaluated(run, data, split, readouts, settings, n_label, n_test, jobs, backend, report)


def _evaluated(
    run: RunFolder, data: Dataset, split, readouts, settings, n_label, n_test, jobs, backend, report
) -> Evaluation:
    spec = chosen(TrainingSpec.of_run(run), settings or {})
    arrays = run.trained_arrays()
    data.need_labels()
    data = with_features(data, spec, run, split, jobs=jobs, report=report)
    samples, truth = split_samples(data, spec, split)
    n_split = len(truth)
    samples, truth = samples[:n_test], truth[:n_test]
    procedure = spec.procedure(backend, len(samples))
    names = named(procedure, readouts)
    state = procedure.state(arrays)
    procedure.ready(None)
    weights = checksum(arrays)
    watch = Stopwatch()
    learned = _Labels(run, data, procedure, state, weights, n_label, jobs, report)
    fitted = {name: learned.arrays(name) for name in names}
    labelling = watch.read()
    watch = Stopwatch()
    phase = f"evaluating on the {split} set"
    answers = procedure.respond(
        state, samples, phase=TESTING, jobs=jobs, report=lambda done: report(phase, done, len(samples))
    )
    answering = watch.read()
    guesses = {name: procedure.readouts[name].scores(fitted[name], answers).argmax(axis=1) for name in names}
    accuracy = {name: float((guess == truth).mean()) for name, guess in guesses.items()}
    record = {
        "split": split,
        "n_images": len(samples),
        "n_split": n_split,
        "n_label": learned.n if any(procedure.readouts[name].learns for name in names) else 0,
        "settings": answer_settings(procedure),
        "data": {"name": data.name, "checksum": data.checksum},
        "backend": procedure.backend,
        WEIGHTS: weights,
    }
    facts = {
        "accuracy_by_labelled_images": learned.curve(names, answers, truth),
        "wall_s": answering[0],
        "cpu_s": answering[1],
        "labelling_wall_s": labelling[0],
        "labelling_cpu_s": labelling[1],
    }
    _keep(run, record, accuracy, {"truth": truth, **guesses}, facts)
    if spec.system.is_spiking and procedure.activity_samples:
        report("recording spikes", 0, 1)
        record_activity(run, procedure, state, weights, data)
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

    def __init__(
        self, run: RunFolder, data: Dataset, procedure: Procedure, state, weights: str, n_label, jobs: int, report
    ) -> None:
        self._run, self._data, self._procedure, self._state = run, data, procedure, state
        self._jobs, self._report = jobs, report
        self._which = label_indices(procedure.spec, procedure.n_label if n_label is None else n_label)
        self._of = LearnedFrom(self.n, procedure.backend, answer_settings(procedure), data.checksum, weights)
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
        """Return what a readout has learned: from the run folder, if it was from the same samples, answered in the same way."""
        readout = self._procedure.readouts[name]
        if not readout.learns:
            return {}
        kept = self._of.read(self._run)
        mine = of_readout(name, kept)
        if not mine or wrong_shapes(readout, self._procedure.n_answers, mine):
            self._report(f"training the readout {name}", 0, 1)
            mine = readout.fit(self._answered(), self._labels, self._data.n_classes)
            others = {key: values for key, values in kept.items() if not key.startswith(f"{name}.")}
            self._of.write(self._run, others | {f"{name}.{key}": values for key, values in mine.items()})
            self._report(f"training the readout {name}", 1, 1)
        return mine

    def curve(self, names: Sequence[str], answers: np.ndarray, truth: np.ndarray) -> dict[int, float]:
        """Return accuracies of the first readout with fewer labelled samples, where the procedure asks for them."""
        first, found = next(iter(self._procedure.readouts)), {}
        for n in self._procedure.label_curve if first in names else ():
            if n < self.n:
                readout = self._procedure.readouts[first]
                learned = readout.fit(self._answered()[:n], self._labels[:n], self._data.n_classes)
                found[n] = float((readout.scores(learned, answers).argmax(axis=1) == truth).mean())
        return found


def _keep(run: RunFolder, of: dict[str, Any], accuracy: dict, guesses: dict, facts: dict) -> None:
    """Write the outcome, beside that of other readouts where it was measured in the same way, of the same weights."""
    name, before = evaluation_name(of), None
    if run.has(f"{name}.json") and run.has(f"{name}.npz"):
        try:
            before, earlier = run.read_json(f"{name}.json"), run.read_arrays(f"{name}.npz")
        except EquispikeError as error:
            warnings.warn(f"{error} (it is made anew now)", stacklevel=3)
    if before is not None and all(before.get(key) == value for key, value in of.items()):
        accuracy, guesses = before["accuracy"] | accuracy, earlier | guesses
        curve = "accuracy_by_labelled_images"
        facts[curve] = facts[curve] or before[curve]
    else:
        before = None
    run.write_arrays(f"{name}.npz", guesses | {WEIGHTS: np.array(of[WEIGHTS])}, compress=True)
    run.write_json(f"{name}.json", {**of, "accuracy": accuracy, **facts, **provenance(before)})
