"""The spikes of one image, for looking at."""

from __future__ import annotations

import numpy as np

from equispike.models.diehl_cook import DiehlCookParams
from equispike.protocols.data import Dataset
from equispike.protocols.recording import record
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec


def record_raster(run: RunFolder, data: Dataset, which: int = 0) -> None:
    """Present one test image to the frozen network and keep every input and excitatory spike in raster.npz.

    Runs on the numpy backend: one image needs no compiler. Of an image that had to be repeated, the accepted
    presentation is kept.
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    params = spec.params
    assert isinstance(params, DiehlCookParams)
    found = record(run, spec, data.test_images[[which]], "numpy")
    last = len(found.sample) - 1
    arrays: dict[str, np.ndarray] = {
        "image": data.test_images[which],
        "label": data.test_labels[which],
        "t_present": np.array(found.n_steps_present * found.dt),
        "t_rest": np.array((found.n_steps - found.n_steps_present) * found.dt),
        "n_presentations": np.array(len(found.sample)),
    }
    for name, group in (("input", "inputs"), ("exc", "exc")):
        spikes = found.spikes[group]
        keep = spikes.presentation == last
        arrays |= {f"{name}_t": spikes.step[keep] * found.dt, f"{name}_i": spikes.neuron[keep]}
    run.write_arrays("raster.npz", arrays, compress=True)
