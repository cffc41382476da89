"""Ordinary networks: trained on the same images, evaluated on the same splits and kept in the same run folders."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

import jax
import numpy as np
from sklearn.svm import LinearSVC

from equispike.models.ann import AnnParams, LinearSvmParams, ann, with_arrays
from equispike.models.errors import EquispikeError
from equispike.protocols import gradients, metrics
from equispike.protocols.data import Dataset
from equispike.protocols.evaluating import split_images
from equispike.protocols.gradients.evaluating import Evaluation, keep
from equispike.protocols.gradients.frames import frames
from equispike.protocols.provenance import cpu_seconds
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, begun_record

#: What tells the class, in words.
READOUT = "largest output"
#: Images of a forward pass.
FORWARD = 1000


def train(
    spec: TrainingSpec,
    data: Dataset,
    run: RunFolder,
    report: Callable[[gradients.Progress], None] = lambda progress: None,
) -> None:
    """Train, or go on with a training that was interrupted."""
    if isinstance(spec.params, LinearSvmParams):
        _fit(spec, data, run)
    else:
        gradients.train(spec, data, run, report)


def _fit(spec: TrainingSpec, data: Dataset, run: RunFolder) -> None:
    params = spec.params
    assert isinstance(params, LinearSvmParams)
    spec.check(data)
    which = slice(0, min(spec.n_images, len(data.train_images) - spec.holdout))
    if len(np.unique(data.train_labels[which])) < 2:
        raise EquispikeError(f"{which.stop} training images are of one class: linear-svm needs images of at least two")
    run.discard_results()
    record = begun_record(spec, data)
    run.write_json("run.json", {**record, "status": "training", "images_seen": 0})
    wall, cpu = time.monotonic(), cpu_seconds()
    images, labels = frames(params, data.train_images[which])[:, 0], data.train_labels[which]
    machines = LinearSVC(C=params.c, dual=False, random_state=spec.seed).fit(images, labels)
    weights = np.zeros((params.n_classes, params.n_input), np.float32)
    biases = np.full(params.n_classes, -np.inf, np.float32)  # a class without images is never the answer
    coef, intercept = machines.coef_, machines.intercept_
    if len(machines.classes_) == 2:  # one machine tells both
        coef, intercept = np.concatenate([-coef, coef]), np.concatenate([-intercept, intercept])
    weights[machines.classes_], biases[machines.classes_] = coef, intercept
    run.write_arrays("arrays.npz", {"layers.1.weight": weights, "layers.1.bias": biases})
    run.write_metrics(
        metrics.added(metrics.none_yet(), len(images), {"running_accuracy": machines.score(images, labels)})
    )
    spent = {"wall_s": time.monotonic() - wall, "cpu_s": cpu_seconds() - cpu}
    run.write_json("run.json", {**record, "status": "trained", "images_seen": len(images), **spent})


def evaluate(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    n_test: int | None = None,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> Evaluation:
    """Show the images of ``split`` to the trained network; the outcome goes into the run folder."""
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    assert isinstance(spec.params, AnnParams)
    arrays = run.trained_arrays()
    images, truth = split_images(data, spec, split)
    images, truth = images[:n_test], truth[:n_test]
    scores(spec.params, arrays, images[:FORWARD])  # compiles
    wall, cpu = time.monotonic(), cpu_seconds()
    found = scores(spec.params, arrays, images)
    report(f"{split} set", len(images), len(images))
    facts = {"backend": spec.backend, "wall_s": time.monotonic() - wall, "cpu_s": cpu_seconds() - cpu}
    return keep(run, data, split, READOUT, found, truth, facts)


def scores(params: AnnParams, arrays: Mapping[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """Scores (n, n_classes) of ``images`` (n, height, width) uint8."""
    return list(respond(params, arrays, images).values())[-1]


def respond(params: AnnParams, arrays: Mapping[str, np.ndarray], images: np.ndarray) -> dict[str, np.ndarray]:
    """What goes into each layer with weights and what comes out after rectification, for ``images`` (n, height, width) uint8.

    Arrays (n, ...) by name: ``input1``, ``layer1``, ``input2`` and so on; the last ones are the scores (n, n_classes).
    """
    single = {name: np.asarray(values, np.float32) for name, values in arrays.items()}
    parts = [
        jax.device_get(_respond(params, single, frames(params, images[start : start + FORWARD])))
        for start in range(0, len(images), FORWARD)
    ]
    names = sorted(parts[0], key=lambda name: (int(name[5:]), name))
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


@partial(jax.jit, static_argnums=0)
def _respond(params: AnnParams, arrays: dict[str, jax.Array], shown: jax.Array) -> dict[str, jax.Array]:
    network = with_arrays(ann(params), arrays)

    def one(values):
        found: dict[str, jax.Array] = {}
        weighted = 0
        for before, layer in zip((None, *network.layers), network.layers, strict=False):
            if hasattr(layer, "weight"):
                weighted += 1
                found[f"input{weighted}"] = values
            values = layer(values)
            if hasattr(layer, "weight") or hasattr(before, "weight"):  # the layer itself, then its rectification
                found[f"layer{weighted}"] = values
        return found

    return jax.vmap(one)(shown.reshape(len(shown), *params.input_shape))
