"""How fast training is: images a CPU second of several formulations, measured in turn so that ratios hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from equispike import models
from equispike.models.errors import EquispikeError
from equispike.models.params import Params
from equispike.protocols.presenting import TRAINING, Presenter
from equispike.protocols.provenance import cpu_seconds
from equispike.protocols.training import TrainingSpec, presenter

#: What is measured: backend, images a run, images in all.
FORMULATIONS = {
    "cpp-float32": ("cpp-float32", 1000, 1000),
    "cpp": ("cpp", 1000, 1000),
    "plain Synapses (stock Brian2 C++)": ("cpp-stock", 1000, 1000),
    "one run() an image (Cython)": ("cython", 1, 8),
}


def chosen_formulations(backends: str | None) -> list[str]:
    """Names of the formulations on ``backends``, separated by commas; all where None.

    Raises
    ------
    EquispikeError
        A backend has no formulation.
    """
    by_backend = {backend: name for name, (backend, _, _) in FORMULATIONS.items()}
    if backends is None:
        return list(FORMULATIONS)
    unknown = [backend for backend in backends.split(",") if backend not in by_backend]
    if unknown:
        raise EquispikeError(f"nothing to measure on '{unknown[0]}'; there is: {', '.join(by_backend)}")
    return [by_backend[backend] for backend in backends.split(",")]


def benchmark(
    model: str, params: Params, images: np.ndarray, names: list[str], rounds: int, report: Callable[[str], None]
) -> Iterator[tuple[int, str, float]]:
    """Train on the first of ``images`` (n, 28, 28) with learning on; yields (round, formulation, images a CPU second).

    Builds and first runs are not counted. CPU time is that of this process and its children, user and system.
    """
    needed = max(FORMULATIONS[name][2] for name in names)
    if len(images) < needed:
        raise EquispikeError(f"the benchmark needs {needed} training images, but there are {len(images)}")
    networks = {}
    for name in names:
        backend, chunk_images, _ = FORMULATIONS[name]
        report(f"building: {name}")
        spec = TrainingSpec(model, params, "mnist", 0, 0, backend, chunk_images=chunk_images)
        networks[name] = presenter(spec)
    state = models.get_model(model).initial_state(params, 0)
    for network in networks.values():
        _train(network, state, images[:1])
    for number in range(rounds):
        for name, network in networks.items():
            report(f"round {number + 1} of {rounds}: {name}")
            n_images = FORMULATIONS[name][2]
            before = cpu_seconds()
            _train(network, state, images[:n_images])
            yield number, name, n_images / (cpu_seconds() - before)


def _train(network: Presenter, state: dict[str, np.ndarray], images: np.ndarray) -> None:
    for start in range(0, len(images), network.chunk_images):
        part = images[start : start + network.chunk_images]
        state = network.chunk(state, part, start=start, phase=TRAINING, learning=True).state


def summary(measured: pd.DataFrame) -> pd.DataFrame:
    """Median, minimum and maximum for each formulation, and the median ratio of the first to each within a round.

    ``measured`` has columns round, formulation, images_per_cpu_s.
    """
    wide = measured.pivot(index="round", columns="formulation", values="images_per_cpu_s")[
        measured["formulation"].unique()
    ]
    ratios = wide.iloc[:, [0]].to_numpy() / wide
    return pd.DataFrame({"median": wide.median(), "min": wide.min(), "max": wide.max(), "ratio": ratios.median()})
