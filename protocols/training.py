"""Training as a fold over chunks of images, with a checkpoint after each: (state, images, seed) -> (state, records)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from equispike import models
from equispike.models.build_request import BuildRequest
from equispike.models.codegen import BACKENDS, get_backend
from equispike.models.codegen.genn import GennBackend
from equispike.models.errors import EquispikeError
from equispike.models.params import Params
from equispike.protocols import metrics, readout
from equispike.protocols.data import Dataset, Recordings
from equispike.protocols.presenting import TRAINING, Chunk, Presenter, chunks_of
from equispike.protocols.provenance import cpu_seconds, provenance
from equispike.protocols.run_folder import FORMAT, RunFolder

#: Responses to this many images before a chunk give the labels for its running accuracy, as in the released code.
RUNNING_WINDOW = 10_000
#: A chunk's images are held as float64.
MOST_CHUNK_IMAGES = 10_000


@dataclass(frozen=True)
class TrainingSpec:
    """What to train, completely.

    Attributes
    ----------
    n_images : images to present; beyond the size of the training set they come again in another order
    holdout : images at the end of the training set kept out of training and labelling, for validation
    chunk_images : images between checkpoints
    features : the run whose features take the place of images, as seen from the run folder
    """

    model: str
    params: Params
    data: str
    n_images: int
    seed: int
    backend: str
    holdout: int = 0
    chunk_images: int = 1000
    features: str | None = None

    def as_json(self) -> dict:
        config = {
            "model": self.model,
            "params": self.params.as_text(),
            "data": self.data,
            "n_images": self.n_images,
            "seed": self.seed,
            "backend": self.backend,
            "holdout": self.holdout,
            "chunk_images": self.chunk_images,
        }
        return config if self.features is None else config | {"features": self.features}

    @classmethod
    def from_json(cls, config: dict) -> TrainingSpec:
        try:
            params = models.get_model(config["model"]).params().updated(config["params"])
            return cls(**{**config, "params": params})
        except (KeyError, TypeError, AttributeError):
            raise EquispikeError(
                "the configuration in run.json is damaged: delete the run folder and train anew"
            ) from None

    def check(self, data: Dataset) -> None:
        """Raise EquispikeError where the numbers cannot work with ``data``, or the backend not with the model."""
        backend = BACKENDS.get(self.backend)
        # Others would have to build the network first: they say it then, and nothing is lost but an empty run folder.
        if isinstance(backend, GennBackend) and (
            reason := backend.refuses(BuildRequest(self.model, self.params, self.chunk_images))
        ):
            raise EquispikeError(reason)
        if not 0 <= self.holdout < len(data.train_images):
            raise EquispikeError(
                f"--holdout {self.holdout} leaves nothing to train on: {data.name} has {len(data.train_images)} training images"
            )
        if not self.chunk_images >= 1:
            raise EquispikeError(f"--chunk-images must be at least 1, but is {self.chunk_images}")
        if self.n_images < 1:
            raise EquispikeError(f"--images must be at least 1, but is {self.n_images}")
        kind = (
            "events" if isinstance(data.train_images, Recordings) else "images" if self.features is None else "features"
        )
        self.params.check_kind(self.model, data.name, kind)
        n_classes, own = int(data.train_labels.max()) + 1, getattr(self.params, "n_classes", None)
        if own is not None and n_classes > own:
            raise EquispikeError(
                f"{data.name} has {n_classes} classes, but the network has {own}: change the last of layers"
            )
        self.params.check_images(data.name, data.train_images.shape[1:])


def presenter(spec: TrainingSpec, backend: str | None = None) -> Presenter:
    """The compiled network of a run, on its own backend or another."""
    model, params = models.get_model(spec.model), spec.params
    program = get_backend(backend or spec.backend).compile(BuildRequest(spec.model, params, spec.chunk_images))
    return Presenter(
        program,
        params.n_exc,  # type: ignore[attr-defined]
        spec.chunk_images,
        model.fixed_inputs(params, spec.seed),
        spec.seed,
    )


@dataclass
class Progress:
    """State of a training between two chunks, and all that a checkpoint holds."""

    state: dict[str, np.ndarray]
    images_seen: int
    wall_s: float
    cpu_s: float
    metrics: pd.DataFrame
    recent: np.ndarray  # (m, 3) image position, neuron, count of the last RUNNING_WINDOW images
    started: float = 0.0

    def save(self, run: RunFolder) -> None:
        arrays = {f"state:{name}": values for name, values in self.state.items()}
        arrays |= metrics.as_arrays(self.metrics)
        arrays |= {
            "images_seen": np.array(self.images_seen),
            "seconds": np.array([self.wall_s, self.cpu_s]),
            "recent": self.recent,
        }
        run.write_arrays("checkpoint/state.npz", arrays)

    @classmethod
    def load(cls, run: RunFolder) -> Progress:
        arrays = run.read_arrays("checkpoint/state.npz")
        return cls(
            state={name.removeprefix("state:"): values for name, values in arrays.items() if name.startswith("state:")},
            images_seen=int(arrays["images_seen"]),
            wall_s=float(arrays["seconds"][0]),
            cpu_s=float(arrays["seconds"][1]),
            metrics=metrics.from_arrays(arrays),
            recent=arrays["recent"],
        )

    @classmethod
    def begin(cls, spec: TrainingSpec) -> Progress:
        state = models.get_model(spec.model).initial_state(spec.params, spec.seed)
        return cls(state, 0, 0.0, 0.0, metrics.none_yet(), np.zeros((0, 3), dtype=np.int32))

    def latest(self) -> dict[str, float]:
        """The metrics of the last chunk by name."""
        last = self.metrics[self.metrics["images"] == self.images_seen]
        return dict(zip(last["metric"], last["value"], strict=True))


def begun_record(spec: TrainingSpec, data: Dataset) -> dict[str, object]:
    """What run.json says from the beginning of a training: configuration, data, versions, command."""
    return {
        "format": FORMAT,
        "config": spec.as_json(),
        "data": {"name": data.name, "checksum": data.checksum},
        **provenance(),
    }


def image_order(spec: TrainingSpec, n_train: int, start: int, stop: int) -> np.ndarray:
    """Indices of the training images presented as number ``start`` to ``stop``: each pass in an order of its own."""
    passes = range(start // n_train, (stop - 1) // n_train + 1)
    orders = np.concatenate([np.random.default_rng([spec.seed, TRAINING, p]).permutation(n_train) for p in passes])
    offset = passes.start * n_train
    return orders[start - offset : stop - offset]


type Report = Callable[[Progress], None]


def train(spec: TrainingSpec, data: Dataset, run: RunFolder, report: Report = lambda progress: None) -> Progress:
    """Train, or go on with a training that was interrupted, until ``spec.n_images`` were presented.

    A run that was killed and goes on ends with the same bits as one that was not: a chunk depends only on the state
    before it, its images and the seed. ``report`` is called after every chunk.
    """
    training = _Training(spec, data, run, report)
    network = presenter(spec)
    while training.goes_on:
        before = time.monotonic(), cpu_seconds()
        start, which = training.next_images()
        shown = data.train_images[which]
        chunk = network.chunk(training.progress.state, shown, start=start, phase=TRAINING, learning=True)
        training.take(chunk, which, time.monotonic() - before[0], cpu_seconds() - before[1])
    return training.finish()


def train_side_by_side(
    specs: Sequence[TrainingSpec], data: Dataset, runs: Sequence[RunFolder], reports: Sequence[Report]
) -> list[Progress]:
    """As :func:`train`, several seeds at the same time on a backend that can; each gets its part of the time."""
    trainings = [_Training(*each) for each in zip(specs, [data] * len(specs), runs, reports, strict=True)]
    first, fixed_inputs = presenter(specs[0]), models.get_model(specs[0].model).fixed_inputs
    networks = {
        spec.seed: replace(first, seed=spec.seed, fixed_inputs=fixed_inputs(spec.params, spec.seed)) for spec in specs
    }
    while going := [training for training in trainings if training.goes_on]:
        behind = min(training.progress.images_seen for training in going)
        going = [training for training in going if training.progress.images_seen == behind]
        before = time.monotonic(), cpu_seconds()
        images = {training.spec.seed: training.next_images()[1] for training in going}
        chunks = chunks_of(
            [networks[training.spec.seed] for training in going],
            [training.progress.state for training in going],
            [data.train_images[images[training.spec.seed]] for training in going],
            start=behind,
            phase=TRAINING,
        )
        wall, cpu = (
            (now - then) / len(going) for now, then in zip((time.monotonic(), cpu_seconds()), before, strict=True)
        )
        for training, chunk in zip(going, chunks, strict=True):
            training.take(chunk, images[training.spec.seed], wall, cpu)
    return [training.finish() for training in trainings]


class _Training:
    """A training between two chunks."""

    def __init__(self, spec: TrainingSpec, data: Dataset, run: RunFolder, report: Report) -> None:
        self.spec, self._data, self._run, self._report = spec, data, run, report
        spec.check(data)
        resumed = run.has("checkpoint/state.npz")
        self.progress = Progress.load(run) if resumed else Progress.begin(spec)
        begun = run.read_json("run.json")["images_seen"] if run.has("run.json") else 0
        seen = max(begun, self.progress.images_seen)
        if seen > spec.n_images:
            raise EquispikeError(f"{run.path} was shown {seen} images already: --images {spec.n_images} would be fewer")
        if seen < spec.n_images:
            run.discard_results()
        self._record = begun_record(spec, data)
        run.write_json("run.json", {**self._record, "status": "training", "images_seen": self.progress.images_seen})

    @property
    def goes_on(self) -> bool:
        return self.progress.images_seen < self.spec.n_images

    def next_images(self) -> tuple[int, np.ndarray]:
        """Number of the first image of the next chunk, and which images it has."""
        start, length = self.progress.images_seen, self.spec.chunk_images
        # Chunks end at multiples of chunk_images whatever n_images is, so that a longer run begins with a shorter one.
        stop = min(self.spec.n_images, (start // length + 1) * length)
        n_train = len(self._data.train_images) - self.spec.holdout
        return start, image_order(self.spec, n_train, start, stop)

    def take(self, chunk: Chunk, which: np.ndarray, wall_s: float, cpu_s: float) -> None:
        """What came of the next chunk, and the time it took."""
        progress = self.progress
        _advance(progress, chunk, which, self._data, self.spec)
        progress.wall_s += wall_s
        progress.cpu_s += cpu_s
        # A longer training presents a shorter last chunk anew, in full.
        if progress.images_seen % self.spec.chunk_images == 0:
            progress.save(self._run)
        self._run.write_metrics(progress.metrics)
        self._report(progress)

    def finish(self) -> Progress:
        progress, params = self.progress, self.spec.params
        w = progress.state["inputs_exc.w"].reshape(params.n_input, params.n_exc)  # type: ignore[attr-defined]
        self._run.write_arrays("arrays.npz", {"w": w, "theta": progress.state["exc.theta"]})
        self._run.write_metrics(progress.metrics)
        done = {
            "status": "trained",
            "images_seen": progress.images_seen,
            "wall_s": progress.wall_s,
            "cpu_s": progress.cpu_s,
        }
        self._run.write_json("run.json", {**self._record, **done})
        return progress


def _advance(progress: Progress, chunk: Chunk, which: np.ndarray, data: Dataset, spec: TrainingSpec) -> None:
    """Take the outcome of a chunk into ``progress``."""
    labels = data.train_labels
    n_exc = spec.params.n_exc  # type: ignore[attr-defined]
    theta = chunk.state["exc.theta"]
    row = {
        "spikes_per_image": chunk.n_spikes / chunk.n_images,
        "presentations_per_image": chunk.n_presentations / chunk.n_images,
        "theta_mean_mV": 1e3 * theta.mean(),
        "theta_sd_mV": 1e3 * theta.std(),
        "silent_fraction": 1 - len(np.unique(chunk.neuron)) / n_exc,
        "weight_mean": chunk.state["inputs_exc.w"].mean(),
    }
    accuracy = _running_accuracy(progress.recent, chunk, which, labels, n_exc)
    if accuracy is not None:
        row["running_accuracy"] = accuracy
    progress.state = chunk.state
    progress.images_seen = chunk.start + chunk.n_images
    progress.metrics = metrics.added(progress.metrics, progress.images_seen, row)
    rows = np.stack([which[chunk.image], chunk.neuron, chunk.count], axis=1).astype(np.int32)
    positions = np.concatenate([progress.recent, rows])
    ends = np.flatnonzero(np.append(positions[1:, 0] != positions[:-1, 0], True)[: len(positions)])
    first = ends[-RUNNING_WINDOW - 1] + 1 if len(ends) > RUNNING_WINDOW else 0
    progress.recent = positions[first:]


def _running_accuracy(
    recent: np.ndarray, chunk: Chunk, which: np.ndarray, labels: np.ndarray, n_exc: int
) -> float | None:
    """Accuracy of the vote on a chunk, with labels from the responses before it: the network had not seen these yet."""
    if not len(recent):
        return None
    n_images = np.bincount(
        labels[recent[np.append(True, recent[1:, 0] != recent[:-1, 0]), 0]], minlength=readout.N_CLASSES
    )
    sums = np.zeros((readout.N_CLASSES, n_exc))
    np.add.at(sums, (labels[recent[:, 0]], recent[:, 1]), recent[:, 2])
    rates = sums / np.maximum(n_images, 1)[:, None]
    guesses = readout.vote(chunk.counts(n_exc), rates).argmax(axis=1)
    return float((guesses == labels[which]).mean())
