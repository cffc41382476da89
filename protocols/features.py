"""Features of images from a trained and frozen run, for another network to learn classes from."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from equispike import models
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.errors import EquispikeError
from equispike.protocols import layerwise
from equispike.protocols.data import Dataset
from equispike.protocols.evaluating import trained_state
from equispike.protocols.presenting import LABELLING, PREDICTING, TESTING
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, presenter

#: Parts of each side of a convolutional network's maps.
GRID = 4

type Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FeatureSource:
    """A trained run whose responses are features: spike counts of Diehl & Cook's neurons, potentials of conv-stdp's maps."""

    run: RunFolder
    spec: TrainingSpec

    @classmethod
    def open(cls, path: Path) -> FeatureSource:
        """Raises EquispikeError where it is no trained run, or one without features."""
        run = RunFolder.open(path)
        spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
        if models.get_model(spec.model).protocol in ("gradients", "baseline"):
            raise EquispikeError(f"{path} is a run of {spec.model}: features come from diehl-cook and conv-stdp")
        run.trained_arrays()
        return cls(run, spec)

    @property
    def n_features(self) -> int:
        params = self.spec.params
        if isinstance(params, ConvStdpParams):
            return GRID**2 * params.shapes[params.names[-1]].maps
        return params.n_exc  # type: ignore[attr-defined]

    def blank(self, data: Dataset) -> Dataset:
        """``data`` with features that are all 0, which take no memory, in place of images: for checks.

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
        """SHA-256 of what the run has learned."""
        digest = hashlib.sha256()
        for name, values in sorted(self.run.trained_arrays().items()):
            digest.update(name.encode() + np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def extract(
        self,
        images: np.ndarray,
        phase: int,
        *,
        jobs: int = 1,
        backend: str | None = None,
        report: Callable[[int], None] = lambda done: None,
    ) -> np.ndarray:
        """Features (n, n_features) float32 of ``images``; ``phase`` chooses the random numbers.

        ``backend``: the run's own if not given.
        """
        if isinstance(self.spec.params, ConvStdpParams):
            features = layerwise.Features.of_run(self.run, self.spec, GRID, backend)
            return features.extract(images, jobs=jobs, report=report)
        parts: list[np.ndarray] = []
        state = trained_state(self.run, self.spec)
        for counts in presenter(self.spec, backend).frozen_counts(state, images, phase=phase, jobs=jobs):
            parts.append(counts.astype(np.float32))
            report(sum(map(len, parts)))
        return np.concatenate(parts)


def source_of(spec: TrainingSpec, run: RunFolder) -> FeatureSource:
    """Where the features of ``run`` come from; raises EquispikeError where that is gone or was trained anew."""
    path = run.path / str(spec.features)
    if not path.exists():
        raise EquispikeError(f"{path}, whose features {run.path} learned from, is gone: put it back there")
    source = FeatureSource.open(path)
    known = run.read_json("run.json").get("features") if run.has("run.json") else None
    if known and known != source.checksum():
        raise EquispikeError(f"{path} is not the run any more whose features {run.path} learned from: train anew")
    return source


def with_features(
    data: Dataset,
    spec: TrainingSpec,
    run: RunFolder,
    split: str,
    *,
    jobs: int = 1,
    report: Report = lambda phase, done, total: None,
) -> Dataset:
    """``data`` with features in place of images where ``spec`` says so; they are made once and kept in ``run``.

    Features have a standard deviation of 1 over the training images that are not held out, all features together.

    Parameters
    ----------
    split : what is needed; test images have features only where it is ``test``
    jobs : runs at a time
    report : called with phase, images done and images in all
    """
    if spec.features is None:
        return data

    def features(part: str, images: np.ndarray, phase: int) -> np.ndarray:
        if not run.has(f"features-{part}.npz"):
            source = source_of(spec, run)
            source.blank(data)
            made = source.extract(
                images,
                phase,
                jobs=jobs,
                report=lambda done: report(f"features of the {part} images", done, len(images)),
            )
            run.write_arrays(f"features-{part}.npz", {"features": made}, compress=True)
        return run.read_arrays(f"features-{part}.npz")["features"]

    train = features("train", data.train_images, LABELLING)
    test = features("test", data.test_images, TESTING) if split == "test" else train[:0]
    scale = scale_of(train, spec)
    return dataclasses.replace(data, train_images=train / scale, test_images=test / scale)


def features_of(images: np.ndarray, spec: TrainingSpec, run: RunFolder, backend: str | None = None) -> np.ndarray:
    """Features (n, n_features) of other ``images`` (n, height, width) as ``run`` learned from them."""
    scale = scale_of(run.read_arrays("features-train.npz")["features"], spec)
    return source_of(spec, run).extract(images, PREDICTING, backend=backend) / scale


def scale_of(features: np.ndarray, spec: TrainingSpec) -> np.float32:
    """Standard deviation of the features of training images that are not held out; raises EquispikeError where it is 0."""
    scale = np.float32(features[: len(features) - spec.holdout].std(dtype=np.float64))
    if not scale > 0:
        raise EquispikeError(
            f"the features of {spec.features} are the same for all images: that run has learned nothing"
        )
    return scale
