"""``equispike evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.cli import data_of, existing_run
from equispike.scripts.commands import options


@click.command("evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", help="Data set; must be the one the run was trained on.  [default: that one]")
@options.data_dir
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True,
              help="The test set, or the training images held out by --holdout.")  # fmt: skip
@click.option("--label-images", type=click.IntRange(min=1), help="Training images for labels or readouts.  "
              "[default: 20000 for labels of neurons, all for readouts of features]")  # fmt: skip
@click.option("--test-images", type=click.IntRange(min=1), help="Only the first images of the split.  [default: all]")
@click.option("--backend", help="Backend to run on.  [default: the one of the training]")
@click.option("--readout", "readouts", multiple=True, type=click.Choice(["svm", "lif", "softmax"]), default=["svm"],
              show_default=True, help="Networks of layers: what learns classes from features; repeat for more.")  # fmt: skip
@click.option("--grid", type=click.IntRange(min=1, max=100), default=4, show_default=True,
              help="Networks of layers: features in GRID x GRID parts of the maps, and over whole maps.")  # fmt: skip
@click.option(
    "--bins", help="Networks of layers: also the accuracy of images stopped after so many bins, such as 5,10,15."
)
@options.jobs
def command(run, data, data_dir, split, label_images, test_images, backend, readouts, grid, bins, jobs) -> None:
    """Label RUN on training images, its neurons or a readout of its features, and measure the accuracy on other images."""
    from equispike import models
    from equispike.scripts.progress import PhaseProgress

    folder = existing_run(run)
    trained_on = folder.read_json("run.json")["data"]["name"]
    if data is not None and data != trained_on:
        raise EquispikeError(f"{run} was trained on {trained_on}, not on {data}: leave --data away")
    dataset = data_of(folder, data_dir)
    common = {"split": split, "n_test": test_images, "jobs": jobs, "backend": backend}
    model = models.get_model(folder.read_json("run.json")["config"]["model"])
    with PhaseProgress() as progress:
        if model.protocol == "layerwise":
            outcome = _evaluate_features(folder, dataset, label_images, readouts, grid, bins, progress, common)
        elif model.protocol == "gradients":
            from equispike.protocols import gradients

            outcome = gradients.evaluate(folder, dataset, report=progress.update, **common)
        elif model.protocol == "baseline":
            from equispike.protocols import baselines

            outcome = baselines.evaluate(folder, dataset, split=split, n_test=test_images, report=progress.update)
        else:
            outcome = _evaluate_spikes(folder, dataset, label_images, progress, common)
    for name, accuracy in outcome.accuracy.items():
        click.echo(f"Accuracy on {len(outcome.truth)} {split} images, {name} readout: {100 * accuracy:.2f} %")


def _evaluate_spikes(folder, dataset, label_images, progress, common):
    from equispike.protocols.evaluating import evaluate
    from equispike.protocols.rasters import record_raster

    outcome = evaluate(folder, dataset, n_label=label_images or 20_000, report=progress.update, **common)
    progress.update("recording the spikes of one image", 0, 1)
    record_raster(folder, dataset)
    progress.update("recording the spikes of one image", 1, 1)
    return outcome


def _evaluate_features(folder, dataset, label_images, readouts, grid, bins, progress, common):
    from equispike.protocols import layerwise
    from equispike.protocols.activity import record_activity

    try:
        stops = [int(number) for number in bins.split(",")] if bins else []
    except ValueError:
        raise EquispikeError(
            f"--bins needs whole numbers separated by commas, such as 5,10,15, but got '{bins}'"
        ) from None
    outcome = layerwise.evaluate(
        folder,
        dataset,
        readouts=readouts,
        grid=grid,
        n_label=label_images,
        bins=stops,
        report=progress.update,
        **common,
    )
    progress.update("recording spikes", 0, 1)
    record_activity(folder, dataset, backend=common["backend"])
    progress.update("recording spikes", 1, 1)
    return outcome
