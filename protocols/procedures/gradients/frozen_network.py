"""Showing samples to a deep network in Brian2, chunk after chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from equispike import models
from equispike.models.codegen import Program, get_backend
from equispike.models.layered import SPIKING_INPUTS, LayeredParams
from equispike.protocols.data import Recordings
from equispike.protocols.gradients.frames import frames
from equispike.protocols.training import TrainingSpec

#: Samples of a run, and numbers that their frames may have.
CHUNK_SAMPLES, CHUNK_VALUES = 500, 30_000_000

#: Of each monitor ``i``, ``t`` (s) and its variables, as a run's records are.
type Records = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class FrozenNetwork:
    """A compiled network.

    Attributes
    ----------
    chunk : most samples of a run
    """

    spec: TrainingSpec
    params: LayeredParams
    program: Program
    chunk: int

    @classmethod
    def of(
        cls, spec: TrainingSpec, n_samples: int, backend: str | None = None, *, record_scores: bool = False
    ) -> FrozenNetwork:
        """For at least ``n_samples``; ``record_scores``: also of every time step."""
        params, model = spec.params, models.get_model(spec.model)
        assert isinstance(params, LayeredParams)
        chunk = min(CHUNK_SAMPLES, n_samples, max(1, CHUNK_VALUES // (params.n_frames * params.n_input)))
        program = get_backend(backend or spec.backend).compile(
            lambda: model.build(params, chunk, record_spikes=True, record_scores=record_scores)
        )
        return cls(spec, params, program, chunk)

    @property
    def spiking(self) -> list[str]:
        """Names of all groups that spike, the input first."""
        return (["pixels"] if self.params.encoding in SPIKING_INPUTS else []) + self.params.spiking_names

    def records(
        self, arrays: Mapping[str, np.ndarray], samples: np.ndarray | Recordings, *, phase: int, jobs: int = 1
    ) -> Iterator[tuple[int, Records]]:
        """Number of samples and records of each chunk of ``samples`` (as for frames); ``phase`` chooses the random numbers."""
        params = self.params

        def run(start: int) -> tuple[int, Records]:
            part = frames(params, samples[start : start + self.chunk])
            values = np.zeros((self.chunk * params.n_frames, params.n_input))
            values[: len(part) * params.n_frames] = part.reshape(-1, params.n_input)
            draws = int(np.random.SeedSequence([self.spec.seed, phase, start]).generate_state(1)[0])
            result = self.program.run(arrays, {"frames": values}, {"n_images": len(part)}, draws)
            return len(part), result.records

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(run, range(0, len(samples), self.chunk))

    def scores_of(self, n: int, records: Records) -> np.ndarray:
        """Scores (n, n_classes) in the records of a chunk of ``n`` samples."""
        return records["answers"]["score"].reshape(n, self.params.n_classes)
