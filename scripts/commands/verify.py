"""``equispike verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.cli import data_of, existing_run
from equispike.scripts.commands import options


@click.command("verify")
@click.argument("run", type=click.Path(path_type=Path))
@options.data_dir
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True,
              help="Images of the test set, or those held out by --holdout.")  # fmt: skip
@click.option("--images", type=click.IntRange(min=1), default=1000, show_default=True, help="How many.")
@click.option(
    "--backend",
    help="Backend of Brian2, in double precision.  [default: the one of the training, or cpp for cpp-float32]",
)
def command(run: Path, data_dir: Path | None, split: str, images: int, backend: str | None) -> None:
    """Compare RUN, trained by gradients, in Brian2 and in its differentiable program, spike for spike.

    Exits with 1 where a spike differs. The outcome is kept in RUN.
    """
    from equispike import models
    from equispike.protocols import gradients
    from equispike.protocols.training import TrainingSpec
    from equispike.scripts.progress import PhaseProgress

    folder = existing_run(run)
    spec = TrainingSpec.from_json(folder.read_json("run.json")["config"])
    if models.get_model(spec.model).protocol != "gradients":
        raise EquispikeError(
            f"{run} is a run of {spec.model}, which is not trained by gradients: there is nothing to compare"
        )
    with PhaseProgress() as progress:
        found = gradients.verify_run(
            folder, data_of(folder, data_dir), split=split, n_images=images, backend=backend, report=progress.update
        )
    click.echo(
        f"Brian2 ({found['backend']}) and the differentiable program: {found['mismatches']} of {found['spikes']} spikes "
        f"differ on {found['images']} {split} images; scores differ by at most {found['largest_score_difference']:.1e}"
    )
    if found["mismatches"]:
        sys.exit(1)
