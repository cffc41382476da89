"""``equispike evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.cli import existing_run
from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, percent, show


@click.command("evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", help="Data set; must be the one the run was trained on.  [default: that one]")
@options.data_dir
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True,
              help="The test set, or the training images held out by --holdout.")  # fmt: skip
@click.option("--label-images", type=click.IntRange(min=1), help="Training images from which readouts learn.  "
              "[default: 20000 for labels of neurons, all for readouts of features]")  # fmt: skip
@click.option("--test-images", type=click.IntRange(min=1), help="Only the first images of the split.  [default: all]")
@click.option("--backend", help="Backend to run on.  [default: the one of the training]")
@click.option("--readout", "readouts", multiple=True, metavar="NAME", help="What tells the class from answers, such as svm or "
              "lif of features; repeat for more.  [default: the paper's]")  # fmt: skip
@options.pairs
@options.jobs
@options.as_json
def command(run, data, data_dir, split, label_images, test_images, backend, readouts, pairs, jobs, as_json) -> None:
    """Let readouts of RUN learn from training images, and measure the accuracy on other images.

    With --set, parameters on which answers alone depend are chosen anew, such as grid=2.
    """
    import equispike
    from equispike.scripts.progress import PhaseProgress

    folder = existing_run(run)
    trained_on = folder.read_json("run.json")["data"]["name"]
    if data is not None and data != trained_on:
        raise EquispikeError(f"{run} was trained on {trained_on}, not on {data}: omit --data")
    settings = options.model_settings(None, pairs)
    with PhaseProgress() as progress:
        outcome = equispike.evaluate(
            folder, split=split, readouts=readouts, settings=settings, label_images=label_images,
            test_images=test_images, backend=backend, data_dir=data_dir, jobs=jobs, phases=progress.update,
        )  # fmt: skip
    rows = [
        {"run": folder.path, "readout": name, "split": split, "images": len(outcome.truth), "accuracy": accuracy}
        for name, accuracy in outcome.accuracy.items()
    ]
    columns = [*map(Column, ("run", "readout", "split", "images")), percent("accuracy")]
    show(Table("accuracy", columns, rows), as_json=as_json)
