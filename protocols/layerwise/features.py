"""Features of images: the largest potentials of the last layer's maps when an image ends, with all weights frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from equispike import models
from equispike.models.codegen import ParallelProgram, Program, Run, get_backend
from equispike.models.conv_stdp import ConvStdpParams, as_state
from equispike.protocols.layerwise.encoding import encode
from equispike.protocols.layerwise.training import kernels
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec


def frozen_state(params: ConvStdpParams, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The state of a network with weights from a run's arrays."""
    return {kernels(params, name): as_state(arrays[f"{name}.w"]) for name in params.conv_names}


@dataclass(frozen=True)
class Features:
    """A compiled network with frozen weights.

    Attributes
    ----------
    grid : potentials are pooled in grid * grid parts of the maps
    chunk_images : most images of a run
    """

    params: ConvStdpParams
    program: Program
    state: dict[str, np.ndarray]
    grid: int
    chunk_images: int

    @classmethod
    def of_run(cls, run: RunFolder, spec: TrainingSpec, grid: int, backend: str | None = None) -> Features:
        """Those of a trained run; raises EquispikeError where it is not fully trained."""
        params = spec.params
        assert isinstance(params, ConvStdpParams)
        state = frozen_state(params, run.trained_arrays())
        chunk_images, build = spec.chunk_images, models.get_model(spec.model).build
        program = get_backend(backend or spec.backend).compile(lambda: build(params, chunk_images, grid=grid))
        return cls(params, program, state, grid, chunk_images)

    def extract(
        self,
        images: np.ndarray,
        *,
        jobs: int = 1,
        n_bins: int | None = None,
        report: Callable[[int], None] = lambda done: None,
    ) -> np.ndarray:
        """Features (n, grid * grid * maps) of ``images``, part after part; float32, 0 where nothing arrived.

        Parameters
        ----------
        jobs : runs at a time; the result does not depend on it
        n_bins : stop an image after so many bins
        report : called with the number of images done
        """
        n_features = self.grid**2 * self.params.shapes[self.params.names[-1]].maps
        features = np.zeros((len(images), n_features), dtype=np.float32)
        last = n_bins or self.params.n_bins

        parallel = self.program if isinstance(self.program, ParallelProgram) else None
        n_runs = min(parallel.lanes, self.chunk_images) if parallel else 1
        length = -(-self.chunk_images // n_runs)

        def run(start: int) -> int:
            part = images[start : start + self.chunk_images]
            latencies = np.full((n_runs * length, self.params.shapes["input"].n_neurons), last, dtype=float)
            latencies[: len(part)] = encode(self.params, part)
            constants = {"n_images": length if parallel else len(part), "n_bins": last, "n_steps": last}
            runs = [Run(self.state, {"latencies": shown}, seed=0) for shown in np.split(latencies, n_runs)]
            if parallel:
                results = parallel.run_each(runs, constants, with_state=False)
            else:
                results = [self.program.run(self.state, runs[0].inputs, constants, seed=0)]
            for number, result in enumerate(results):
                found = result.records["responses"]
                image = number * length + np.round(found["t"] / float(self.params.dt)).astype(int) // last
                features[start + image, found["i"]] = found["potential"]
            return len(part)

        done = 0
        with ThreadPoolExecutor(jobs) as pool:
            for n in pool.map(run, range(0, len(images), self.chunk_images)):
                done += n
                report(done)
        return features


def coarser(features: np.ndarray, grid: int) -> np.ndarray:
    """Features over whole maps (n, maps) from those in grid * grid parts (n, grid * grid * maps)."""
    return features.reshape(len(features), grid**2, -1).max(axis=1)
