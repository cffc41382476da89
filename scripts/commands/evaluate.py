"""``equispike evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from models.errors import EquispikeError
from scripts.cli import existing_run
from scripts.commands import options


@click.command("evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", help="Data set; must be the one the run was trained on.  [default: that one]")
@options.data_dir
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True,
              help="The test set, or the training images held out by --holdout.")  # fmt: skip
@click.option(
    "--label-images",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help="Training images that label the neurons.",
)
@click.option("--test-images", type=click.IntRange(min=1), help="Only the first images of the split.  [default: all]")
@click.option("--backend", help="Backend to run on.  [default: the one of the training]")
@options.jobs
def command(run, data, data_dir, split, label_images, test_images, backend, jobs) -> None:
    """Label the neurons of RUN on training images and measure the accuracy on images it never saw."""
    from protocols.data import load
    from protocols.evaluating import evaluate
    from protocols.rasters import record_raster
    from scripts.progress import PhaseProgress

    folder = existing_run(run)
    trained_on = folder.read_json("run.json")["data"]
    if data is not None and data != trained_on["name"]:
        raise EquispikeError(f"{run} was trained on {trained_on['name']}, not on {data}: leave --data away")
    dataset = load(trained_on["name"], data_dir)
    if dataset.checksum != trained_on["checksum"]:
        raise EquispikeError(f"{dataset.name} in {dataset.source} is not the data that {run} was trained on")
    with PhaseProgress() as progress:
        outcome = evaluate(
            folder,
            dataset,
            split=split,
            n_label=label_images,
            n_test=test_images,
            jobs=jobs,
            backend=backend,
            report=progress.update,
        )
        progress.update("recording the spikes of one image", 0, 1)
        record_raster(folder, dataset)
        progress.update("recording the spikes of one image", 1, 1)
    for name, accuracy in outcome.accuracy.items():
        click.echo(f"Accuracy on {len(outcome.truth)} {split} images, {name} readout: {100 * accuracy:.2f} %")
