"""The figures that all systems have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from equispike.analysis.figures.confusion import confusion
from equispike.analysis.figures.learning import learning_curves
from equispike.analysis.figures.raster import raster
from equispike.analysis.figures.sources import Source, activity, evaluation, evaluations, need
from equispike.models.errors import EquispikeError
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec


def figures(run: RunFolder) -> Iterator[Source]:
    """Yield names of figures and how to make them; what they need may be missing."""
    spec = TrainingSpec.of_run(run)
    yield "learning", partial(_learning, spec=spec)
    for split in evaluations(run) or ("test",):
        yield f"confusion-{split}", partial(_confusion, split=split, spec=spec)
    if spec.system.is_spiking:
        yield "raster", _raster


def _learning(run: RunFolder, spec: TrainingSpec) -> Figure:
    need(run, "metrics.csv", "its first chunk of images is not done yet")
    final = {}
    for split, each in evaluations(run).items():
        accuracy = each.record["accuracy"]
        part = "" if each.is_whole else f" (first {each.record['n_images']})"
        final[f"{split} set{part}, after training"] = accuracy[headline(spec, accuracy)]
    return learning_curves(run.read_metrics(), final)


def _confusion(run: RunFolder, split: str, spec: TrainingSpec) -> Figure:
    guesses = evaluation(run, split).guesses()
    truth = guesses.pop("truth")
    readout = headline(spec, guesses)
    n_classes = int(max(truth.max(), guesses[readout].max())) + 1
    return confusion(truth, guesses[readout], f"{split.capitalize()} set, {readout}", n_classes)


def headline(spec: TrainingSpec, found) -> str:
    """Return the first of the procedure's readouts that was asked."""
    name = next((name for name in spec.procedure().readouts if name in found), None)
    if name is None:
        raise EquispikeError("it was evaluated with none of its readouts")
    return name


def _raster(run: RunFolder) -> Figure:
    return raster(activity(run))
