"""Labels from training images, accuracy on images that were never used for anything else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from equispike import models
from equispike.models.errors import EquispikeError
from equispike.protocols import readout
from equispike.protocols.data import Dataset
from equispike.protocols.presenting import LABELLING, TESTING, Presenter
from equispike.protocols.provenance import cpu_seconds, provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, presenter

SPLITS = ("test", "validation")


@dataclass(frozen=True)
class Evaluation:
    """Outcome of an evaluation; ``accuracy`` by readout, ``guesses`` (n,) of the vote, ``truth`` (n,)."""

    split: str
    accuracy: dict[str, float]
    guesses: np.ndarray
    truth: np.ndarray
    record: dict[str, object]


def trained_state(run: RunFolder, spec: TrainingSpec) -> dict[str, np.ndarray]:
    """The state with which a trained network is presented images without learning."""
    arrays = run.trained_arrays()
    return models.get_model(spec.model).frozen_state(spec.params, arrays["w"], arrays["theta"])


def label_indices(spec: TrainingSpec, data: Dataset, n_label: int) -> np.ndarray:
    """Which training images label the neurons: a random part of those that are not held out."""
    n_train = len(data.train_images) - spec.holdout
    return np.random.default_rng([spec.seed, LABELLING]).permutation(n_train)[:n_label]


def evaluate(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    n_label: int = 20_000,
    n_test: int | None = None,
    jobs: int = 1,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> Evaluation:
    """Label the neurons on training images and measure the accuracy on ``split``; both go into the run folder.

    Parameters
    ----------
    split : ``test``: the test set; ``validation``: the training images that the run held out
    n_label : training images used for labelling
    n_test : only the first images of the split
    jobs : chunks run at a time
    report : called with phase, images done and images in all
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    images, truth = split_images(data, spec, split)
    images, truth = images[:n_test], truth[:n_test]
    state, network = trained_state(run, spec), presenter(spec, backend)
    wall, cpu = time.monotonic(), cpu_seconds()
    rates = _label(run, spec, data, network, state, n_label, jobs, report)
    labelled = time.monotonic(), cpu_seconds()
    scores: dict[str, list[np.ndarray]] = {name: [] for name in readout.READOUTS}
    done = 0
    for counts in network.frozen_counts(state, images, phase=TESTING, jobs=jobs):
        for name, score in readout.READOUTS.items():
            scores[name].append(score(counts, rates))
        done += len(counts)
        report(f"evaluating on the {split} set", done, len(images))
    guesses = {name: np.concatenate(parts).argmax(axis=1) for name, parts in scores.items()}
    accuracy = {name: float((guess == truth).mean()) for name, guess in guesses.items()}
    record = {
        "split": split,
        "data": {"name": data.name, "checksum": data.checksum},
        "n_images": len(images),
        "n_label": min(n_label, len(data.train_images) - spec.holdout),
        "accuracy": accuracy,
        "wall_s": time.monotonic() - wall,
        "cpu_s": cpu_seconds() - cpu,
        "labelling_wall_s": labelled[0] - wall,
        "labelling_cpu_s": labelled[1] - cpu,
        **provenance(),
    }
    run.write_arrays(f"evaluation-{split}.npz", {"truth": truth, **guesses}, compress=True)
    run.write_json(f"evaluation-{split}.json", record)
    return Evaluation(split, accuracy, guesses["vote"], truth, record)


def split_images(data: Dataset, spec: TrainingSpec, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of ``test`` or of ``validation``, the training images that the run held out."""
    if split == "test":
        return data.test_images, data.test_labels
    if spec.holdout == 0:
        raise EquispikeError("this run held out no training images for validation: train with --holdout 10000")
    return data.train_images[-spec.holdout :], data.train_labels[-spec.holdout :]


def _label(run, spec, data, network: Presenter, state, n_label: int, jobs: int, report) -> np.ndarray:
    """Class rates (10, n_exc) from training images; kept in the run folder and reused for the same number of images."""
    which = label_indices(spec, data, n_label)
    if run.has("labels.npz"):
        labels = run.read_arrays("labels.npz")
        if int(labels["n_label"]) == len(which):
            return labels["class_rates"]
    sums, n_images, done = np.zeros((readout.N_CLASSES, network.n_exc)), np.zeros(readout.N_CLASSES), 0
    for counts in network.frozen_counts(state, data.train_images[which], phase=LABELLING, jobs=jobs):
        true = data.train_labels[which[done : done + len(counts)]]
        of_chunk = np.bincount(true, minlength=readout.N_CLASSES)
        sums += readout.class_rates(counts, true) * of_chunk[:, None]
        n_images += of_chunk
        done += len(counts)
        report("labelling on training images", done, len(which))
    rates = sums / np.maximum(n_images, 1)[:, None]
    arrays = {"class_rates": rates, "assignments": readout.assignments(rates), "n_label": np.array(len(which))}
    run.write_arrays("labels.npz", arrays, compress=True)
    return rates
