"""The spikes of one image, for looking at."""

from __future__ import annotations

import numpy as np

import models
from models.codegen import get_backend
from protocols.data import Dataset
from protocols.evaluating import trained_state
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec


def record_raster(run: RunFolder, data: Dataset, which: int = 0) -> None:
    """Present one test image to the frozen network and keep every input and excitatory spike in raster.npz.

    Runs on the numpy backend: one image needs no compiler. Of an image that had to be repeated, the accepted
    presentation is kept.
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    model, params = models.get_model(spec.model), spec.params
    program = get_backend("numpy").compile(lambda: model.build(params, 1, record_spikes=True))
    image = data.test_images[which]
    inputs = {"pixels": image.reshape(1, -1).astype(float), **model.fixed_inputs(params, spec.seed)}
    records = program.run(trained_state(run, spec), inputs, {"n_images": 1, "learning": 0.0}, seed=spec.seed).records
    n_presentations = len(records["presentations"]["t"])
    length = params.n_steps * float(params.dt)  # type: ignore[attr-defined]
    start = (n_presentations - 1) * length
    arrays: dict[str, np.ndarray] = {
        "image": image,
        "label": data.test_labels[which],
        "t_present": np.array(params.n_steps_present * float(params.dt)),  # type: ignore[attr-defined]
        "t_rest": np.array(length - params.n_steps_present * float(params.dt)),  # type: ignore[attr-defined]
        "n_presentations": np.array(n_presentations),
    }
    for name in ("input", "exc"):
        spikes = records[f"{name}_spikes"]
        keep = spikes["t"] >= start - 1e-9
        arrays |= {f"{name}_t": spikes["t"][keep] - start, f"{name}_i": spikes["i"][keep]}
    run.write_arrays("raster.npz", arrays, compress=True)
