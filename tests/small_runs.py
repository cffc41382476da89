"""Run folders as trainings on digits leave them, with random weights."""

from pathlib import Path
from typing import Any

import numpy as np

from equispike.models.ann import AnnParams
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.layered import LayeredParams
from equispike.protocols.catalogue import get_system
from equispike.protocols.data import load
from equispike.protocols.derived import weights_of
from equispike.protocols.evaluations import evaluation_name
from equispike.protocols.run_folder import FORMAT, RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training import begun_record


def small_spec(system: str, settings: dict[str, Any], n_images: int, **changes: Any) -> TrainingSpec:
    """A training of ``system`` on digits that needs no compiler, with ``settings`` of network and training."""
    chosen = get_system(system)
    params, own = chosen.settled(settings)
    numbers = {"n_train": 1437 - changes.get("holdout", 0), "seed": 0, "backend": "numpy"} | changes
    if not chosen.is_spiking:
        numbers["backend"] = chosen.trained_by.default_backend
    return TrainingSpec(chosen, params, own, "digits", n_images, **numbers)


def run_record(config: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """What run.json says of a trained run with ``config``."""
    data = {"name": config["data"], "checksum": "abc"}
    return {
        "format": FORMAT,
        "config": config,
        "data": data,
        "status": "trained",
        "images_seen": 100,
        "cpu_s": 4.0,
    } | facts


def keep_evaluation(run: RunFolder, accuracy: dict[str, float], **facts: Any) -> Path:
    """An evaluation of a run as it is now, on 10 000 test images if nothing else is said; returns its JSON file."""
    data = run.read_json("run.json")["data"]
    found = {"split": "test", "n_images": 10_000, "n_split": 10_000, "n_label": 0, "backend": "cpp", "settings": {},
             "data": data, "weights": weights_of(run), "accuracy": accuracy} | facts  # fmt: skip
    run.write_json(f"{evaluation_name(found)}.json", found)
    return run.path / f"{evaluation_name(found)}.json"


def saved_run(path: Path | str, system: str, **settings: object) -> RunFolder:
    """A run of ``system`` that needs no compiler."""
    spec = small_spec(system, settings, 100, holdout=37)
    params, network = spec.params, spec.network
    state, rng = network.initial_state(params, spec.seed), np.random.default_rng(1)
    arrays = network.arrays_of(params, state)
    if isinstance(params, LayeredParams):
        arrays = {name: values.astype(np.float32) for name, values in state.items()}
        arrays["classes.b"] = rng.normal(0, 0.3, params.n_classes).astype(np.float32)
    elif isinstance(params, ConvStdpParams):
        arrays = {f"{name}.w": rng.random(params.kernel_shape(name)) for name in params.conv_names}
    elif not isinstance(params, AnnParams):
        arrays["theta"] = 0 * arrays["theta"]
    run = RunFolder.create(path)
    run.write_json(
        "run.json", {**begun_record(spec, load("digits")), "status": "trained", "images_seen": 100, "cpu_s": 1.0}
    )
    run.write_arrays("arrays.npz", arrays)
    return run
