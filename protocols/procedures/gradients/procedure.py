"""Training of a network of Brian2 objects by the differentiable program that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from equispike.models.build_request import BuildRequest
from equispike.models.codegen import Program
from equispike.models.layered import LayeredParams
from equispike.protocols.procedures.base import ANSWERS, Arrays, Samples, ignore, in_chunks, seed_of
from equispike.protocols.procedures.gradients.descent import Descent
from equispike.protocols.procedures.gradients.frames import frames
from equispike.protocols.procedures.gradients.params import GradientParams
from equispike.protocols.readouts.base import Scores

if TYPE_CHECKING:
    from equispike.protocols.procedures.gradients.optimisation import Forward
    from equispike.protocols.readouts import Readout

#: Samples of a run, and numbers that their frames may have.
CHUNK_SAMPLES, CHUNK_VALUES = 500, 30_000_000
#: What tells the class, in words.
READOUTS = {"mean": "mean potential", "max": "largest potential", "last": "last potential", "spikes": "spike count"}


class Gradients(Descent):
    """A layered network: it takes ``frames`` (n * n_frames, n_input) and has a neuron per class, whose ``score`` it records."""

    params = GradientParams
    classes = "classes"
    record_samples = CHUNK_SAMPLES
    input_group = "pixels"

    def __init__(self, spec, backend=None, n_samples=None) -> None:
        super().__init__(spec, backend, n_samples)
        assert isinstance(spec.params, LayeredParams)
        self._network = spec.params

    def forward(self) -> Forward:
        from equispike.protocols.procedures.gradients.forward import of_program

        return of_program(self.spec)

    @property
    def chunk(self) -> int:
        """Most samples of a run."""
        most = max(1, CHUNK_VALUES // (self._network.n_frames * self._network.n_input))
        return min(CHUNK_SAMPLES, self.n_samples or CHUNK_SAMPLES, most)

    def programs(self) -> dict[str, BuildRequest]:
        return {ANSWERS: BuildRequest(self.spec.system.network, self._network, self.chunk)}

    @property
    def n_steps(self) -> int:
        return self._network.n_steps

    @property
    def dt(self) -> float:
        return float(self._network.dt)

    @property
    def n_answers(self) -> int:
        return self._network.n_classes

    @property
    def readouts(self) -> dict[str, Readout]:
        return {READOUTS[self._network.readout]: Scores()}

    @cached_property
    def program(self) -> Program:
        return self.compile(self.programs()[ANSWERS])

    def ready(self, stage: int | None) -> None:
        super().ready(stage)
        if stage is None:
            _ = self.program

    def inputs(self, samples: Samples, room: int) -> Arrays:
        shown = frames(self._network, samples)
        values = np.zeros((room * self._network.n_frames, self._network.n_input))
        values[: len(shown) * self._network.n_frames] = shown.reshape(-1, self._network.n_input)
        return {"frames": values}

    def respond(
        self, state: Arrays, samples: Samples, *, phase: int, jobs: int = 1, steps: int | None = None,
        report: Callable[[int], None] = ignore,
    ) -> np.ndarray:  # fmt: skip
        """Return the classes' scores (n, n_classes)."""
        if steps is not None:
            return dict(self.respond_by_step(state, samples, phase=phase, jobs=jobs))[steps]

        program = self.program  # built before threads begin

        def run(start: int) -> np.ndarray:
            n, records = self._records(program, state, samples, start, phase)
            return records["answers"]["score"].reshape(n, self.n_answers)

        return in_chunks(run, len(samples), self.chunk, jobs, report)

    def respond_by_step(
        self, state: Arrays, samples: Samples, *, phase: int, jobs: int = 1
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield scores after each time step: the network records them."""
        request = self.programs()[ANSWERS]
        recording = BuildRequest(request.reference, request.params, request.n_samples, {"record_scores": True})
        program = self.compile(recording)

        def run(start: int) -> np.ndarray:
            n, records = self._records(program, state, samples, start, phase)
            return records["scores"]["answer"].reshape(n, self.n_steps, self.n_answers)

        with ThreadPoolExecutor(jobs) as pool:
            scores = np.concatenate(list(pool.map(run, range(0, len(samples), self.chunk))))
        for step in range(self.n_steps):
            yield step + 1, scores[:, step]

    def _records(self, program: Program, state: Arrays, samples: Samples, start: int, phase: int):
        shown = samples[start : start + self.chunk]
        draws, n = seed_of(self.spec, phase, start), len(shown)
        return n, program.run(state, self.inputs(shown, self.chunk), {"n_images": n}, draws).records

    @property
    def first_layer(self) -> str:  # type: ignore[override]
        if self._network.encoding == "current":
            return "pixels as constant currents, multiplied once per frame: MACs"
        return "spikes of each pixel: ACs"

    def arriving_numbers(self, samples: Samples, state: Arrays | None = None) -> Arrays:
        if self._network.encoding != "current":
            return {}
        return {self.input_group: (frames(self._network, samples) != 0).mean(axis=0)}

    def concluded(self, arrays: Arrays, samples: Samples) -> dict[str, object]:
        """Verify that Brian2 gives the same spikes, on 100 samples."""
        return {"verified": self.verify(arrays, samples[:100])}

    def verify(self, arrays: Arrays, samples: Samples, report: Callable[[int], None] = ignore) -> dict[str, object]:
        from equispike.protocols.procedures.gradients.verifying import verify

        return verify(self, arrays, samples, report)
