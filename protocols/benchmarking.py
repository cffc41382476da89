"""How fast training and answers are: images per CPU second on several backends, measured in turn so that ratios hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from equispike.models.codegen import BACKENDS
from equispike.models.timing import Stopwatch
from equispike.protocols.data import Dataset
from equispike.protocols.procedures.base import TESTING, Arrays, Procedure
from equispike.protocols.spec import TrainingSpec

#: Backends that are measured unless others are named, the first of which the others are compared with.
DEFAULT_BACKENDS = ("cpp-float32", "cpp", "cpp-stock")
#: Samples of a run, and those of a backend that goes step by step in Python.
N_SAMPLES, N_STEPWISE = 1000, 8


@dataclass(frozen=True)
class Measured:
    """Images per CPU second of one phase, ``training`` (of a stage) or ``answers``, on a backend, in a round."""

    phase: str
    round: int
    backend: str
    images_per_cpu_s: float


def benchmark(
    spec: TrainingSpec, data: Dataset, backends: Sequence[str], rounds: int, report: Callable[[str], None]
) -> Iterator[Measured]:
    """Train each stage on the first of ``data``'s samples, and answer them; builds and first runs are not counted.

    CPU time is that of this process and its children, user and system, without compilation. Later stages begin with what the
    first backend's first round made of the stages before.
    """
    n = min(N_SAMPLES, spec.n_train)
    procedures: dict[str, Procedure] = {}
    for backend in backends:
        chunk = 1 if _stepwise(backend) else n
        procedures[backend] = spec.replaced(backend=backend, chunk_images=chunk, n_images=n).procedure()
    state = next(iter(procedures.values())).begin()
    for stage, name in enumerate(next(iter(procedures.values())).stages):
        phase = f"training of {name}" if name else "training"

        def train(procedure: Procedure, state: Arrays, n: int, stage: int = stage) -> Arrays:
            for start in range(0, n, procedure.spec.chunk_images):
                part = slice(start, start + procedure.spec.chunk_images)
                samples, labels = data.train_images[part], data.train_labels[part]
                state, _ = procedure.advance(state, samples, labels, start=start, stage=stage)
            return state

        yield from _rounds(phase, procedures, state, train, n, rounds, report)
        state = train(procedures[backends[0]], state, n)
    trained = procedures[backends[0]].state(procedures[backends[0]].arrays(state))

    def answer(procedure: Procedure, state: Arrays, n: int) -> Arrays:
        procedure.respond(state, data.train_images[:n], phase=TESTING)
        return state

    yield from _rounds("answers", procedures, trained, answer, n, rounds, report)


def _rounds(phase: str, procedures, state: Arrays, work: Callable, n: int, rounds: int, report) -> Iterator[Measured]:
    for backend, procedure in procedures.items():
        report(f"{phase}, building: {backend}")
        work(procedure, state, 1)
    for number in range(rounds):
        for backend, procedure in procedures.items():
            report(f"{phase}, round {number + 1} of {rounds}: {backend}")
            shown = min(n, N_STEPWISE) if _stepwise(backend) else n
            watch = Stopwatch()
            work(procedure, state, shown)
            yield Measured(phase, number, backend, shown / watch.read()[1])


def _stepwise(backend: str) -> bool:
    return backend in BACKENDS and BACKENDS[backend].stepwise


def checked_backends(spec: TrainingSpec, names: Sequence[str]) -> tuple[str, ...]:
    """Return ``names``, or the default ones; raises EquispikeError for a backend that there is not, or not for the system."""
    if not spec.system.is_spiking and not names:
        return (spec.backend,)
    return tuple(spec.system.trained_by.chosen_backend(name) for name in names or DEFAULT_BACKENDS)


def summary(measured: pd.DataFrame) -> pd.DataFrame:
    """Return median, minimum and maximum for each backend, and the median ratio of the first to each within a round.

    ``measured`` has columns round, backend, images_per_cpu_s.
    """
    wide = measured.pivot(index="round", columns="backend", values="images_per_cpu_s")[measured["backend"].unique()]
    ratios = wide.iloc[:, [0]].to_numpy() / wide
    return pd.DataFrame({"median": wide.median(), "min": wide.min(), "max": wide.max(), "ratio": ratios.median()})
