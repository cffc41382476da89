"""Presenting images to a network, chunk by chunk: each chunk is one run of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from models.codegen import Program
from models.errors import EquispikeError

#: Second words of the seed sequences, so that no two phases share random numbers.
TRAINING, LABELLING, TESTING, PREDICTING = 1, 2, 3, 4


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
        n = len(images)
        pixels = np.zeros((self.chunk_images, images[0].size))
        pixels[:n] = images.reshape(n, -1)
        draws = np.random.SeedSequence([self.seed, phase, start]).generate_state(1)[0]
        constants = {"n_images": n, "learning": float(learning)}
        result = self.program.run(state, {"pixels": pixels, **self.fixed_inputs}, constants, seed=int(draws))
        return _per_image(start, n, result.state, result.records["presentations"], result.records["responses"])

    def frozen_counts(
        self, state: Mapping[str, np.ndarray], images: np.ndarray, *, phase: int, jobs: int = 1
    ) -> Iterator[np.ndarray]:
        """Spike counts (up to chunk_images, n_exc), chunk after chunk, with weights and thresholds frozen.

        Every chunk starts from ``state``, so the result does not depend on ``jobs``, the chunks run at a time.
        """

        def run(start: int) -> np.ndarray:
            part = images[start : start + self.chunk_images]
            return self.chunk(state, part, start=start, phase=phase, learning=False).counts(self.n_exc)

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(run, range(0, len(images), self.chunk_images))


def _per_image(start: int, n: int, state: dict, presentations: dict, responses: dict) -> Chunk:
    """Keep the responses of accepted presentations: the last one of each image."""
    image, ends = presentations["image"], presentations["t"]
    if len(ends) == 0 or image[-1] != n - 1:
        raise EquispikeError("the network was stopped before it had been shown all images of the chunk: resume the run")
    accepted = np.append(image[1:] != image[:-1], True)
    which = np.searchsorted(ends, responses["t"])  # the presentation at whose end a response was recorded
    keep = accepted[which]
    return Chunk(
        start=start,
        n_images=n,
        state=state,
        image=image[which][keep].astype(np.int32),
        neuron=responses["i"][keep].astype(np.int32),
        count=responses["n_spikes"][keep].astype(np.int32),
        n_presentations=len(ends),
        n_spikes=float(presentations["n_spikes"].sum()),
    )
