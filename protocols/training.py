"""Training: the one loop around all procedures. It owns the order of samples, chunks, checkpoints, metrics and run.json."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from equispike.models import own_files
from equispike.models.errors import EquispikeError
from equispike.models.timing import Stopwatch
from equispike.protocols import metrics
from equispike.protocols.checkpoint import CHECKPOINT, Progress
from equispike.protocols.data import Dataset
from equispike.protocols.derived import checksum, discard
from equispike.protocols.procedures.base import TRAINING, Arrays, ignore
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import FORMAT, RunFolder
from equispike.protocols.sources import source_of, with_features
from equispike.protocols.spec import TrainingSpec

type Report = Callable[[Progress], None]


def begun_record(spec: TrainingSpec, data: Dataset, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what run.json says from the beginning of a training: configuration, data, versions, and all commands, those of
    the record ``before`` included."""
    return {
        "format": FORMAT,
        "config": spec.as_json(),
        "data": {
            "name": data.name,
            "checksum": data.checksum,
            "shape": list(data.train_images.shape[1:]),
            "classes": list(data.class_names),
            **(
                {"brightness": _brightness(data.train_images)}
                if getattr(data.train_images, "dtype", None) == np.uint8
                else {}
            ),
        },
        **provenance(before),
    }


def _brightness(images: np.ndarray) -> list[float]:
    """Return the mean of the darkest image (n, ...) and that of the brightest."""
    means = images.reshape(len(images), -1).mean(axis=1)
    return [float(means.min()), float(means.max())]


def own_checksums(spec: TrainingSpec, run: RunFolder, before: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the SHA-256, by path, of the user's files that a training depends on.

    Raises EquispikeError where one has changed since the training was begun.
    """
    found = {}
    for reference in spec.own_files:
        path = Path(reference.rpartition(":")[0])
        found[str(path)] = own_files.checksum(reference)
        known = (before or {}).get("own_files", {}).get(str(path))
        if known and known != found[str(path)]:
            raise EquispikeError(
                f"{path} has changed since {run.path} was begun: put the copy in {run.path / 'own_files'} back, or train anew"
            )
    return found


def sample_order(words: Sequence[int], n_train: int, start: int, stop: int) -> np.ndarray:
    """Return which training samples are presented as number ``start`` to ``stop``: each pass in an order of its own."""
    passes = range(start // n_train, (stop - 1) // n_train + 1)
    orders = np.concatenate([np.random.default_rng([*words, p]).permutation(n_train) for p in passes])
    offset = passes.start * n_train
    return orders[start - offset : stop - offset]


def prepare(
    spec: TrainingSpec,
    data: Dataset,
    run: RunFolder,
    *,
    jobs: int = 1,
    report: Callable[[str, int, int], None] = ignore,
) -> Dataset:
    """Return ``data`` as the network sees it: with features of the source run, if there is one, in place of images.

    ``run`` is begun before, so that it can be resumed whatever happens meanwhile. ``jobs``: runs at a time.
    """
    with run.writing():
        if spec.source is not None and not run.has("run.json"):
            record = begun_record(spec, data) | {"source": source_of(spec, run).checksum()}
            run.write_json("run.json", {**record, "status": "training", "images_seen": 0})
        return with_features(data, spec, run, "train", jobs=jobs, report=report)


def train(spec: TrainingSpec, data: Dataset, run: RunFolder, report: Report = ignore) -> Progress:
    """Train, or resume a training that was interrupted, until every stage has learned or seen ``spec.n_images``.

    A run that was killed and resumed ends with the same bits as one that was not: a chunk depends only on the state
    before it, its samples and the seed. ``report`` is called after every chunk.
    """
    with run.writing():
        training = Training(spec, data, run, report)
        while training.goes_on():
            training.procedure.ready(training.progress.stage)
            watch = Stopwatch()
            start, samples, labels = training.next_chunk()
            progress = training.progress
            advanced = training.procedure.advance(progress.state, samples, labels, start=start, stage=progress.stage)
            training.take(*advanced, watch=watch)
        return training.finish()


def train_side_by_side(
    specs: Sequence[TrainingSpec], data: Dataset, runs: Sequence[RunFolder], reports: Sequence[Report]
) -> list[Progress]:
    """Train several seeds at the same time with a procedure that can, each as :func:`train` does; they share the time."""
    with ExitStack() as writing:
        for run in runs:
            writing.enter_context(run.writing())
        return _side_by_side([Training(*each) for each in zip(specs, [data] * len(specs), runs, reports, strict=True)])


def _side_by_side(trainings: Sequence[Training]) -> list[Progress]:
    for training in trainings[1:]:
        training.procedure.__dict__["program"] = trainings[0].procedure.program  # type: ignore[attr-defined]
    while going := [training for training in trainings if training.goes_on()]:
        behind = min(training.progress.seen for training in going)
        going = [training for training in going if training.progress.seen == behind]
        going[0].procedure.ready(0)
        watch = Stopwatch()
        chunks = [training.next_chunk() for training in going]
        advanced = going[0].procedure.advance_each(  # type: ignore[attr-defined]
            [each.procedure for each in going],
            [each.progress.state for each in going],
            [samples for _, samples, _ in chunks],
            [labels for _, _, labels in chunks],
            behind,
        )
        for training, outcome in zip(going, advanced, strict=True):
            training.take(*outcome, watch=watch, share=len(going))
    return [training.finish() for training in trainings]


class Training:
    """A training between two chunks, in a run folder that this process alone writes.

    What an earlier, shorter training has left stays until the longer one has ended.
    """

    def __init__(self, spec: TrainingSpec, data: Dataset, run: RunFolder, report: Report) -> None:
        self.spec, self._run, self._report = spec, run, report
        before = run.read_json("run.json") if run.has("run.json") else None
        self._check_same(before)
        run.again = f"--resume {run.path}"
        self._data = prepare(spec, data, run)
        spec.check(self._data)
        self.procedure = spec.procedure()
        _warn_of_damage(run)
        resumed = run.has(CHECKPOINT)
        self.progress = Progress.load(run, self.procedure) if resumed else Progress(self.procedure.begin())
        self._check_length(before, resumed)
        files = own_checksums(spec, run, before)
        goes_on = self.goes_on()
        self._record = begun_record(spec, data, before)
        if before is not None and not goes_on:  # nothing new is made
            self._record["commands"] = before["commands"]
        if before is not None and "weights" in before:  # of a shorter training, until this one has ended
            self._record["weights"] = before["weights"]
        if files:
            self._record["own_files"] = files
        if spec.source is not None:
            self._record["source"] = run.read_json("run.json")["source"]
        if goes_on:
            run.write_json("run.json", {**self._record, "status": "training", "images_seen": self.progress.total})
        for path in map(Path, files):  # copies, which nothing executes
            run.write_bytes(f"own_files/{path.name}", path.read_bytes())

    def _check_same(self, before: dict | None) -> None:
        """Raise EquispikeError where the folder was begun as another training than a shorter or longer one of this."""
        if before is None:
            return
        begun, now = before["config"], self.spec.as_json()
        for key in now.keys() | begun.keys():
            if key != "n_images" and begun.get(key) != now.get(key):
                raise EquispikeError(
                    f"{self._run.path} was begun as another training, with {key} {begun.get(key)}: choose another --out"
                )

    def _check_length(self, before: dict | None, resumed: bool) -> None:
        if before is None:
            return
        begun, path, n_images = before["config"]["n_images"], self._run.path, self.spec.n_images
        if self.procedure.planned and resumed and begun != n_images:
            raise EquispikeError(
                f"{path} was planned for {begun} images, along which the learning rate changes, so it cannot end at {n_images}: "
                "train anew"
            )
        seen = max(self.progress.seen, before["images_seen"] if len(self.procedure.stages) == 1 else 0)
        if seen > n_images:
            raise EquispikeError(f"{path} was shown {seen} images already: --images {n_images} would be fewer")

    def goes_on(self) -> bool:
        """Return whether a chunk is left; begins the next stage where one has ended."""
        progress, last = self.progress, len(self.procedure.stages) - 1
        while self._stage_ended():
            if progress.stage == last:
                return False
            progress.stage, progress.seen = progress.stage + 1, 0
        return True

    def _stage_ended(self) -> bool:
        progress = self.progress
        if progress.seen >= self.spec.n_images:
            return True
        return progress.seen > 0 and self.procedure.learned(progress.state, progress.stage)

    def next_chunk(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Return the number of the next chunk's first sample, its samples and their labels."""
        spec, progress, length = self.spec, self.progress, self.spec.chunk_images
        # Chunks end at multiples of chunk_images whatever n_images is, so that a longer run begins with a shorter one.
        stop = self.procedure.chunk_end(min(spec.n_images, (progress.seen // length + 1) * length))
        stage = [progress.stage] if len(self.procedure.stages) > 1 else []
        if self.procedure.shuffled:
            which = sample_order([spec.seed, TRAINING, *stage], spec.n_train, progress.seen, stop)
        else:
            which = np.arange(progress.seen, stop) % spec.n_train
        return progress.seen, self._data.train_images[which], self._data.train_labels[which]

    def take(self, state: Arrays, row: dict[str, float], *, watch: Stopwatch, share: int = 1) -> None:
        """Take what came of the next chunk, with a ``share``-th of the time since its beginning that ``watch`` tells."""
        progress, spec, length = self.progress, self.spec, self.spec.chunk_images
        stop = self.procedure.chunk_end(min(spec.n_images, (progress.seen // length + 1) * length))
        if spec.holdout:
            held_out = slice(spec.n_train, None)
            row |= self.procedure.validated(state, self._data.train_images[held_out], self._data.train_labels[held_out])
        n = stop - progress.seen
        progress.total += n
        progress.state, progress.seen = state, stop
        progress.metrics = metrics.added(progress.metrics, stop, row)
        wall_s, cpu_s = watch.read()
        progress.wall_s += wall_s / share
        progress.cpu_s += cpu_s / share
        progress.images_per_s = n / max(wall_s, 1e-9)
        # A longer training presents a shorter last chunk anew, in full.
        if self.procedure.planned or stop % length == 0:
            progress.save(self._run)
        self._run.write_metrics(progress.metrics)
        self._report(progress)

    def finish(self) -> Progress:
        """Write what the training leaves."""
        progress, spec = self.progress, self.spec
        arrays = self.procedure.arrays(progress.state)
        weights = checksum(arrays)
        self._run.write_arrays("arrays.npz", arrays)
        if self._record.get("weights") != weights:  # of a shorter training
            discard(self._run)
        self._run.write_metrics(progress.metrics)
        samples = self._data.train_images
        done = {
            "status": "trained",
            "images_seen": progress.total,
            "wall_s": progress.wall_s,
            "cpu_s": progress.cpu_s,
            "weights": weights,
            **self.procedure.concluded(arrays, samples[spec.n_train :] if spec.holdout else samples),
        }
        self._run.write_json("run.json", {**self._record, **done})
        return progress


def _warn_of_damage(run: RunFolder) -> None:
    """Warn of files that a training does not go on with, but writes."""
    for name, read in (("metrics.csv", run.read_table), ("arrays.npz", run.read_arrays)):
        try:
            if run.has(name):
                read(name)
        except EquispikeError as error:
            warnings.warn(f"{error} (training on writes it anew)", stacklevel=2)
