"""How active a trained network is: spikes of each layer, and when they come."""

from __future__ import annotations

import numpy as np

import models
from models.codegen import get_backend
from models.conv_stdp import ConvStdpParams
from protocols.data import Dataset
from protocols.layerwise.encoding import encode, seen_contrasts
from protocols.layerwise.features import frozen_state
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec


def record_activity(run: RunFolder, data: Dataset, n_images: int = 500, backend: str | None = None) -> None:
    """Show training images to the frozen network, all of whose layers fire, and keep in activity.npz:

    image, label, contrasts and latencies (height, width, cells) of the first image; and for the input and each layer,
    ``conv1.spikes`` (n, 4): row, column, map and bin of its spikes for that image; ``conv1.counts`` (n_images,): spikes an
    image; ``conv1.per_bin`` (n_bins,): mean spikes an image in each bin.
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    params, build = spec.params, models.get_model(spec.model).build
    assert isinstance(params, ConvStdpParams)
    images = data.train_images[: min(n_images, len(data.train_images))]
    program = get_backend(backend or spec.backend).compile(lambda: build(params, len(images), record_spikes=True))
    latencies = encode(params, images)
    state = frozen_state(params, run.trained_arrays())
    records = program.run(state, {"latencies": latencies.astype(float)}, {"n_images": len(images)}, seed=0).records
    shape = (params.height, params.width, -1)
    arrays: dict[str, np.ndarray] = {
        "image": images[0],
        "label": data.train_labels[0],
        "contrasts": seen_contrasts(params, images[:1])[0],
        "latencies": latencies[0].reshape(shape),
    }
    for name, size in params.shapes.items():
        neuron, t = records[f"{name}_spikes"]["i"], records[f"{name}_spikes"]["t"]
        image, step = np.divmod(np.round(t / float(params.dt)).astype(int), params.n_bins)
        place, map_ = np.divmod(neuron, size.maps)
        first = image == 0
        spikes = np.stack([place // size.width, place % size.width, map_, step], axis=1)[first]
        arrays |= {
            f"{name}.spikes": spikes.astype(np.int16),
            f"{name}.counts": np.bincount(image, minlength=len(images)),
            f"{name}.per_bin": np.bincount(step, minlength=params.n_bins) / len(images),
        }
    run.write_arrays("activity.npz", arrays, compress=True)
