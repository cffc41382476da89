"""``equispike verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from equispike.scripts.cli import existing_run
from equispike.scripts.commands import options


@click.command("verify")
@click.argument("run", type=click.Path(path_type=Path))
@options.data_dir
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True,
              help="Images of the test set, or those held out by --holdout.")  # fmt: skip
@click.option("--images", type=click.IntRange(min=1), default=1000, show_default=True, help="How many.")
@click.option("--backend", help="Backend of Brian2; where it computes in single precision, its double precision counterpart.  "
              "[default: the one of the training]")  # fmt: skip
def command(run: Path, data_dir: Path | None, split: str, images: int, backend: str | None) -> None:
    """Compare RUN, trained by gradients, in Brian2 and in its differentiable program, spike for spike.

    Exits with 1 where a spike differs. The outcome is kept in RUN.
    """
    from equispike.protocols.beginning import data_of
    from equispike.protocols.verifying import verify
    from equispike.scripts.progress import PhaseProgress

    folder = existing_run(run)
    with PhaseProgress() as progress:
        found = verify(
            folder, data_of(folder, data_dir), split=split, n_images=images, backend=backend, report=progress.update
        )
    click.echo(
        f"Brian2 ({found['backend']}) and the differentiable program: {found['mismatches']} of {found['spikes']} spikes "
        f"differ on {found['images']} {split} images; scores differ by at most {found['largest_score_difference']:.1e}"
    )
    if found["mismatches"]:
        sys.exit(1)
