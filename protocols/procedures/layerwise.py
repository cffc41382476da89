"""Training layer by layer: each learns without labels until its weights have converged; classes are read out of features.

A chunk is one run of a compiled network, from the samples' latencies to the layer that learns; the layers before it are
frozen. Features are the largest potentials of the last layer's maps when a sample ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from equispike.models.build_request import BuildRequest
from equispike.models.codegen import ParallelProgram, Program, Run
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.errors import EquispikeError
from equispike.models.params import param
from equispike.protocols.encoding.on_off_cells import encode
from equispike.protocols.procedures.base import (
    ANSWERS,
    TESTING,
    Arrays,
    Procedure,
    ProcedureParams,
    Samples,
    chunk_fault,
    ignore,
    in_chunks,
)
from equispike.protocols.readouts.lif import Lif
from equispike.protocols.readouts.linear import Linear, regression, support_vectors
from equispike.protocols.structure import Operations

if TYPE_CHECKING:
    from equispike.protocols.readouts import Readout

PAPER = "Kheradpisheh et al. 2018"


@dataclass(frozen=True)
class LayerwiseParams(ProcedureParams):
    """When a layer has learned, and where features are taken."""

    convergence: float = param(
        0.01, "a layer has learned when the mean of w (1 - w) is below", PAPER, minimum=0, maximum=1
    )
    grid: int = param(
        4, "features are taken in grid x grid places of the maps, by readouts called global over whole maps (the paper's)",
        "chosen here on validation images", minimum=1, maximum=100,
    )  # fmt: skip


def convergence(w: np.ndarray) -> float:
    """Return C_l of Kheradpisheh et al. 2018: the mean of w (1 - w), 0 where all weights are 0 or 1."""
    return float((w * (1 - w)).mean())


class Layerwise(Procedure):
    """A network of layers ``conv1``, ``conv2`` and so on, which takes ``latencies`` (n, n_input) in time bins.

    Monitor ``winners`` of a layer that learns, ``responses`` of one whose potentials are features.
    """

    params = LayerwiseParams
    label_curve = (100, 300, 1_000, 3_000, 10_000, 30_000)
    offers_features = True
    answer_keys = ("grid",)
    stops = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
    activity_samples = 500
    first_layer = "difference-of-Gaussians filters: MACs"
    relearns = True
    measured_labels = 10_000

    def __init__(self, spec, backend=None, n_samples=None) -> None:
        super().__init__(spec, backend, n_samples)
        assert isinstance(spec.params, ConvStdpParams) and isinstance(spec.procedure_params, LayerwiseParams)
        self._network, self._own = spec.params, spec.procedure_params
        self.shown = {
            metric: words
            for name in self.stages
            for metric, words in (
                (f"{name}.convergence", "w (1 - w) {:.4f}"),
                (f"{name}.winners_per_image", "{:.1f} winners/image"),
            )
        }

    @classmethod
    def why_not(cls, spec) -> str | None:
        return chunk_fault(spec)

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(self._network.conv_names)

    def programs(self) -> dict[str, BuildRequest]:
        def request(**options: object) -> BuildRequest:
            return BuildRequest(self.spec.system.network, self._network, self.spec.chunk_images, options)

        training = {f"training of {name}": request(learning=name) for name in self.stages}
        return training | {ANSWERS: request(grid=self._own.grid)}

    @property
    def n_steps(self) -> int:
        return self._network.n_bins

    @property
    def dt(self) -> float:
        return float(self._network.dt)

    @property
    def n_answers(self) -> int:
        return self._own.grid**2 * self._network.shapes[self._network.names[-1]].maps

    @property
    def readouts(self) -> dict[str, Readout]:
        places = self._own.grid**2
        return {
            "svm": Linear(support_vectors),
            "svm-global": Linear(support_vectors, places),
            "lif": Lif(self.backend),
            "lif-global": Lif(self.backend, places),
            "softmax": Linear(regression),
            "softmax-global": Linear(regression, places),
        }

    @property
    def measured_readout(self) -> str:
        """Multinomial regression: of samples that are stopped early, most of whose features are 0 throughout, support vector
        machines take more than minutes to learn.
        """
        return "softmax"

    def encoder_operations(self, samples: Samples) -> list[Operations]:
        size, n = self._network.dog_size**2, len(samples)
        assert isinstance(samples, np.ndarray)
        dense = size * samples[0].size
        return [Operations("filters", "MAC", dense, size * float((samples != 0).sum() / n), dense)]

    def layer_responses(self, state: Arrays, samples: Samples) -> Arrays:
        found = super().layer_responses(state, samples)
        pooled = {name: counts for name, counts in found.items() if name.startswith("pool")}
        return pooled | {"features": self.respond(state, samples, phase=TESTING)}

    # Training.

    def advance(
        self, state: Arrays, samples: Samples, labels: np.ndarray, *, start: int, stage: int
    ) -> tuple[Arrays, dict[str, float]]:
        name = self.stages[stage]
        network = {_weights(each): state[_weights(each)] for each in self.stages[: stage + 1]}
        constants = {"n_images": len(samples), "images_seen": start}
        program = self._learning(name)
        result = program.run(
            network, self.inputs(samples, self.spec.chunk_images), constants, seed=0
        )  # nothing is random
        before, after = state[_weights(name)], result.state[_weights(name)]
        if not np.isfinite(after).all():
            raise EquispikeError(f"the weights of {name} are no longer finite: lower {name}.a_plus_max")
        winners = result.records["winners"]["i"]
        return state | {_weights(name): after}, {
            f"{name}.convergence": convergence(after),
            f"{name}.winners_per_image": len(winners) / len(samples),
            f"{name}.learning_maps": len(np.unique(winners % self._network.conv(name).maps)),
            f"{name}.weight_mean": after.mean(),
            f"{name}.change": np.abs(after - before).mean(),
        }

    def ready(self, stage: int | None) -> None:
        _ = self.program if stage is None else self._learning(self.stages[stage])

    def learned(self, state: Arrays, stage: int) -> bool:
        return convergence(state[_weights(self.stages[stage])]) < self._own.convergence

    def _learning(self, name: str) -> Program:
        """Return the program of the layers up to ``name``, which learns; it is built when the layer's turn comes."""
        if name not in self._programs:
            self._programs[name] = self.compile(self.programs()[f"training of {name}"], f"training of {name}")
        return self._programs[name]

    @cached_property
    def _programs(self) -> dict[str, Program]:
        return {}

    # Answers.

    @cached_property
    def program(self) -> Program:
        return self.compile(self.programs()[ANSWERS])

    def inputs(self, samples: Samples, room: int) -> Arrays:
        latencies = np.full((room, self._network.shapes["input"].n_neurons), self._network.n_bins, dtype=float)
        latencies[: len(samples)] = encode(self._network, samples)  # type: ignore[arg-type]
        return {"latencies": latencies}

    def respond(
        self, state: Arrays, samples: Samples, *, phase: int, jobs: int = 1, steps: int | None = None,
        report: Callable[[int], None] = ignore,
    ) -> np.ndarray:  # fmt: skip
        """Return features (n, grid * grid * maps), place after place; float32, 0 where nothing arrived."""
        last, chunk = steps or self.n_steps, self.spec.chunk_images
        parallel = self.program if isinstance(self.program, ParallelProgram) else None
        n_runs = min(parallel.lanes, chunk) if parallel else 1
        length = -(-chunk // n_runs)

        def run(start: int) -> np.ndarray:
            shown = samples[start : start + chunk]
            latencies = self.inputs(shown, n_runs * length)["latencies"]
            constants = {"n_images": length if parallel else len(shown), "n_bins": last, "n_steps": last}
            runs = [Run(state, {"latencies": each}, seed=0) for each in np.split(latencies, n_runs)]
            if parallel:
                results = parallel.run_each(runs, constants, with_state=False)
            else:
                results = [self.program.run(state, runs[0].inputs, constants, seed=0)]
            features = np.zeros((n_runs * length, self.n_answers), dtype=np.float32)
            for number, result in enumerate(results):
                found = result.records["responses"]
                sample = number * length + np.round(found["t"] / self.dt).astype(int) // last
                features[sample, found["i"]] = found["potential"]
            return features[: len(shown)]

        return in_chunks(run, len(samples), chunk, jobs, report)


def _weights(name: str) -> str:
    """Return the name of a layer's weights in the state of a network."""
    return f"{name}_kernels.w"
