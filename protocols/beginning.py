"""How a training begins or is resumed: defaults, checks, the backend that ``auto`` means, and the data it needs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from equispike.models.codegen import BACKENDS
from equispike.models.errors import EquispikeError
from equispike.protocols import limits
from equispike.protocols.catalogue import get_system
from equispike.protocols.data import Dataset, absolute, label_of, load
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import Source
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.system import System


class Slow(UserWarning):
    """Warn that work will take far longer than it could."""


def new_spec(
    system: str,
    data: str,
    settings: Mapping[str, Any],
    *,
    images: int | None = None,
    seed: int = 0,
    backend: str = "auto",
    holdout: int = 0,
    chunk_images: int | None = None,
    source: Source | None = None,
    out: Path | None = None,
    data_dir: Path | None = None,
    force: bool = False,
) -> tuple[TrainingSpec, Dataset, Path]:
    """Return what a new training is, its data, and where it is kept.

    Raises EquispikeError where it cannot work or, unless ``force``, would take what no machine has.
    """
    chosen = get_system(system)
    data = absolute(data)
    dataset = load(data, data_dir)
    out = out or Path("runs") / f"{chosen.label}-{label_of(data)}-s{seed}"
    if source is not None:
        chosen.params().check_kind(chosen.name, data, "features")
    params, training = chosen.settled(fitted(chosen, settings, source, dataset))
    procedure = chosen.trained_by
    backend = _backend(procedure, backend)
    n_train = len(dataset.train_images) - holdout
    spec = TrainingSpec(
        system=chosen,
        params=params,
        procedure_params=training,
        data=data,
        n_images=n_train * training.epochs if images is None else images,
        n_train=n_train,
        seed=seed,
        backend=backend,
        holdout=holdout,
        chunk_images=(procedure.chunk_samples or max(1, n_train)) if chunk_images is None else chunk_images,
        source=None if source is None else os.path.relpath(source.run.path.resolve(), out.resolve()),
    )
    spec.check(dataset if source is None else source.blank(dataset))
    if not force:
        limits.refuse(limits.training_fault(spec))
    return spec, dataset, out


def fitted(system: System, settings: Mapping[str, Any], source: Source | None, dataset: Dataset) -> dict[str, Any]:
    """Return ``settings`` with those added, where they are not among them, by which the network takes the images of
    ``dataset``, or features of ``source``, and has its classes; raises EquispikeError where it learns from labels and there
    are none.
    """
    if system.trained_by.supervised:
        dataset.need_labels()
    if source is None and dataset.kind != "images":
        return dict(settings)
    shape = dataset.train_images.shape[1:] if source is None else (source.n_features,)
    return {**system.params().fitted_to(shape, dataset.n_classes), **settings}


def source_for(system: str, data: str, path: Path) -> Source:
    """Open the run whose features ``system`` is to learn from; raises EquispikeError where it learns from none, or from no
    such run.
    """
    get_system(system).params().check_kind(system, data, "features")
    return Source.open(path)


def undated_spec(system: str, settings: Mapping[str, Any]) -> TrainingSpec:
    """Return a system with settings as it would be trained, on no data: for looking at its programs."""
    chosen = get_system(system)
    params, own = chosen.settled(settings)
    chunk = chosen.trained_by.chunk_samples or 1
    return TrainingSpec(chosen, params, own, "", chunk, chunk, 0, chosen.trained_by.default_backend, chunk_images=chunk)


def _backend(procedure: Any, name: str) -> str:
    chosen = procedure.chosen_backend(name)
    if name == "auto" and chosen in BACKENDS and BACKENDS[chosen].stepwise:
        reason = BACKENDS["cpp"].why_not()
        warnings.warn(f"using the {chosen} backend, hundreds of times slower than cpp: {reason}", Slow, stacklevel=3)
    return chosen


def resumed_spec(run: RunFolder, images: int | None, data_dir: Path | None) -> tuple[TrainingSpec, Dataset]:
    """Return what a training was begun as, for ``images`` if they are given, and its data."""
    spec = TrainingSpec.of_run(run)
    return spec if images is None else spec.replaced(n_images=images), data_of(run, data_dir)


def data_of(run: RunFolder, data_dir: Path | None) -> Dataset:
    """Return the data set that a run was trained on; raises EquispikeError where it is another one now."""
    trained_on = run.read_json("run.json")["data"]
    dataset = load(trained_on["name"], data_dir)
    if dataset.checksum != trained_on["checksum"]:
        raise EquispikeError(f"{dataset.source} is not the data that {run.path} was trained on: it has changed")
    config = run.read_json("run.json")["config"]
    if config["n_train"] + config["holdout"] != (n := len(dataset.train_images)):
        raise run.damaged(
            "run.json", f"its config.n_train and config.holdout are not the {n} training images of {dataset.name}"
        )
    return dataset


def check_repeated(run: RunFolder, spec: TrainingSpec, asked: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raise EquispikeError where what is repeated of a training disagrees with how it was begun.

    ``asked``: system, data, seed, holdout, chunk_images, backend or source, by name; ``settings``: parameters.
    """
    begun = {
        "system": spec.system.name,
        "source": None if spec.source is None else str((run.path / spec.source).resolve()),
        **{name: getattr(spec, name) for name in ("data", "seed", "holdout", "chunk_images", "backend")},
    }
    for name, value in asked.items():
        if value not in (begun[name], "auto"):
            raise EquispikeError(f"{run.path} was begun with {name} {begun[name]}, not {value}: omit it or train anew")
    params, own = spec.system.settled(settings, spec.params, spec.procedure_params)
    for before, after in ((spec.params, params), (spec.procedure_params, own)):
        for key, value in after.as_text().items():
            if before.as_text().get(key) != value:
                raise EquispikeError(
                    f"{run.path} was begun with {key}={before.as_text().get(key)}, not {value}: train anew for that"
                )
