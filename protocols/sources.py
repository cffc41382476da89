"""Another run as an input: features of samples from a trained and frozen network, for another network to learn classes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import SYSTEMS
from equispike.protocols.data import Dataset
from equispike.protocols.derived import WEIGHTS, checksum
from equispike.protocols.procedures.base import LABELLING, PREDICTING, TESTING, Procedure, ignore
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

type Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Source:
    """A trained run whose answers are features."""

    run: RunFolder
    spec: TrainingSpec

    @classmethod
    def open(cls, path: Path) -> Source:
        """Open a source; raises EquispikeError where it is no trained run, or one without features."""
        run = RunFolder.open(path)
        spec = TrainingSpec.of_run(run)
        if not spec.system.trained_by.offers_features:
            able = [name for name, system in SYSTEMS.items() if system.trained_by.offers_features]
            raise EquispikeError(f"{path} is a run of {spec.system.name}: features come from {' and '.join(able)}")
        run.trained_arrays()
        return cls(run, spec)

    @property
    def n_features(self) -> int:
        return self.spec.procedure().n_answers

    def blank(self, data: Dataset) -> Dataset:
        """Return ``data`` with features that are all 0, which take no memory, in place of images: for checks.

        Raises EquispikeError where ``data`` is not what the run was trained on.
        """
        trained_on = self.run.read_json("run.json")["data"]
        if trained_on["checksum"] != data.checksum:
            raise EquispikeError(
                f"{self.run.path} was trained on {trained_on['name']}, not on the {data.name} of {data.source}: features "
                "and classes must be of the same data"
            )
        train, test = (np.broadcast_to(np.float32(0), (len(images), self.n_features))
                       for images in (data.train_images, data.test_images))  # fmt: skip
        return dataclasses.replace(data, train_images=train, test_images=test)

    def checksum(self) -> str:
        """Return the SHA-256 of what the run has learned."""
        return checksum(self.run.trained_arrays())

    def extract(
        self, samples, phase: int, *, jobs: int = 1, backend: str | None = None, report: Callable[[int], None] = ignore
    ) -> np.ndarray:
        """Return features (n, n_features) float32 of ``samples``; ``phase`` chooses the random numbers.

        ``backend``: the run's own if not given.
        """
        procedure: Procedure = self.spec.procedure(backend)
        state = procedure.state(self.run.trained_arrays())
        return procedure.respond(state, samples, phase=phase, jobs=jobs, report=report).astype(np.float32)


def source_of(spec: TrainingSpec, run: RunFolder) -> Source:
    """Return where the features of ``run`` come from; raises EquispikeError where that is gone or was trained anew."""
    path = run.path / str(spec.source)
    if not path.exists():
        raise EquispikeError(f"{path}, whose features {run.path} learned from, is gone: put it back there")
    source = Source.open(path)
    known = run.read_json("run.json").get("source") if run.has("run.json") else None
    if known and known != source.checksum():
        raise EquispikeError(f"{path} is not the run any more whose features {run.path} learned from: train anew")
    return source


def with_features(
    data: Dataset, spec: TrainingSpec, run: RunFolder, split: str, *, jobs: int = 1, report: Report = ignore
) -> Dataset:
    """Return ``data`` with features in place of images where ``spec`` says so; they are made once and kept in ``run``.

    Features have a standard deviation of 1 over the training samples that are not held out, all features together.

    Parameters
    ----------
    split : what is needed; test samples have features only where it is ``test``
    jobs : runs at a time
    report : called with phase, samples done and samples in all
    """
    if spec.source is None:
        return data

    def features(part: str, samples, phase: int) -> np.ndarray:
        if (found := kept_features(run, part, (len(samples), getattr(spec.params, "n_input", None)))) is not None:
            return found
        with run.writing():
            source = source_of(spec, run)
            source.blank(data)
            made = source.extract(
                samples,
                phase,
                jobs=jobs,
                report=lambda done: report(f"features of the {part} images", done, len(samples)),
            )
            of = {WEIGHTS: np.array(source.checksum())}
            run.write_arrays(f"features-{part}.npz", {"features": made} | of, compress=True)
        return made

    train = features("train", data.train_images, LABELLING)
    test = features("test", data.test_images, TESTING) if split == "test" else train[:0]
    scale = scale_of(train, spec)
    return dataclasses.replace(data, train_images=train / scale, test_images=test / scale)


def kept_features(run: RunFolder, part: str, shape: tuple[int | None, int | None] = (None, None)) -> np.ndarray | None:
    """Return the features (n, n_features) of the ``train`` or ``test`` images that are kept, if they are of the source that the
    run learned from.
    """
    name = f"features-{part}.npz"
    if not run.has(name):
        return None
    arrays = run.read_arrays(name)
    found = arrays["features"]
    if any(wanted not in (None, own) for wanted, own in zip(shape, found.shape, strict=True)):
        raise run.damaged(name, f"its array features has the shape {found.shape}, not {shape}")
    return found if str(arrays.get(WEIGHTS)) == run.read_json("run.json").get("source") else None


def seen_of(samples, spec: TrainingSpec, run: RunFolder, backend: str | None = None) -> np.ndarray:
    """Return other ``samples`` (n, ...) as ``run`` sees them: their features where it learned from features."""
    if spec.source is None:
        return samples
    scale = feature_scale(run, spec)
    return source_of(spec, run).extract(samples, PREDICTING, backend=backend) / scale


def feature_scale(run: RunFolder, spec: TrainingSpec) -> np.float32:
    """Return the number that features are divided by; raises EquispikeError where those of training samples are gone."""
    features = kept_features(run, "train")
    if features is None:
        raise EquispikeError(
            f"{run.path} has no features of {spec.source} any more: equispike evaluate {run.path} makes them"
        )
    return scale_of(features, spec)


def scale_of(features: np.ndarray, spec: TrainingSpec) -> np.float32:
    """Return the standard deviation of the features of training samples not held out; raises EquispikeError where it is 0."""
    scale = np.float32(features[: len(features) - spec.holdout].std(dtype=np.float64))
    if not scale > 0:
        raise EquispikeError(f"the features of {spec.source} are the same for all images: that run has learned nothing")
    return scale
