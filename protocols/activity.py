"""How active a trained conv-stdp network is: spikes of each layer, and when they come."""

from __future__ import annotations

import numpy as np

from equispike.models.conv_stdp import ConvStdpParams
from equispike.protocols.data import Dataset
from equispike.protocols.layerwise.encoding import encode, seen_contrasts
from equispike.protocols.recording import record
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec


def record_activity(run: RunFolder, data: Dataset, n_images: int = 500, backend: str | None = None) -> None:
    """Show training images to the frozen network, all of whose layers fire, and keep in activity.npz:

    image, label, contrasts and latencies (height, width, cells) of the first image; and for the input and each layer,
    ``conv1.spikes`` (n, 4): row, column, map and bin of its spikes for that image; ``conv1.counts`` (n_images,): spikes an
    image; ``conv1.per_bin`` (n_bins,): mean spikes an image in each bin.
    """
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    params, images = spec.params, data.train_images[:n_images]
    assert isinstance(params, ConvStdpParams)
    recording = record(run, spec, images, backend)
    shape = (params.height, params.width, -1)
    arrays: dict[str, np.ndarray] = {
        "image": images[0],
        "label": data.train_labels[0],
        "contrasts": seen_contrasts(params, images[:1])[0],
        "latencies": encode(params, images[:1])[0].reshape(shape),
    }
    for name, size in params.shapes.items():
        found = recording.spikes[name]
        place, map_ = np.divmod(found.neuron, size.maps)
        spikes = np.stack([place // size.width, place % size.width, map_, found.step], axis=1)
        arrays |= {
            f"{name}.spikes": spikes[found.presentation == 0].astype(np.int16),
            f"{name}.counts": np.bincount(found.presentation, minlength=len(images)),
            f"{name}.per_bin": np.bincount(found.step, minlength=params.n_bins) / len(images),
        }
    run.write_arrays("activity.npz", arrays, compress=True)
