"""Accuracy of a network that gradients trained, always from a Brian2 run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from equispike.models.layered import LayeredNetworkParams
from equispike.protocols.data import Dataset, Recordings
from equispike.protocols.evaluating import split_images
from equispike.protocols.features import with_features
from equispike.protocols.gradients.frozen_network import FrozenNetwork
from equispike.protocols.presenting import TESTING
from equispike.protocols.provenance import cpu_seconds, provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

#: What tells the class, in words.
READOUTS = {"mean": "mean potential", "max": "largest potential", "last": "last potential", "spikes": "spike count"}


@dataclass(frozen=True)
class Evaluation:
    """Outcome of an evaluation; ``accuracy`` by readout, ``guesses`` (n,), ``truth`` (n,), ``scores`` (n, n_classes)."""

    split: str
    accuracy: dict[str, float]
    guesses: np.ndarray
    truth: np.ndarray
    scores: np.ndarray


def evaluate(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    n_test: int | None = None,
    jobs: int = 1,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> Evaluation:
    """Show the images of ``split`` to the trained network in Brian2; the outcome goes into the run folder.

    Parameters
    ----------
    split : ``test``, or ``validation``: the training images that the run held out
    n_test : only the first images of the split
    jobs : runs at a time
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    params = spec.params
    assert isinstance(params, LayeredNetworkParams)
    arrays = run.trained_arrays()
    data = with_features(data, spec, run, split, jobs=jobs, report=report)
    images, truth = split_images(data, spec, split)
    images, truth = images[:n_test], truth[:n_test]
    network = FrozenNetwork.of(spec, len(images), backend)
    wall, cpu = time.monotonic(), cpu_seconds()
    scores, spikes = _shown(
        network, arrays, images, TESTING, jobs, lambda done: report(f"{split} set", done, len(images))
    )
    facts = {
        "backend": backend or spec.backend,
        "spikes_per_image": {name: count / len(images) for name, count in spikes.items()},
        "wall_s": time.monotonic() - wall,
        "cpu_s": cpu_seconds() - cpu,
    }
    return keep(run, data, split, READOUTS[params.readout], scores, truth, facts)


def keep(
    run: RunFolder,
    data: Dataset,
    split: str,
    readout: str,
    scores: np.ndarray,
    truth: np.ndarray,
    facts: dict[str, object],
) -> Evaluation:
    """Write scores (n, n_classes), the accuracy of the highest one, and ``facts`` into the run folder."""
    guesses = scores.argmax(1)
    accuracy = {readout: float((guesses == truth).mean())}
    run.write_arrays(f"evaluation-{split}.npz", {"truth": truth, "guesses": guesses, "scores": scores}, compress=True)
    record = {
        "split": split,
        "n_images": len(truth),
        "accuracy": accuracy,
        "data": {"name": data.name, "checksum": data.checksum},
        **facts,
        **provenance(),
    }
    run.write_json(f"evaluation-{split}.json", record)
    return Evaluation(split, accuracy, guesses, truth, scores)


def show(
    spec: TrainingSpec,
    arrays: dict[str, np.ndarray],
    samples: np.ndarray | Recordings,
    *,
    phase: int = TESTING,
    jobs: int = 1,
    backend: str | None = None,
) -> tuple[np.ndarray, dict[str, int]]:
    """Scores (n, n_classes) of ``samples`` (as for frames), and spikes of each group that spikes, in Brian2.

    ``phase`` chooses the random numbers.
    """
    return _shown(FrozenNetwork.of(spec, len(samples), backend), arrays, samples, phase, jobs, lambda done: None)


def _shown(network: FrozenNetwork, arrays, samples, phase: int, jobs: int, report: Callable[[int], None]):
    parts: list[np.ndarray] = []
    totals = dict.fromkeys(network.spiking, 0)
    for n, records in network.records(arrays, samples, phase=phase, jobs=jobs):
        parts.append(network.scores_of(n, records))
        totals = {name: total + len(records[f"{name}_spikes"]["i"]) for name, total in totals.items()}
        report(sum(map(len, parts)))
    return np.concatenate(parts), totals
