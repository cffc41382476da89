"""How active a trained network is: the spikes of one sample, and how many and when in several."""

from __future__ import annotations

import numpy as np

from equispike.protocols.data import Dataset
from equispike.protocols.derived import WEIGHTS
from equispike.protocols.procedures.base import Arrays, Procedure
from equispike.protocols.run_folder import RunFolder


def record_activity(run: RunFolder, procedure: Procedure, state: Arrays, weights: str, data: Dataset) -> None:
    """Show training samples to a trained network that learns nothing, and keep in activity.npz:

    label of the first one, and its ``image`` where it is one; ``n_steps``, ``n_steps_present`` and ``dt`` (s) of a
    presentation; ``n_presentations`` of the first sample; and for each group that spikes ``exc.spikes`` (n, 2): time step and
    neuron in the last presentation of the first sample, ``exc.counts`` (n_samples,): spikes per sample, ``exc.per_step``
    (n_steps,): mean spikes per presentation in each time step.

    ``weights``: checksum of what was learned. One sample is shown on the numpy backend, which needs no build.
    """
    n = min(procedure.activity_samples, len(data.train_images))
    samples = data.train_images[:n]
    shower = procedure if n > 1 else type(procedure)(procedure.spec, "numpy", 1)
    found = shower.record(state, samples)
    first = np.flatnonzero(found.sample == 0)
    arrays: dict[str, np.ndarray] = {
        WEIGHTS: np.array(weights),
        "label": np.asarray(data.train_labels[0]),
        "n_steps": np.array(found.n_steps),
        "n_steps_present": np.array(found.n_steps_present),
        "dt": np.array(found.dt),
        "n_presentations": np.array(len(first)),
    }
    if isinstance(samples, np.ndarray) and samples.ndim > 2:
        arrays["image"] = samples[0]
    for group, spikes in found.spikes.items():
        shown = spikes.presentation == first[-1]
        arrays |= {
            f"{group}.spikes": np.stack([spikes.step[shown], spikes.neuron[shown]], axis=1).astype(np.int32),
            f"{group}.counts": found.counts(group).sum(axis=1),
            f"{group}.per_step": np.bincount(spikes.step, minlength=found.n_steps) / len(found.sample),
        }
    run.write_arrays("activity.npz", arrays, compress=True)
