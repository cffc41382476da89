"""``equispike measure``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.cli import data_of, existing_run
from equispike.scripts.commands import options

_WHAT = ("workload", "stopping", "robustness", "responses")


@click.command("measure")
@click.argument("run", type=click.Path(path_type=Path))
@options.data_dir
@click.option("--what", multiple=True, type=click.Choice(_WHAT), default=_WHAT,
              help="Operations and so on of an image; accuracy when stopped early; accuracy on damaged images and of damaged "
              "networks; responses of all layers. Repeat for more.  [default: all]")  # fmt: skip
@click.option("--images", type=click.IntRange(min=1), default=2000, show_default=True,
              help="Evenly spaced test images for accuracies.")  # fmt: skip
@click.option("--backend", help="Backend to run on.  [default: the one of the training]")
@options.jobs
def command(run, data_dir, what, images, backend, jobs) -> None:
    """Measure what the trained RUN, spiking or not, costs and bears; the outcome is kept in RUN, for compare and figures."""
    from equispike.protocols.measuring import measure
    from equispike.scripts.progress import PhaseProgress

    folder = existing_run(run)
    with PhaseProgress() as progress:
        skipped = measure(
            folder, data_of(folder, data_dir), what, n_images=images, jobs=jobs, backend=backend, report=progress.update
        )
    for reason in skipped:
        click.echo(reason, err=True)
    click.echo(f"Measured {run}. Next: equispike compare {run} OTHER_RUNS --out comparison.csv")
