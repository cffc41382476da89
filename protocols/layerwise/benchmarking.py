"""How fast training and features are: images a CPU second of several backends, measured in turn so that ratios hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from equispike import models
from equispike.models.codegen import Program, get_backend
from equispike.models.conv_stdp import ConvStdpParams
from equispike.protocols.layerwise.encoding import encode
from equispike.protocols.layerwise.training import kernels
from equispike.protocols.provenance import cpu_seconds

#: Images of a run; a program's start, which creates its synapses, is counted.
N_IMAGES = 3000
BACKENDS = ("cpp-float32", "cpp", "cpp-stock")
#: Images shown to a layer before its speed is measured: weights that have learned let fewer neurons fire.
N_BEFORE = 3000


def benchmark(
    model: str,
    params: ConvStdpParams,
    images: np.ndarray,
    backends: tuple[str, ...],
    rounds: int,
    report: Callable[[str], None],
) -> Iterator[tuple[str, int, str, float]]:
    """Yields (phase, round, backend, images a CPU second); phases are each layer's training and ``features``.

    ``images`` (n, height, width[, channels]), n at least N_IMAGES. Builds and encoding are not counted. CPU time is that of
    this process and its children, user and system.
    """
    latencies = encode(params, images[:N_IMAGES]).astype(float)
    state = models.get_model(model).initial_state(params, 0)
    for number, name in enumerate([*params.conv_names, "features"]):
        names = params.conv_names[: number + 1]
        options = {"grid": 2} if name == "features" else {"learning": name}
        build = partial(models.get_model(model).build, params, N_IMAGES, **options)
        programs: dict[str, Program] = {}
        for backend in backends:
            report(f"building {name}: {backend}")
            programs[backend] = get_backend(backend).compile(build)
        weights = {kernels(params, each): state[kernels(params, each)] for each in names}
        if name != "features":
            report(f"{name} learns")
            weights = programs[backends[0]].run(weights, {"latencies": latencies}, {}, 0).state
            state |= weights
        for k in range(rounds):
            for backend, program in programs.items():
                report(f"{name}, round {k + 1} of {rounds}: {backend}")
                before = cpu_seconds()
                program.run(weights, {"latencies": latencies}, {"images_seen": N_BEFORE}, 0)
                yield name, k, backend, N_IMAGES / (cpu_seconds() - before)
