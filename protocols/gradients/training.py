"""Training by gradients: minibatches, softmax cross-entropy of the classes' scores, Optax, checkpoints and exact resume.

What comes of a training by a differentiable program is verified in Brian2. Ordinary networks are trained by the same loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd

from equispike import models
from equispike.models.errors import EquispikeError
from equispike.models.gradient_params import GradientParams
from equispike.models.layered import LayeredNetworkParams
from equispike.protocols import metrics
from equispike.protocols.data import Dataset, Recordings
from equispike.protocols.features import source_of, with_features
from equispike.protocols.gradients.forward import forward
from equispike.protocols.gradients.frames import frames, varied
from equispike.protocols.gradients.verifying import verify
from equispike.protocols.presenting import TRAINING
from equispike.protocols.provenance import cpu_seconds
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, begun_record

#: Images of a forward pass.
FORWARD = 500
#: By name: (learning rates, weight decay, which weights decay) -> optimiser.
OPTIMISERS: dict[str, Callable[..., optax.GradientTransformation]] = {
    "adamw": lambda rates, decay, which: optax.adamw(rates, weight_decay=decay, mask=which),
    "adamax": lambda rates, decay, which: optax.adamaxw(rates, weight_decay=decay, mask=which),
    "lion": lambda rates, decay, which: optax.lion(rates, weight_decay=decay, mask=which),
    "sgd": lambda rates, decay, which: optax.chain(
        optax.trace(0.9), optax.add_decayed_weights(decay, which), optax.scale_by_learning_rate(rates)
    ),
}


@dataclass
class Progress:
    """State of a training between two chunks, and all that a checkpoint holds.

    Attributes
    ----------
    leaves : trainable arrays and the optimiser's state, flattened
    metrics : columns images, metric (``loss``, ``running_accuracy``, ``validation_accuracy``, ``hidden1.spikes`` and so
        on), value
    """

    leaves: list[np.ndarray]
    images_seen: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    metrics: pd.DataFrame = field(default_factory=metrics.none_yet)

    def save(self, run: RunFolder) -> None:
        arrays = {f"leaf:{number:04d}": leaf for number, leaf in enumerate(self.leaves)}
        arrays |= metrics.as_arrays(self.metrics)
        arrays["numbers"] = np.array([self.images_seen, self.wall_s, self.cpu_s])
        run.write_arrays("checkpoint/state.npz", arrays)

    @classmethod
    def load(cls, run: RunFolder) -> Progress:
        arrays = run.read_arrays("checkpoint/state.npz")
        leaves = [arrays[name] for name in sorted(arrays) if name.startswith("leaf:")]
        images_seen, wall_s, cpu_s = arrays["numbers"]
        return cls(leaves, int(images_seen), float(wall_s), float(cpu_s), metrics.from_arrays(arrays))

    def latest(self) -> dict[str, float]:
        """The newest value of every metric."""
        return dict(zip(self.metrics["metric"], self.metrics["value"], strict=True))


@dataclass(frozen=True)
class Trainer:
    """A network's loss and optimiser, and the jitted functions of both."""

    params: GradientParams
    optimiser: optax.GradientTransformation
    step: Callable
    scores: Callable

    @classmethod
    def of(cls, spec: TrainingSpec, n_train: int) -> Trainer:
        params, scores_of = spec.params, forward(spec)
        assert isinstance(params, GradientParams)
        n_steps = -(-spec.n_images // params.batch_size)
        warm_up = min(n_train // params.batch_size, n_steps // 2) or 1
        schedule = {
            "cosine": optax.warmup_cosine_decay_schedule(0.0, params.learning_rate, warm_up, n_steps + 1),
            "constant": optax.constant_schedule(params.learning_rate),
        }[params.schedule]
        optimiser = OPTIMISERS[params.optimiser](
            schedule, params.weight_decay, lambda tree: {k: k.endswith((".w", ".weight")) for k in tree}
        )

        def loss(trainable, shown, labels, key):
            scores, rates, penalty = scores_of(trainable, shown, key)
            fit = optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()
            return fit + penalty, {"loss": fit, "hits": (scores.argmax(1) == labels).sum(), **rates}

        @jax.jit
        def step(trainable, state, shown, labels, key):
            grads, found = jax.grad(loss, has_aux=True)(trainable, shown, labels, key)
            updates, state = optimiser.update(grads, state, trainable)
            return optax.apply_updates(trainable, updates), state, found

        return cls(params, optimiser, step, jax.jit(lambda *given: scores_of(*given)[0]))

    def predict(self, trainable, samples: np.ndarray | Recordings) -> np.ndarray:
        """Classes (n,) of ``samples`` by the program, in single precision."""
        parts = []
        for start in range(0, len(samples), FORWARD):
            shown = frames(self.params, samples[start : start + FORWARD])
            padded = np.zeros((FORWARD, *shown.shape[1:]), np.float32)
            padded[: len(shown)] = shown
            parts.append(np.asarray(self.scores(trainable, padded, jax.random.key(start)))[: len(shown)].argmax(1))
        return np.concatenate(parts)


def prepare(
    spec: TrainingSpec,
    data: Dataset,
    run: RunFolder,
    *,
    jobs: int = 1,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> Dataset:
    """``data`` as the network sees it: with features in place of images where ``spec`` says so, made if they are not there.

    ``run`` is begun before, so that it can be gone on with whatever happens meanwhile. ``jobs``: runs at a time.
    """
    if spec.features is not None and not run.has("run.json"):
        record = begun_record(spec, data) | {"features": source_of(spec, run).checksum()}
        run.write_json("run.json", {**record, "status": "training", "images_seen": 0})
    return with_features(data, spec, run, "train", jobs=jobs, report=report)


def train(
    spec: TrainingSpec, data: Dataset, run: RunFolder, report: Callable[[Progress], None] = lambda progress: None
) -> Progress:
    """Train, or go on with a training that was interrupted; then verify the outcome in Brian2, where it spikes.

    A run that was killed and goes on ends with the same bits as one that was not. ``report`` is called after every chunk.
    """
    data = prepare(spec, data, run)
    spec.check(data)
    params = spec.params
    assert isinstance(params, GradientParams)
    n_train = len(data.train_images) - spec.holdout
    trainer = Trainer.of(spec, n_train)
    start = models.get_model(spec.model).initial_state(params, spec.seed)
    trainable = {key: jnp.asarray(values, jnp.float32) for key, values in start.items()}
    leaves, structure = jax.tree.flatten((trainable, trainer.optimiser.init(trainable)))
    if run.has("checkpoint/state.npz"):
        begun = run.read_json("run.json")["config"]["n_images"]
        if begun != spec.n_images:
            raise EquispikeError(
                f"{run.path} was planned for {begun} images, along which the learning rate changes, so it cannot end at "
                f"{spec.n_images}: train anew"
            )
        progress = Progress.load(run)
        leaves = [jnp.asarray(values, like.dtype) for values, like in zip(progress.leaves, leaves, strict=True)]
    else:
        progress = Progress([np.asarray(leaf) for leaf in leaves])
    trainable, state = jax.tree.unflatten(structure, leaves)
    if progress.images_seen < spec.n_images:
        run.discard_results()
    record = begun_record(spec, data)
    if spec.features is not None:
        record["features"] = run.read_json("run.json")["features"]
    run.write_json("run.json", {**record, "status": "training", "images_seen": progress.images_seen})
    while progress.images_seen < spec.n_images:
        trainable, state = _train_chunk(progress, spec, trainer, trainable, state, data, n_train)
        progress.leaves = [np.asarray(leaf) for leaf in jax.tree.leaves((trainable, state))]
        progress.save(run)
        run.write_metrics(progress.metrics)
        report(progress)
    arrays = {key: np.asarray(values) for key, values in trainable.items()}
    run.write_arrays("arrays.npz", arrays)
    run.write_metrics(progress.metrics)
    held_out = data.train_images[n_train:] if spec.holdout else data.train_images
    done: dict[str, object] = {
        "status": "trained",
        "images_seen": progress.images_seen,
        "wall_s": progress.wall_s,
        "cpu_s": progress.cpu_s,
    }
    if isinstance(params, LayeredNetworkParams):
        done["verified"] = verify(spec, arrays, held_out[:100])
    run.write_json("run.json", {**record, **done})
    return progress


def _batch(spec: TrainingSpec, n_train: int, number: int) -> np.ndarray:
    """Indices of the training images of a gradient step: each pass in an order of its own."""
    assert isinstance(spec.params, GradientParams)
    size = spec.params.batch_size
    first, last = number * size, min((number + 1) * size, spec.n_images)
    passes = range(first // n_train, (last - 1) // n_train + 1)
    orders = [np.random.default_rng([spec.seed, TRAINING, p]).permutation(n_train) for p in passes]
    offset = passes.start * n_train
    return np.concatenate(orders)[first - offset : last - offset]


def _train_chunk(
    progress: Progress, spec: TrainingSpec, trainer: Trainer, trainable, state, data: Dataset, n_train: int
):
    wall, cpu = time.monotonic(), cpu_seconds()
    params = trainer.params
    stop = min(spec.n_images, (progress.images_seen // spec.chunk_images + 1) * spec.chunk_images)
    found: list[dict] = []
    sizes: list[int] = []
    while progress.images_seen < stop:
        number = progress.images_seen // params.batch_size
        which = _batch(spec, n_train, number)
        shown = varied(params, data.train_images[which], np.random.default_rng([spec.seed, TRAINING, number, 1]))
        key = jax.random.key(np.random.default_rng([spec.seed, TRAINING, number, 2]).integers(2**31))
        labels = data.train_labels[which].astype(np.int32)
        trainable, state, outcome = trainer.step(trainable, state, shown, labels, key)
        found.append(outcome)
        sizes.append(len(which))
        progress.images_seen = min(spec.n_images, (number + 1) * params.batch_size)
    rows = {"running_accuracy": sum(int(each["hits"]) for each in found) / sum(sizes)}
    for name in found[0]:
        if name != "hits":
            values = np.average([float(each[name]) for each in found], weights=sizes)
            rows[name.replace(".spike", ".spikes")] = float(values)
    if not np.isfinite(rows["loss"]):
        raise EquispikeError("the loss is no longer finite: lower learning_rate, or beta")
    if spec.holdout:
        guesses = trainer.predict(trainable, data.train_images[n_train:])
        rows["validation_accuracy"] = float((guesses == data.train_labels[n_train:]).mean())
    progress.metrics = metrics.added(progress.metrics, progress.images_seen, rows)
    progress.wall_s += time.monotonic() - wall
    progress.cpu_s += cpu_seconds() - cpu
    return trainable, state
