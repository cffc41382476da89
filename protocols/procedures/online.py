"""Training sample by sample: a network with plasticity is presented one after another, and learns while it is.

Each chunk of samples is one run of the program. Classes come from the spike counts of its neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from equispike.models.build_request import BuildRequest
from equispike.models.built_network import RunResult
from equispike.models.codegen import ParallelProgram, Program, Run
from equispike.models.errors import EquispikeError
from equispike.models.params import SlotParams
from equispike.protocols.procedures.base import (
    ANSWERS,
    TRAINING,
    Arrays,
    Procedure,
    Samples,
    chunk_fault,
    ignore,
    in_chunks,
    seed_of,
)
from equispike.protocols.readouts.votes import Vote, proportion, vote

if TYPE_CHECKING:
    from equispike.protocols.readouts import Readout

#: Responses to this many samples before a chunk give the labels for its running accuracy, as in the released code.
RUNNING_WINDOW = 10_000
#: Classes are numbered by bytes.
MOST_CLASSES = 255
#: Frozen samples that follow each other in a run where runs are side by side; the first of them meets a network at rest.
IN_A_ROW = 25
#: Part of the state that is not the network's: number, label, neuron and spike count of recent responses (n, 4).
RECENT = "recent"


@dataclass(frozen=True)
class Responses:
    """What came of presenting some samples.

    Attributes
    ----------
    sample, neuron, count : one row for each neuron that spiked in the accepted presentation of a sample; ``sample`` counts
        from 0 in the chunk
    n_presentations : presentations it took, repeated ones included
    n_spikes : excitatory spikes of all presentations
    """

    n_samples: int
    state: Arrays
    sample: np.ndarray
    neuron: np.ndarray
    count: np.ndarray
    n_presentations: int
    n_spikes: float

    def counts(self, n_neurons: int) -> np.ndarray:
        """Return spike counts (n_samples, n_neurons)."""
        counts = np.zeros((self.n_samples, n_neurons), dtype=np.float32)
        counts[self.sample, self.neuron] = self.count
        return counts


class Online(Procedure):
    """A network of excitatory neurons ``exc``, with thresholds ``theta`` if they adapt, and plastic synapses ``inputs_exc``.

    It takes ``pixels`` (n, n_input), 0 to 255, decides itself when a sample is shown again, and tells by monitors
    ``presentations`` and ``responses`` what came of each.
    """

    n_label = 20_000
    offers_features = True
    together = True
    shown = {  # noqa: RUF012
        "spikes_per_image": "{:.1f} spikes/image",
        "theta_mean_mV": "threshold {:.1f} mV",
        "running_accuracy": "running accuracy {:.1%}",
    }
    stops = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
    input_group = "inputs"
    first_layer = "Poisson spikes of each pixel: ACs"

    @classmethod
    def why_not(cls, spec) -> str | None:
        if fault := chunk_fault(spec):
            return fault
        rules = [spec.params.part(slot) for slot in spec.params.slots()] if isinstance(spec.params, SlotParams) else []
        for rule in rules:
            if getattr(rule, "at_reward", ""):
                return f"{rule.name} waits for rewards, and training without labels gives none: choose another rule"
        return None

    def programs(self) -> dict[str, BuildRequest]:
        spec = self.spec
        return {ANSWERS: BuildRequest(spec.system.network, spec.params, spec.chunk_images)}

    @cached_property
    def program(self) -> Program:
        return self.compile(self.programs()[ANSWERS])

    @cached_property
    def fixed_inputs(self) -> Arrays:
        return self.spec.network.fixed_inputs(self.spec.params, self.spec.seed)

    @property
    def n_steps(self) -> int:
        return self.spec.params.n_steps_present  # type: ignore[attr-defined]

    @property
    def n_steps_simulated(self) -> int:
        return self.spec.params.n_steps  # type: ignore[attr-defined]

    @property
    def dt(self) -> float:
        return float(self.spec.params.dt)  # type: ignore[attr-defined]

    @property
    def n_answers(self) -> int:
        return self.spec.params.n_exc  # type: ignore[attr-defined]

    @property
    def readouts(self) -> dict[str, Readout]:
        return {"vote": Vote(vote), "proportion": Vote(proportion)}

    @property
    def default_readouts(self) -> tuple[str, ...]:
        return tuple(self.readouts)

    # Training.

    def begin(self) -> Arrays:
        return super().begin() | {RECENT: np.zeros((0, 4), dtype=np.int32)}

    def wrong_state(self, state: Arrays) -> str | None:
        n_input = self.spec.params.n_input  # type: ignore[attr-defined]
        for name, values in state.items():
            if name.startswith(f"{self.input_group}.") and values.shape != (n_input,):
                return f"its array state:{name} has the shape {values.shape}, not {(n_input,)}"
        recent = state[RECENT]
        if (recent < 0).any() or (recent[:, 1] > MOST_CLASSES).any() or (recent[:, 2] >= self.n_answers).any():
            return f"its array state:{RECENT} has values that cannot be"
        return None

    def ready(self, stage: int | None) -> None:
        _ = self.program

    def advance(
        self, state: Arrays, samples: Samples, labels: np.ndarray, *, start: int, stage: int
    ) -> tuple[Arrays, dict[str, float]]:
        network = {name: values for name, values in state.items() if name != RECENT}
        run = self._run(network, samples, start, TRAINING, self.spec.chunk_images)
        result = self.program.run(run.state, run.inputs, _constants(len(samples), learning=True), run.seed)
        return self._learned_from(state[RECENT], _per_sample(len(samples), result), labels, start)

    def _learned_from(
        self, recent: np.ndarray, found: Responses, labels: np.ndarray, start: int
    ) -> tuple[Arrays, dict[str, float]]:
        """Return state and metrics after a chunk."""
        theta, n = found.state.get("exc.theta"), found.n_samples
        row = {
            "spikes_per_image": found.n_spikes / n,
            "presentations_per_image": found.n_presentations / n,
            **({} if theta is None else {"theta_mean_mV": 1e3 * theta.mean(), "theta_sd_mV": 1e3 * theta.std()}),
            "silent_fraction": 1 - len(np.unique(found.neuron)) / self.n_answers,
            "weight_mean": found.state["inputs_exc.w"].mean(),
        }
        if len(recent) and len(np.unique(np.append(recent[:, 1], labels))) > 1:  # one class alone tells nothing
            row["running_accuracy"] = _running_accuracy(recent, found.counts(self.n_answers), labels)
        rows = np.stack([start + found.sample, labels[found.sample], found.neuron, found.count], axis=1)
        recent = np.concatenate([recent, rows.astype(np.int32)])
        ends = np.flatnonzero(np.append(recent[1:, 0] != recent[:-1, 0], True)[: len(recent)])
        first = ends[-RUNNING_WINDOW - 1] + 1 if len(ends) > RUNNING_WINDOW else 0
        return found.state | {RECENT: recent[first:]}, row

    @staticmethod
    def advance_each(
        procedures: Sequence[Online], states: Sequence[Arrays], samples: Sequence[np.ndarray],
        labels: Sequence[np.ndarray], start: int,
    ) -> list[tuple[Arrays, dict[str, float]]]:  # fmt: skip
        """Advance several trainings, which differ in the seed alone, at the same time."""
        program, n = procedures[0].program, len(samples[0])
        assert isinstance(program, ParallelProgram)
        runs = [
            each._run({name: values for name, values in state.items() if name != RECENT}, shown, start, TRAINING,
                      each.spec.chunk_images)
            for each, state, shown in zip(procedures, states, samples, strict=True)
        ]  # fmt: skip
        results = program.run_each(runs, _constants(n, learning=True))
        return [
            each._learned_from(state[RECENT], _per_sample(n, result), of, start)
            for each, state, result, of in zip(procedures, states, results, labels, strict=True)
        ]

    # Answers.

    def inputs(self, samples: Samples, room: int) -> Arrays:
        assert isinstance(samples, np.ndarray)
        pixels = np.zeros((room, samples[0].size))
        pixels[: len(samples)] = samples.reshape(len(samples), -1)
        return {"pixels": pixels, **self.fixed_inputs}

    def constants(self, n: int) -> dict[str, object]:
        return _constants(n, learning=False)

    def _run(self, state: Arrays, samples: Samples, start: int, phase: int, room: int) -> Run:
        return Run(state, self.inputs(samples, room), seed_of(self.spec, phase, start))

    def respond(
        self, state: Arrays, samples: Samples, *, phase: int, jobs: int = 1, steps: int | None = None,
        report: Callable[[int], None] = ignore,
    ) -> np.ndarray:  # fmt: skip
        """Return spike counts (n, n_exc); every run starts from ``state``. Nothing is shown again where it is stopped early."""
        if steps is not None:
            return self._stopped_after(steps).respond(state, samples, phase=phase, jobs=jobs, report=report)
        program, chunk = self.program, self.spec.chunk_images
        if isinstance(program, ParallelProgram):
            return self._side_by_side(program, state, samples, phase, jobs, report)

        def run(start: int) -> np.ndarray:
            shown = samples[start : start + chunk]
            each = self._run(state, shown, start, phase, chunk)
            result = program.run(each.state, each.inputs, self.constants(len(shown)), each.seed)
            return _per_sample(len(shown), result).counts(self.n_answers)

        return in_chunks(run, len(samples), chunk, jobs, report)

    def _side_by_side(
        self, program: ParallelProgram, state: Arrays, samples: Samples, phase: int, jobs: int,
        report: Callable[[int], None],
    ) -> np.ndarray:  # fmt: skip
        """Many short runs at the same time; the last one is filled up with samples that were shown already."""
        n = len(samples)
        length = min(IN_A_ROW, self.spec.chunk_images, n)
        starts = range(0, n, length)

        def run(first: int) -> np.ndarray:
            each = starts[first : first + program.lanes]
            runs = [self._run(state, samples[np.arange(k, k + length) % n], k, phase, length) for k in each]
            results = program.run_each(runs, self.constants(length), with_state=False)
            return np.concatenate([_per_sample(length, result).counts(self.n_answers)[: n - k]
                                   for k, result in zip(each, results, strict=True)])  # fmt: skip

        parts, done = [], 0
        with ThreadPoolExecutor(jobs) as pool:
            for counts in pool.map(run, range(0, len(starts), program.lanes)):
                parts.append(counts)
                done += len(counts)
                report(done)
        return np.concatenate(parts)

    def _stopped_after(self, steps: int) -> Online:
        """Return the procedure of a network whose presentations are shorter and never repeated."""
        params = self.spec.params
        shorter = params.updated({"t_present": steps * params.dt, "n_spikes_min": 0})  # type: ignore[attr-defined]
        return type(self)(self.spec.replaced(params=shorter), self.backend)


def _constants(n_samples: int, *, learning: bool) -> dict[str, object]:
    return {"n_images": n_samples, "learning": float(learning)}


def _per_sample(n: int, result: RunResult) -> Responses:
    """Keep the responses of accepted presentations: the last one of each sample."""
    presentations, responses = result.records["presentations"], result.records["responses"]
    sample, ends = presentations["image"], presentations["t"]
    if len(ends) == 0 or sample[-1] != n - 1:
        raise EquispikeError("the network was stopped before it had been shown all images of the chunk: resume the run")
    accepted = np.append(sample[1:] != sample[:-1], True)
    which = np.searchsorted(ends, responses["t"])  # the presentation at whose end a response was recorded
    keep = accepted[which]
    return Responses(
        n_samples=n,
        state=result.state,
        sample=sample[which][keep].astype(np.int32),
        neuron=responses["i"][keep].astype(np.int32),
        count=responses["n_spikes"][keep].astype(np.int32),
        n_presentations=len(ends),
        n_spikes=float(presentations["n_spikes"].sum()),
    )


def _running_accuracy(recent: np.ndarray, counts: np.ndarray, labels: np.ndarray) -> float:
    """Return the accuracy of the vote on a chunk, with labels from the responses before: the network had not seen it yet."""
    number, label, neuron, count = recent.T
    n_classes = int(max(label.max(), labels.max())) + 1
    first = np.append(True, number[1:] != number[:-1])
    sums = np.zeros((n_classes, counts.shape[1]))
    np.add.at(sums, (label, neuron), count)
    rates = sums / np.maximum(np.bincount(label[first], minlength=n_classes), 1)[:, None]
    return float((vote(counts, rates).argmax(axis=1) == labels).mean())
