"""All figures of a run, drawn from its folder alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from analysis.figures import style
from analysis.figures.confusion import confusion
from analysis.figures.learning import learning_curve
from analysis.figures.raster import spike_raster
from analysis.figures.thresholds import threshold_distribution
from analysis.figures.tuning import class_tuning
from analysis.figures.weights import weight_map
from models.errors import EquispikeError
from protocols.run_folder import RunFolder

SPLITS = ("test", "validation")


def draw(run_path: Path, out: Path | None = None) -> tuple[list[Path], list[str]]:
    """Draw every figure that the run has the numbers for, as PNG and PDF.

    Parameters
    ----------
    out : folder of the figures; ``figures`` in the run folder if not given

    Returns
    -------
    The files written, and one sentence for each figure that could not be drawn.

    Raises
    ------
    EquispikeError
        ``run_path`` is not a run folder, or ``out`` cannot be written.
    """
    run = RunFolder.open(run_path)
    folder = run.path / "figures" if out is None else Path(out)
    metadata = _metadata(run)
    written, skipped = [], []
    for name, make in _figures(run):
        try:
            figure = make(run)
        except EquispikeError as reason:
            skipped.append(f"no {name} figure: {reason}")
            continue
        written += style.save(figure, folder, name, metadata)
    return written, skipped


def _figures(run: RunFolder) -> Iterator[tuple[str, Callable[[RunFolder], Figure]]]:
    """Names of figures and how to make them; what they need may be missing."""
    yield "learning", _learning
    yield "weights", _weights
    yield "thresholds", _thresholds
    yield "tuning", _tuning
    for split in [split for split in SPLITS if run.has(f"evaluation-{split}.npz")] or SPLITS[:1]:
        yield f"confusion-{split}", partial(_confusion, split=split)
    yield "raster", _raster


def _learning(run: RunFolder) -> Figure:
    _need(run, "metrics.csv", "its first chunk of images is not done yet")
    final = {}
    for split in SPLITS:
        if run.has(f"evaluation-{split}.json"):
            final[f"{split} set, after training"] = run.read_json(f"evaluation-{split}.json")["accuracy"]["vote"]
    return learning_curve(run.read_metrics(), final)


def _weights(run: RunFolder) -> Figure:
    _need(run, "arrays.npz", "it is not fully trained")
    labels = _labels(run)
    return weight_map(run.read_arrays("arrays.npz")["w"], labels.get("class_rates"), labels.get("assignments"))


def _thresholds(run: RunFolder) -> Figure:
    _need(run, "arrays.npz", "it is not fully trained")
    return threshold_distribution(run.read_arrays("arrays.npz")["theta"], _labels(run).get("assignments"))


def _tuning(run: RunFolder) -> Figure:
    _need(run, "labels.npz", "it was not evaluated")
    labels = _labels(run)
    return class_tuning(labels["class_rates"], labels["assignments"])


def _confusion(run: RunFolder, split: str) -> Figure:
    _need(run, f"evaluation-{split}.npz", "it was not evaluated")
    guesses = run.read_arrays(f"evaluation-{split}.npz")
    return confusion(guesses["truth"], guesses["vote"], f"{split.capitalize()} set, vote")


def _raster(run: RunFolder) -> Figure:
    _need(run, "raster.npz", "no spikes were recorded for it")
    _need(run, "arrays.npz", "it is not fully trained")
    n_exc = len(run.read_arrays("arrays.npz")["theta"])
    return spike_raster(run.read_arrays("raster.npz"), n_exc, _labels(run).get("assignments"))


def _labels(run: RunFolder) -> dict:
    """Arrays class_rates (n_classes, n_exc) and assignments (n_exc,), or nothing before an evaluation."""
    return run.read_arrays("labels.npz") if run.has("labels.npz") else {}


def _need(run: RunFolder, name: str, why: str) -> None:
    if not run.has(name):
        raise EquispikeError(f"{run.path} has no {name}, {why}")


def _metadata(run: RunFolder) -> dict[str, str]:
    """What goes into every file: which run, which code, which seed."""
    record = run.read_json("run.json")
    return {"Run": run.path.resolve().name, "Commit": str(record.get("commit")), "Seed": str(record["config"]["seed"])}


__all__ = ["draw"]
