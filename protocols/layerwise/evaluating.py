"""Readouts trained on features of training images, and their accuracy on images that were never used for anything else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from equispike.protocols.data import Dataset
from equispike.protocols.evaluating import label_indices, split_images
from equispike.protocols.layerwise.features import Features, coarser
from equispike.protocols.layerwise.readouts import READOUTS
from equispike.protocols.provenance import cpu_seconds, provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

#: Numbers of labelled training images for which the accuracy is also measured.
LABELLED = (100, 300, 1_000, 3_000, 10_000, 30_000)
#: Training images for the readouts of images that are stopped early.
STOPPED_LABELS = 10_000


@dataclass(frozen=True)
class Evaluation:
    """Outcome of an evaluation; ``accuracy`` by readout, ``guesses`` (n,) by readout, ``truth`` (n,)."""

    split: str
    accuracy: dict[str, float]
    guesses: dict[str, np.ndarray]
    truth: np.ndarray


def evaluate(
    run: RunFolder,
    data: Dataset,
    *,
    readouts: Sequence[str] = ("svm",),
    split: str = "test",
    grid: int = 4,
    n_label: int | None = None,
    n_test: int | None = None,
    bins: Sequence[int] = (),
    jobs: int = 1,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> Evaluation:
    """Train readouts on features of training images and measure their accuracy on ``split``; both go into the run folder.

    Each readout is trained twice: on features in grid * grid parts of the maps, and, as ``svm-global``, over whole maps.

    Parameters
    ----------
    readouts : names in READOUTS
    split : ``test``: the test set; ``validation``: the training images that the run held out
    n_label : training images for the readouts; all that were not held out if not given
    n_test : only the first images of the split
    bins : also the accuracy of ``svm`` if images are stopped after so many bins (trained and tested so)
    jobs : runs at a time
    report : called with phase, images done and images in all
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    images, truth = split_images(data, spec, split)
    images, truth = images[:n_test], truth[:n_test]
    which = label_indices(spec, data, n_label or len(data.train_images))
    features = Features.of_run(run, spec, grid, backend)
    wall, cpu = time.monotonic(), cpu_seconds()

    def extract(phase: str, shown: np.ndarray, n_bins: int | None = None) -> np.ndarray:
        return features.extract(shown, jobs=jobs, n_bins=n_bins, report=lambda done: report(phase, done, len(shown)))

    def accuracy_of(name: str, train: np.ndarray, test: np.ndarray) -> float:
        labels = data.train_labels[which[: len(train)]]
        return float((READOUTS[name](backend or spec.backend).fit(train, labels).predict(test) == truth).mean())

    train = extract("features of training images", data.train_images[which])
    test = extract(f"features of the {split} set", images)
    features_cpu = cpu_seconds() - cpu
    guesses: dict[str, np.ndarray] = {}
    for done, name in enumerate(readouts):
        report("training readouts", done, len(readouts))
        for suffix, pooled in (("", lambda x: x), ("-global", lambda x: coarser(x, grid))):
            if suffix and grid == 1:
                continue
            classifier = READOUTS[name](backend or spec.backend).fit(pooled(train), data.train_labels[which])
            guesses[name + suffix] = classifier.predict(pooled(test))
    report("training readouts", len(readouts), len(readouts))
    fewer = {n: accuracy_of("svm", train[:n], test) for n in LABELLED if n < len(train) and "svm" in readouts}
    stopped = {}
    for n_bins in bins:
        seen, shown = data.train_images[which[:STOPPED_LABELS]], f"features after {n_bins} bins"
        stopped[n_bins] = accuracy_of("svm", extract(shown, seen, n_bins), extract(shown, images, n_bins))
    accuracy = {name: float((guess == truth).mean()) for name, guess in guesses.items()}
    settings = {"split": split, "grid": grid, "n_images": len(images), "n_label": len(which)}
    _keep(run, split, settings, accuracy, {"truth": truth, **guesses}, {
        "data": {"name": data.name, "checksum": data.checksum},
        "accuracy_by_labelled_images": fewer,
        "accuracy_by_bins": {"n_label": min(STOPPED_LABELS, len(which)), "accuracy": stopped},
        "features_images_per_cpu_s": (len(train) + len(test)) / features_cpu,
        "wall_s": time.monotonic() - wall,
        "cpu_s": cpu_seconds() - cpu,
        **provenance(),
    })  # fmt: skip
    return Evaluation(split, accuracy, guesses, truth)


def _keep(run: RunFolder, split: str, settings: dict, accuracy: dict, arrays: dict, record: dict) -> None:
    """Write the outcome beside that of other readouts, where it was measured with the same settings."""
    name = f"evaluation-{split}"
    if run.has(f"{name}.json") and run.has(f"{name}.npz"):
        before = run.read_json(f"{name}.json")
        if all(before.get(key) == value for key, value in settings.items()):
            accuracy = before["accuracy"] | accuracy
            arrays = run.read_arrays(f"{name}.npz") | arrays
            if not record["accuracy_by_labelled_images"]:
                record["accuracy_by_labelled_images"] = before["accuracy_by_labelled_images"]
            if not record["accuracy_by_bins"]["accuracy"]:
                record["accuracy_by_bins"] = before["accuracy_by_bins"]
    run.write_arrays(f"{name}.npz", arrays, compress=True)
    run.write_json(f"{name}.json", {**settings, "accuracy": accuracy, **record})
