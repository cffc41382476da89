"""What a procedure is: how a network is trained, and what the trained network answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from equispike.models.build_request import BuildRequest
from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen import BACKENDS, Program, get_backend
from equispike.models.codegen.runtime import described
from equispike.models.errors import EquispikeError
from equispike.models.params import Params, param
from equispike.models.timing import about
from equispike.protocols.data import Recordings
from equispike.protocols.readouts import Readout
from equispike.protocols.recording import SPIKES, Recording, recording

if TYPE_CHECKING:
    from equispike.protocols.spec import TrainingSpec
    from equispike.protocols.structure import Operations, Structure

type Arrays = dict[str, np.ndarray]
type Samples = np.ndarray | Recordings

#: Second words of the seed sequences, so that no two phases share random numbers.
TRAINING, LABELLING, TESTING, PREDICTING = 1, 2, 3, 4
#: Most samples of a chunk where its inputs are held as float64.
MOST_CHUNK_SAMPLES = 10_000
#: Purposes of programs that every network with equations has.
ANSWERS = "answers"


def ignore(*progress: object) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class ProcedureParams(Params):
    """What all procedures have."""

    epochs: int = param(1, "passes over the training set, unless --images says otherwise", "chosen here", minimum=1)


class Procedure:
    """A way to train networks, for one training or one trained network.

    One that is new says what its Params are, which programs it needs, and how a state begins, advances by a chunk of samples,
    and has learned; and, of trained networks, what is shown to them and what their answers are. The loop around it, evaluation,
    prediction, measures, records and figures are the same for all.

    Attributes
    ----------
    params : its parameter class
    stages : what is trained one after the other; the samples begin anew with each
    planned : whether its length must be known from the beginning
    shuffled : whether samples come in a random order, another one in each pass; else as they are stored
    chunk_samples : samples between checkpoints, unless --chunk-images says otherwise; None: one pass
    n_label : training samples from which readouts learn, unless --label-images says otherwise; None: all
    label_curve : numbers of labelled samples for which the accuracy of the first readout is also measured
    offers_features : whether its answers are features from which another network can learn
    answer_keys : parameters on which answers depend, but no training: they can be chosen anew for an evaluation
    shown : metrics that progress shows, and how
    default_backend : where it runs if all works here
    stops : fractions of a presentation after which it is stopped to measure anytime accuracy; every time step where None
    together : whether several trainings, which differ in the seed alone, can advance at the same time (``advance_each``)
    activity_samples : samples whose spikes are kept in an evaluation, for figures
    classes : group whose neurons each stand for a class, where there is one
    supervised : whether it learns from labels
    """

    params: ClassVar[type[ProcedureParams]] = ProcedureParams
    planned: ClassVar[bool] = False
    shuffled: ClassVar[bool] = True
    chunk_samples: ClassVar[int | None] = 1000
    n_label: ClassVar[int | None] = None
    label_curve: ClassVar[tuple[int, ...]] = ()
    offers_features: ClassVar[bool] = False
    answer_keys: ClassVar[tuple[str, ...]] = ()
    shown: Mapping[str, str] = MappingProxyType({})
    default_backend: ClassVar[str] = "cpp"
    stops: ClassVar[tuple[float, ...] | None] = None
    together: ClassVar[bool] = False
    activity_samples: ClassVar[int] = 1
    classes: ClassVar[str | None] = None
    supervised: ClassVar[bool] = False

    def __init__(self, spec: TrainingSpec, backend: str | None = None, n_samples: int | None = None) -> None:
        """Prepare a training, or a trained network's answers on ``backend``, of up to ``n_samples`` samples."""
        self.spec, self.backend, self.n_samples = spec, backend or spec.backend, n_samples

    # Training.

    @classmethod
    def why_not(cls, spec: TrainingSpec) -> str | None:
        """Return one sentence why it cannot train what ``spec`` asks for, or None."""
        return None

    @classmethod
    def chosen_backend(cls, name: str) -> str:
        """Return the backend that ``name`` means; raises EquispikeError where it does not exist or not work here."""
        if name != "auto":
            get_backend(name)
            return name
        return cls.default_backend if BACKENDS[cls.default_backend].why_not() is None else "numpy"

    @property
    def stages(self) -> tuple[str, ...]:
        return ("",)

    def programs(self) -> dict[str, BuildRequest]:
        """Return the networks that are built for it, by purpose."""
        raise NotImplementedError

    def begin(self) -> Arrays:
        """Return the state before the first sample: the network's, and whatever else is carried on."""
        return self.spec.network.initial_state(self.spec.params, self.spec.seed)

    def ready(self, stage: int | None) -> None:
        """Build what a stage needs or, where it is None, what answers: that is not part of their time."""

    def chunk_end(self, stop: int) -> int:
        """Return after how many samples a chunk ends that should end at ``stop``."""
        return stop

    def advance(
        self, state: Arrays, samples: Samples, labels: np.ndarray, *, start: int, stage: int
    ) -> tuple[Arrays, dict[str, float]]:
        """Train on the next ``samples`` (n, ...), the first of which is number ``start`` of the stage.

        Returns
        -------
        The state after them, and the chunk's metrics by name.
        """
        raise NotImplementedError

    def validated(self, state: Arrays, samples: Samples, labels: np.ndarray) -> dict[str, float]:
        """Return metrics of samples that were held out, where that is cheap."""
        return {}

    def learned(self, state: Arrays, stage: int) -> bool:
        """Return whether the stage needs no more samples."""
        return False

    def arrays(self, state: Arrays) -> Arrays:
        """Return what the training leaves."""
        return self.spec.network.arrays_of(self.spec.params, state)

    def state_like(self) -> Arrays:
        """Return a state of the names and shapes that a checkpoint holds; an axis that is empty grows."""
        return self.begin()

    def wrong_state(self, state: Arrays) -> str | None:
        """Return why a training cannot go on with a ``state`` like that of :meth:`state_like`, or None."""
        return None

    def arrays_like(self) -> Arrays:
        """Return arrays of the names and shapes that a training leaves."""
        with np.errstate(all="ignore"):  # of a user's own procedure, which may divide by the samples it has seen
            return self.arrays(self.begin())

    def concluded(self, arrays: Arrays, samples: Samples) -> dict[str, object]:
        """Return what run.json says beside of a training that has ended; ``samples`` were seen or held out."""
        return {}

    def verify(self, arrays: Arrays, samples: Samples, report: Callable[[int], None] = ignore) -> dict[str, object]:
        """Compare with a second program that the training used; raises EquispikeError where there is none."""
        raise EquispikeError(
            f"{self.spec.system.name} is not trained by a program of its own: there is nothing to compare"
        )

    # Answers of a trained network.

    @property
    def n_steps(self) -> int:
        """Time steps of a presentation in which it can be stopped."""
        return 1

    @property
    def dt(self) -> float:
        """Length of a time step in s; 0 where there is none."""
        return 0.0

    @property
    def readouts(self) -> dict[str, Readout]:
        """What tells the class from answers; the first is the paper's."""
        raise NotImplementedError

    @property
    def n_answers(self) -> int:
        """Numbers that a sample is answered with."""
        raise NotImplementedError

    def state(self, arrays: Arrays) -> Arrays:
        """Return the state with which a trained network answers."""
        return self.spec.network.state_of(self.spec.params, arrays)

    def respond(
        self,
        state: Arrays,
        samples: Samples,
        *,
        phase: int,
        jobs: int = 1,
        steps: int | None = None,
        report: Callable[[int], None] = ignore,
    ) -> np.ndarray:
        """Return what the trained network answers (n, n_answers): counts, potentials or scores.

        Parameters
        ----------
        phase : chooses the random numbers
        jobs : runs at a time; the answers do not depend on it
        steps : stop each presentation after so many time steps
        report : called with the number of samples done
        """
        raise NotImplementedError

    def respond_by_step(
        self, state: Arrays, samples: Samples, *, phase: int, jobs: int = 1
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield numbers of time steps, and what is answered when presentations are stopped after so many."""
        assert self.stops is not None
        for steps in sorted({max(1, round(fraction * self.n_steps)) for fraction in self.stops}):
            yield steps, self.respond(state, samples, phase=phase, jobs=jobs, steps=steps)

    # Measures.

    #: Name of the group that samples come in by.
    input_group: ClassVar[str] = "input"
    #: How a sample gets into the network, in words.
    first_layer: str = ""
    #: Whether a readout learns anew what samples answer that are stopped early, and from how many.
    relearns: ClassVar[bool] = False
    measured_labels: ClassVar[int | None] = None

    @property
    def default_readouts(self) -> tuple[str, ...]:
        """Names of the readouts of an evaluation that asks for none."""
        return tuple(self.readouts)[:1]

    @property
    def measured_readout(self) -> str:
        """Name of the readout that tells the class in measures."""
        return next(iter(self.readouts))

    def structure(self, state: Arrays) -> Structure:
        """Return what the network that answers is made of, with the weights of ``state``."""
        from equispike.protocols.structure import of_equations

        request = self.recorded
        built = described(BuildRequest(request.reference, request.params, 1, request.options))
        objects = {each.name: each for each in built.objects}
        for name, values in state.items():
            group, variable = name.split(".")
            objects[group].variables[variable].set_value(values)
        return of_equations(built)

    def arriving_numbers(self, samples: Samples, state: Arrays | None = None) -> Arrays:
        """Return, for groups whose numbers rather than spikes arrive at synapses, the fraction of ``samples`` (n, ...) in which
        each is not zero (n_frames, n_neurons); of an ANN with ``state``, of each layer.
        """
        return {}

    def encoder_operations(self, samples: Samples) -> list[Operations]:
        """Return the operations before the first layer."""
        return []

    def layer_responses(self, state: Arrays, samples: Samples) -> Arrays:
        """Return what each layer makes of ``samples``, (n, n_units) by layer."""
        found = self.record(state, samples)
        return {name: found.counts(name) for name in found.spikes if name != self.input_group}

    # Spikes.

    def inputs(self, samples: Samples, room: int) -> Arrays:
        """Return what the network's input arrays hold while ``samples`` are shown in a run that has ``room`` for more."""
        raise NotImplementedError

    @property
    def recorded(self) -> BuildRequest:
        """The network whose spikes are recorded."""
        request = self.programs()[ANSWERS]
        return BuildRequest(request.reference, request.params, request.n_samples, {"record_spikes": True})

    def record(self, state: Arrays, samples: Samples) -> Recording:
        """Return the spikes of a trained network that learns nothing while ``samples`` are shown.

        Raises EquispikeError for an ANN.
        """
        if not self.spec.system.is_spiking:
            raise EquispikeError(f"{self.spec.system.name} is an ANN: it has no spikes")
        n = min(len(samples), self.record_samples)
        request = BuildRequest(self.recorded.reference, self.recorded.params, n, self.recorded.options)
        sizes: dict[str, tuple[str, int]] = {}

        def build() -> BuiltNetwork:
            built = request()
            for name, monitor in built.monitors.items():
                if name.endswith(SPIKES):
                    sizes[name] = (monitor.source.name, len(monitor.source))
            return built

        with about(f"{self.spec.system.label}, recorded spikes"):
            program = get_backend(self.backend).compile(build)
        if not sizes:  # a program from the cache
            described(build)
        parts = []
        for start in range(0, len(samples), n):
            shown = samples[start : start + n]
            draws = seed_of(self.spec, TESTING, start)
            constants = self.constants(len(shown)) | {"n_images": len(shown)}
            records = program.run(state, self.inputs(shown, n), constants, draws).records
            parts.append(recording(records, sizes, len(shown), self.n_steps_simulated, self.n_steps, self.dt))
        return Recording.joined(parts)

    #: Most samples of a run that records spikes.
    record_samples: ClassVar[int] = 1000

    def constants(self, n: int) -> dict[str, object]:
        """Return the numbers with which a run of ``n`` samples learns nothing."""
        return {}

    @property
    def n_steps_simulated(self) -> int:
        """Time steps of a presentation with the pause after it."""
        return self.n_steps

    def compile(self, request: BuildRequest, purpose: str = ANSWERS) -> Program:
        """Return a program on the chosen backend; ``purpose`` is what it says while it takes long."""
        with about(f"{self.spec.system.label}, {purpose}"):
            return get_backend(self.backend).compile(request)


def chunk_fault(spec: TrainingSpec) -> str | None:
    """Return why the inputs of a chunk are too many to be held at once, or None."""
    if spec.chunk_images > MOST_CHUNK_SAMPLES:
        return f"--chunk-images must be at most {MOST_CHUNK_SAMPLES}, but is {spec.chunk_images}"
    return None


def seed_of(spec: TrainingSpec, *words: int) -> int:
    """Return the seed of a run that begins with a sample of a phase."""
    return int(np.random.SeedSequence([spec.seed, *words]).generate_state(1)[0])


def in_chunks(
    run: Callable[[int], np.ndarray], n: int, chunk: int, jobs: int, report: Callable[[int], None]
) -> np.ndarray:
    """Return the answers of ``run(start)`` for each chunk of ``n`` samples, ``jobs`` at a time."""
    parts: list[np.ndarray] = []
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        for part in pool.map(run, range(0, n, chunk)):
            parts.append(part)
            done += len(part)
            report(done)
    return np.concatenate(parts)
