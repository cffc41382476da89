"""Spiking-network models from their papers: the front door.

    import equispike

    run = equispike.train("diehl-cook", "mnist", {"n_exc": 400}, images=60_000, backend="cpp")
    print(equispike.evaluate(run).accuracy)      # {'vote': 0.9, 'proportion': 0.91}
    equispike.figures(run)

Importing this takes no time: Brian2 and whatever else some work needs is imported when it begins. The rooms of the
project's top level are installed as equispike.models, equispike.protocols, equispike.analysis and equispike.scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equispike.models import lazy_pylab  # noqa: F401, before anything imports Brian2

if TYPE_CHECKING:
    import numpy as np

    from equispike.models.codegen import Program
    from equispike.protocols.data import Dataset
    from equispike.protocols.evaluating import Evaluation
    from equispike.protocols.experiments.running import Outcome
    from equispike.protocols.run_folder import RunFolder
    from equispike.protocols.system import System
    from equispike.protocols.training import Progress

type Run = RunFolder | Path | str
type Phases = Callable[[str, int, int], None]

__all__ = [
    "compile",
    "differentiable",
    "evaluate",
    "experiment",
    "figures",
    "load_data",
    "load_run",
    "measure",
    "predict",
    "resume",
    "save_data",
    "systems",
    "train",
]


def systems() -> dict[str, System]:
    """Return the catalogue: systems by name, each with its citation, network, procedure and the paper's headline figure."""
    from equispike.protocols.catalogue import SYSTEMS

    return dict(SYSTEMS)


def load_data(name: str, data_dir: Path | str | None = None) -> Dataset:
    """Load a data set, from ``data_dir``, EQUISPIKE_DATA, the user's cache or a download; or one's own, from the path of a
    folder with a subfolder of pictures per class or of a file (docs/your-data.md).

    Returns
    -------
    ``train_images``, ``test_images``: images (n, height, width[, 3]) uint8 from 0 to 255, or recordings of events;
    ``train_labels``, ``test_labels`` (n,)

    Raises
    ------
    EquispikeError
        There is no such data set, or its files are missing, damaged or not to be had.
    """
    from equispike.protocols.data import load

    return load(name, None if data_dir is None else Path(data_dir))


def save_data(data: Any, path: Path | str, test: Any = None) -> Path:
    """Write data in memory as a ``.npz`` file that trainings can name and read again: ``train(system, save_data(...))``.

    ``data``, and ``test`` where there is a test set of its own: arrays (images, labels) with images (n, height, width) or
    (n, height, width, 3), a torchvision data set, or a Hugging Face ``Dataset`` or, for both at once, ``DatasetDict``.

    Raises
    ------
    EquispikeError
        It is none of these, its images differ in size, or ``path`` is a file that is something else.
    """
    from equispike.protocols.data import objects

    return objects.save(data, Path(path), test)


def load_run(path: Run) -> RunFolder:
    """Open a run folder: ``path``, ``read_json("run.json")``, ``read_metrics()`` (columns images, metric, value),
    ``trained_arrays()`` by name, in SI units.

    Raises
    ------
    EquispikeError
        It is not a run folder, or one of another version.
    """
    from equispike.protocols.run_folder import RunFolder

    return path if isinstance(path, RunFolder) else RunFolder.open(path)


def train(
    system: str,
    data: Path | str = "digits",
    settings: Mapping[str, Any] | None = None,
    *,
    images: int | None = None,
    seed: int = 0,
    backend: str = "auto",
    holdout: int = 0,
    chunk_images: int | None = None,
    source: Run | None = None,
    out: Path | str | None = None,
    data_dir: Path | str | None = None,
    jobs: int | None = None,
    force: bool = False,
    report: Callable[[Progress], None] | None = None,
    phases: Phases | None = None,
) -> RunFolder:
    """Train a system and keep everything in a new run folder.

    Parameters
    ----------
    system : a name of :func:`systems`, or ``PATH.py:NAME`` of a system of your own
    data : name of a data set, or path of one's own
    settings : parameters of the network and of its training, as values with units or text such as ``20*ms``
    images : to present, in each stage at most; as many passes over the training set as the parameter epochs, if not given
    seed : of everything random
    backend : ``auto`` is cpp where there is a compiler, else numpy, with a warning
    holdout : images at the end of the training set kept for validation
    chunk_images : images between checkpoints
    source : a trained run on the same data, whose features take the place of images
    out : new run folder; ``runs/SYSTEM-DATA-sSEED`` if not given
    jobs : runs at a time that make features; all cores if not given
    force : begin even what would take more time steps or memory than is sensible
    report : called after every chunk; if not given, a notebook shows a bar
    phases : called with phase, images done and images in all, while features are made; likewise

    Raises
    ------
    EquispikeError
        A name, setting or number is wrong, the backend does not work here, or ``out`` exists or cannot be written.
    """
    from equispike.protocols.beginning import new_spec, source_for
    from equispike.protocols.run_folder import RunFolder

    data = str(data)
    opened = None if source is None else source_for(system, data, load_run(source).path)
    spec, dataset, folder = new_spec(
        system, data, settings or {}, images=images, seed=seed, backend=backend, holdout=holdout,
        chunk_images=chunk_images, source=opened, out=None if out is None else Path(out),
        data_dir=None if data_dir is None else Path(data_dir), force=force,
    )  # fmt: skip
    return _trained(spec, dataset, RunFolder.create(folder), jobs, report, phases)


def resume(
    run: Run,
    *,
    images: int | None = None,
    data_dir: Path | str | None = None,
    jobs: int | None = None,
    report: Callable[[Progress], None] | None = None,
    phases: Phases | None = None,
) -> RunFolder:
    """Resume a training that was interrupted, with the configuration it was begun with; it ends with the same bits.

    Parameters
    ----------
    images : more than it was begun with, to train it longer, where no learning rate was planned
    jobs, report, phases : as for :func:`train`

    Raises
    ------
    EquispikeError
        It is no run folder, the data are other ones now, or ``images`` are fewer than it was shown.
    """
    from equispike.protocols.beginning import resumed_spec

    folder = load_run(run)
    spec, dataset = resumed_spec(folder, images, None if data_dir is None else Path(data_dir))
    return _trained(spec, dataset, folder, jobs, report, phases)


def _trained(spec, dataset, folder, jobs, report, phases) -> RunFolder:
    from equispike.protocols.provenance import usable_cores
    from equispike.protocols.training import prepare, train

    if spec.source is not None:
        with _shown_phases(phases) as phases:
            prepare(spec, dataset, folder, jobs=jobs or usable_cores(), report=phases)
    with _shown_training(spec, report) as report:
        train(spec, dataset, folder, report)
    return folder


@contextmanager
def _shown_training(spec, report) -> Iterator[Callable[[Progress], None]]:
    """What a training reports to: ``report``, else a bar in a notebook, else nothing."""
    from equispike.scripts.progress import TrainingProgress, in_notebook

    if report is not None or not in_notebook():
        yield report or (lambda progress: None)
        return
    procedure = spec.procedure()
    with TrainingProgress(procedure.stages, spec.n_images, procedure.shown) as bar:
        yield bar.update


@contextmanager
def _shown_phases(phases: Phases | None) -> Iterator[Phases]:
    """What phases of work are reported to: ``phases``, else bars in a notebook, else nothing."""
    from equispike.scripts.progress import PhaseProgress, in_notebook

    if phases is not None or not in_notebook():
        yield phases or (lambda phase, done, total: None)
        return
    with PhaseProgress() as bars:
        yield bars.update


def evaluate(
    run: Run,
    *,
    split: str = "test",
    readouts: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    label_images: int | None = None,
    test_images: int | None = None,
    backend: str | None = None,
    data_dir: Path | str | None = None,
    jobs: int | None = None,
    phases: Phases | None = None,
) -> Evaluation:
    """Let readouts learn from training images, and measure accuracies on the test set; both are kept in the run folder, beside
    those of other numbers of images, backends and settings.

    Parameters
    ----------
    split : ``test``, or ``validation``: the training images that were held out
    readouts : names, of those that the system has; the paper's if none is given
    settings : of the parameters on which answers alone depend, such as grid
    label_images : training images from which readouts learn
    test_images : only the first images of the split
    backend : the one of the training if not given
    jobs : runs at a time, on which nothing depends; all cores if not given

    Returns
    -------
    ``accuracy`` (0 to 1) and ``guesses`` (n,) by readout; ``truth`` (n,)

    Raises
    ------
    EquispikeError
        The run is not fully trained, the data are other ones now, or a name is wrong.
    """
    from equispike.protocols import evaluating
    from equispike.protocols.beginning import data_of
    from equispike.protocols.provenance import usable_cores

    folder = load_run(run)
    data = data_of(folder, None if data_dir is None else Path(data_dir))
    with _shown_phases(phases) as phases:
        return evaluating.evaluate(
            folder, data, split=split, readouts=readouts, settings=dict(settings or {}), n_label=label_images,
            n_test=test_images, jobs=jobs or usable_cores(), backend=backend, report=phases,
        )  # fmt: skip


def predict(run: Run, images: np.ndarray, *, backend: str | None = None, readout: str | None = None) -> np.ndarray:
    """Tell the classes of ``images`` (n, height, width) uint8, 0 for background to 255.

    Returns
    -------
    (n, n_classes): each class's share of the scores; rows add up to 1, or are 0 where no neuron answered

    Raises
    ------
    EquispikeError
        The run is not fully trained, or not evaluated although its readout needs labels, or the images do not fit.
    """
    from equispike.protocols import predicting

    return predicting.predict(load_run(run), images, backend, readout)


def measure(
    run: Run,
    what: Sequence[str] = ("workload", "anytime", "robustness", "responses"),
    *,
    images: int = 2000,
    backend: str | None = None,
    data_dir: Path | str | None = None,
    jobs: int | None = None,
    phases: Phases | None = None,
) -> list[str]:
    """Measure what a trained run costs and bears, on test images; the outcome is kept in the run folder.

    Parameters
    ----------
    what : operations, energy and so on per image; accuracy when stopped early; accuracy on perturbed images and of perturbed
        networks; responses of all layers
    images : evenly spaced test images for accuracies

    Returns
    -------
    One sentence for each measure that cannot be taken.

    Raises
    ------
    EquispikeError
        The run is not fully trained, or not evaluated although its readout needs labels.
    """
    from equispike.protocols import measuring
    from equispike.protocols.beginning import data_of
    from equispike.protocols.provenance import usable_cores

    folder = load_run(run)
    data = data_of(folder, None if data_dir is None else Path(data_dir))
    with _shown_phases(phases) as phases:
        return measuring.measure(
            folder, data, what, n_images=images, jobs=jobs or usable_cores(), backend=backend, report=phases
        )


def figures(run: Run, out: Path | str | None = None, only: Sequence[str] = ()) -> list[Path]:
    """Draw all figures that a run has the numbers for, as PNG, PDF and CSV, into ``out`` or its folder ``figures``.

    Returns
    -------
    The files written.

    Raises
    ------
    EquispikeError
        It has no figure of a name in ``only``, or ``out`` cannot be written.
    """
    from equispike.analysis.figures import draw

    return draw(load_run(run).path, None if out is None else Path(out), only)[0]


def experiment(
    name: str,
    model: str,
    settings: Mapping[str, Any] | None = None,
    *,
    backend: str = "auto",
    out: Path | str | None = None,
    seed: int = 0,
    force: bool = False,
) -> Outcome:
    """Characterise a neuron, synapse or plasticity rule: a current, pairs of spikes, and so on.

    Parameters
    ----------
    name, model : as ``equispike experiment list`` shows them; a model may be ``PATH.py:NAME`` of your own
    settings : parameters of both, as values with units or text such as ``linspace(0,5,41)*nA``
    out : new run folder; ``runs/NAME-MODEL`` if not given
    force : do it however many time steps it takes

    Returns
    -------
    The run folder, with what is concluded, and the measured ``tables`` (pandas DataFrames) by name, in the units of their
    columns.

    Raises
    ------
    EquispikeError
        A name, key or value is wrong, or the experiment makes no sense for the model.
    """
    from equispike.analysis.experiments import conclude
    from equispike.protocols.experiments.running import run_experiment

    outcome = run_experiment(
        model, name, dict(settings or {}), backend, None if out is None else Path(out), seed, force
    )
    conclude(outcome.folder)
    return outcome


def compile(
    network: Any, backend: str = "cpp", settings: Mapping[str, Any] | None = None, *, samples: int = 1000
) -> Program:
    """Make a network runnable.

    Parameters
    ----------
    network : name of a system, or a function that builds a BuiltNetwork of Brian2 objects
    settings : of a system's parameters
    samples : of a system, most samples per run

    Returns
    -------
    A program; ``run(state, inputs, constants, seed)`` gives ``state`` and ``records``, in SI units.

    Raises
    ------
    EquispikeError
        The backend does not work here, or cannot run the network; says why.
    """
    from equispike.models.build_request import BuildRequest
    from equispike.models.codegen import get_backend
    from equispike.protocols.catalogue import get_system

    if isinstance(network, str):
        system = get_system(network)
        network = BuildRequest(system.network, system.settled(settings or {})[0], samples)
    return get_backend(backend).compile(network)


def differentiable(*arguments: Any, **options: Any) -> Any:
    """Make a JAX program of Brian2 objects, of which gradients can be taken: see equispike.models.codegen.jax.differentiable."""
    from equispike.models.codegen import jax

    return jax.differentiable(*arguments, **options)
