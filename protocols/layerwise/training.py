"""Training layer by layer: each is a fold over chunks of images that ends when its weights have converged.

A chunk is one run of a compiled network, from the images' latencies to the layer that learns; the layers before it are
frozen. A checkpoint after each chunk holds everything the next one needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from equispike import models
from equispike.models.codegen import Program, get_backend
from equispike.models.conv_stdp import ConvStdpParams, as_kernels
from equispike.models.errors import EquispikeError
from equispike.protocols import metrics
from equispike.protocols.data import Dataset
from equispike.protocols.layerwise.encoding import encode
from equispike.protocols.presenting import TRAINING
from equispike.protocols.provenance import cpu_seconds
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, begun_record


@dataclass
class Progress:
    """State of a training between two chunks, and all that a checkpoint holds.

    Attributes
    ----------
    state : the weights of all layers, as ``conv1_kernels.w``
    layer : the layer that is learning, counted from 0 among those that learn; their number when all have learned
    images_seen : images shown to that layer
    images_total : images shown to all layers
    metrics : columns images (shown to the layer), metric (``conv1.convergence`` and so on), value
    """

    state: dict[str, np.ndarray]
    layer: int = 0
    images_seen: int = 0
    images_total: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    metrics: pd.DataFrame = field(default_factory=metrics.none_yet)

    def save(self, run: RunFolder) -> None:
        arrays = {f"state:{name}": values for name, values in self.state.items()}
        arrays |= metrics.as_arrays(self.metrics)
        arrays["counts"] = np.array([self.layer, self.images_seen, self.images_total])
        arrays["seconds"] = np.array([self.wall_s, self.cpu_s])
        run.write_arrays("checkpoint/state.npz", arrays)

    @classmethod
    def load(cls, run: RunFolder) -> Progress:
        arrays = run.read_arrays("checkpoint/state.npz")
        state = {name.removeprefix("state:"): values for name, values in arrays.items() if name.startswith("state:")}
        layer, images_seen, images_total = map(int, arrays["counts"])
        wall_s, cpu_s = map(float, arrays["seconds"])
        return cls(state, layer, images_seen, images_total, wall_s, cpu_s, metrics.from_arrays(arrays))

    def latest(self) -> dict[str, float]:
        """The newest value of every metric."""
        return dict(zip(self.metrics["metric"], self.metrics["value"], strict=True))


def kernels(params: ConvStdpParams, name: str) -> str:
    """Name of a layer's weights in the state of a network."""
    return f"{name}_kernels.w"


def convergence(w: np.ndarray) -> float:
    """C_l of Kheradpisheh et al. 2018: the mean of w (1 - w), 0 where all weights are 0 or 1."""
    return float((w * (1 - w)).mean())


def train(
    spec: TrainingSpec, data: Dataset, run: RunFolder, report: Callable[[Progress], None] = lambda progress: None
) -> Progress:
    """Train, or go on with a training that was interrupted, until every layer has converged or seen ``spec.n_images``.

    A run that was killed and goes on ends with the same bits as one that was not. ``report`` is called after every chunk.
    """
    spec.check(data)
    params = _conv_params(spec)
    if run.has("checkpoint/state.npz"):
        progress = Progress.load(run)
    else:
        progress = Progress(models.get_model(spec.model).initial_state(params, spec.seed))
    names = params.conv_names
    if progress.layer < len(names) or progress.images_seen < spec.n_images:
        run.discard_results()
    record = begun_record(spec, data)
    run.write_json("run.json", {**record, "status": "training", "images_seen": progress.images_total})
    while progress.layer < len(names):
        name = names[progress.layer]
        network = program(spec, params, name)
        while not _has_learned(progress, params, name, spec.n_images):
            _train_chunk(progress, spec, params, name, network, data)
            progress.save(run)
            run.write_metrics(progress.metrics)
            report(progress)
        if progress.layer + 1 == len(names):
            break
        progress.layer, progress.images_seen = progress.layer + 1, 0
    weights = {name: as_kernels(params, name, progress.state[kernels(params, name)]) for name in names}
    run.write_arrays("arrays.npz", {f"{name}.w": w for name, w in weights.items()})
    run.write_metrics(progress.metrics)
    done = {
        "status": "trained",
        "images_seen": progress.images_total,
        "wall_s": progress.wall_s,
        "cpu_s": progress.cpu_s,
    }
    run.write_json("run.json", {**record, **done})
    return progress


def _conv_params(spec: TrainingSpec) -> ConvStdpParams:
    assert isinstance(spec.params, ConvStdpParams)
    return spec.params


def program(spec: TrainingSpec, params: ConvStdpParams, name: str) -> Program:
    """The network up to the layer ``name``, which learns."""
    build = models.get_model(spec.model).build
    return get_backend(spec.backend).compile(lambda: build(params, spec.chunk_images, learning=name))


def _has_learned(progress: Progress, params: ConvStdpParams, name: str, n_images: int) -> bool:
    if progress.images_seen >= n_images:
        return True
    return progress.images_seen > 0 and convergence(progress.state[kernels(params, name)]) < params.convergence


def _order(spec: TrainingSpec, layer: int, n_train: int, start: int, stop: int) -> np.ndarray:
    """Indices of the training images shown to a layer as number ``start`` to ``stop``: each pass in an order of its own."""
    passes = range(start // n_train, (stop - 1) // n_train + 1)
    orders = [np.random.default_rng([spec.seed, TRAINING, layer, p]).permutation(n_train) for p in passes]
    offset = passes.start * n_train
    return np.concatenate(orders)[start - offset : stop - offset]


def _train_chunk(
    progress: Progress, spec: TrainingSpec, params: ConvStdpParams, name: str, program: Program, data: Dataset
) -> None:
    wall, cpu = time.monotonic(), cpu_seconds()
    start = progress.images_seen
    stop = min(spec.n_images, (start // spec.chunk_images + 1) * spec.chunk_images)
    which = _order(spec, progress.layer, len(data.train_images) - spec.holdout, start, stop)
    latencies = np.full((spec.chunk_images, params.shapes["input"].n_neurons), params.n_bins, dtype=float)
    latencies[: len(which)] = encode(params, data.train_images[which])
    names = params.conv_names[: progress.layer + 1]
    state = {kernels(params, each): progress.state[kernels(params, each)] for each in names}
    constants = {"n_images": len(which), "images_seen": start}
    result = program.run(state, {"latencies": latencies}, constants, seed=0)  # nothing in a run is random
    before, after = progress.state[kernels(params, name)], result.state[kernels(params, name)]
    if not np.isfinite(after).all():
        raise EquispikeError(f"the weights of {name} are no longer finite: lower {name}.a_plus_max")
    progress.state[kernels(params, name)] = after
    progress.images_seen, progress.images_total = stop, progress.images_total + len(which)
    row = {
        f"{name}.convergence": convergence(after),
        f"{name}.winners_per_image": len(result.records["winners"]["i"]) / len(which),
        f"{name}.learning_maps": len(np.unique(result.records["winners"]["i"] % params.conv(name).maps)),
        f"{name}.weight_mean": after.mean(),
        f"{name}.change": np.abs(after - before).mean(),
    }
    progress.metrics = metrics.added(progress.metrics, stop, row)
    progress.wall_s += time.monotonic() - wall
    progress.cpu_s += cpu_seconds() - cpu
