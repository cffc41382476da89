"""Presenting images to a network, chunk by chunk: each chunk is one run of the program."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from equispike.models.built_network import RunResult
from equispike.models.codegen import ParallelProgram, Program, Run
from equispike.models.errors import EquispikeError

#: Second words of the seed sequences, so that no two phases share random numbers.
TRAINING, LABELLING, TESTING, PREDICTING = 1, 2, 3, 4

#: Frozen images that follow each other in a run where runs are side by side; the first of them meets a network at rest.
IN_A_ROW = 25


@dataclass(frozen=True)
class Chunk:
    """What came of presenting some images.

    Attributes
    ----------
    start, n_images : which of the presented images these are
    state : state after the last image
    image, neuron, count : one row for each neuron that spiked in the accepted presentation of an image; ``image`` counts
        from 0 in the chunk
    n_presentations : presentations it took, repeated ones included
    n_spikes : excitatory spikes of all presentations
    """

    start: int
    n_images: int
    state: dict[str, np.ndarray]
    image: np.ndarray
    neuron: np.ndarray
    count: np.ndarray
    n_presentations: int
    n_spikes: float

    def counts(self, n_exc: int) -> np.ndarray:
        """Spike counts (n_images, n_exc)."""
        counts = np.zeros((self.n_images, n_exc), dtype=np.float32)
        counts[self.image, self.neuron] = self.count
        return counts


@dataclass(frozen=True)
class Presenter:
    """A compiled network and what stays the same in all its chunks.

    Attributes
    ----------
    chunk_images : most images a chunk can hold
    fixed_inputs : input arrays other than the images, by name
    seed : of the run; phase and position of a chunk are mixed in
    """

    program: Program
    n_exc: int
    chunk_images: int
    fixed_inputs: Mapping[str, np.ndarray]
    seed: int

    def chunk(
        self, state: Mapping[str, np.ndarray], images: np.ndarray, *, start: int, phase: int, learning: bool
    ) -> Chunk:
        """Present ``images`` (n, 28, 28) uint8, n up to chunk_images; ``phase`` and ``start`` choose the random numbers."""
        run = self._run(state, images, start, phase)
        result = self.program.run(run.state, run.inputs, _constants(len(images), learning), run.seed)
        return _per_image(start, len(images), result)

    def _run(self, state: Mapping[str, np.ndarray], images: np.ndarray, start: int, phase: int) -> Run:
        pixels = np.zeros((self.chunk_images, images[0].size))
        pixels[: len(images)] = images.reshape(len(images), -1)
        draws = np.random.SeedSequence([self.seed, phase, start]).generate_state(1)[0]
        return Run(state, {"pixels": pixels, **self.fixed_inputs}, seed=int(draws))

    def frozen_counts(
        self, state: Mapping[str, np.ndarray], images: np.ndarray, *, phase: int, jobs: int = 1
    ) -> Iterator[np.ndarray]:
        """Spike counts (n, n_exc) of some images after others, with weights and thresholds frozen.

        Every run starts from ``state``, so the result does not depend on ``jobs``, the runs at a time.
        """
        if isinstance(self.program, ParallelProgram):
            yield from self._frozen_side_by_side(self.program, state, images, phase, jobs)
            return

        def run(start: int) -> np.ndarray:
            part = images[start : start + self.chunk_images]
            return self.chunk(state, part, start=start, phase=phase, learning=False).counts(self.n_exc)

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(run, range(0, len(images), self.chunk_images))

    def _frozen_side_by_side(
        self, program: ParallelProgram, state: Mapping[str, np.ndarray], images: np.ndarray, phase: int, jobs: int
    ) -> Iterator[np.ndarray]:
        """Many short runs at the same time; the last one is filled up with images that were shown already."""
        length = min(IN_A_ROW, self.chunk_images, len(images))
        starts = range(0, len(images), length)
        short = dataclasses.replace(self, chunk_images=length)

        def run(first: int) -> list[np.ndarray]:
            each = starts[first : first + program.lanes]
            runs = [short._run(state, images[np.arange(k, k + length) % len(images)], k, phase) for k in each]
            results = program.run_each(runs, _constants(length, False), with_state=False)
            return [_per_image(k, length, result).counts(self.n_exc)[: len(images) - k]
                    for k, result in zip(each, results, strict=True)]  # fmt: skip

        with ThreadPoolExecutor(jobs) as pool:
            for counts in pool.map(run, range(0, len(starts), program.lanes)):
                yield from counts


def chunks_of(
    presenters: Sequence[Presenter],
    states: Sequence[Mapping[str, np.ndarray]],
    images: Sequence[np.ndarray],
    *,
    start: int,
    phase: int,
) -> list[Chunk]:
    """A chunk of learning for each of several presenters with the same program, at the same time."""
    program, n = presenters[0].program, len(images[0])
    assert isinstance(program, ParallelProgram)
    runs = [each._run(state, shown, start, phase)
            for each, state, shown in zip(presenters, states, images, strict=True)]  # fmt: skip
    return [_per_image(start, n, result) for result in program.run_each(runs, _constants(n, True))]


def _constants(n_images: int, learning: bool) -> dict[str, object]:
    return {"n_images": n_images, "learning": float(learning)}


def _per_image(start: int, n: int, result: RunResult) -> Chunk:
    """Keep the responses of accepted presentations: the last one of each image."""
    presentations, responses = result.records["presentations"], result.records["responses"]
    image, ends = presentations["image"], presentations["t"]
    if len(ends) == 0 or image[-1] != n - 1:
        raise EquispikeError("the network was stopped before it had been shown all images of the chunk: resume the run")
    accepted = np.append(image[1:] != image[:-1], True)
    which = np.searchsorted(ends, responses["t"])  # the presentation at whose end a response was recorded
    keep = accepted[which]
    return Chunk(
        start=start,
        n_images=n,
        state=result.state,
        image=image[which][keep].astype(np.int32),
        neuron=responses["i"][keep].astype(np.int32),
        count=responses["n_spikes"][keep].astype(np.int32),
        n_presentations=len(ends),
        n_spikes=float(presentations["n_spikes"].sum()),
    )
