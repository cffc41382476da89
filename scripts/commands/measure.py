"""``equispike measure``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.cli import existing_run
from equispike.scripts.commands import options

_WHAT = ("workload", "anytime", "robustness", "responses")


@click.command("measure")
@click.argument("run", type=click.Path(path_type=Path))
@options.data_dir
@click.option("--what", multiple=True, type=click.Choice(_WHAT), default=_WHAT,
              help="Operations and so on per image; accuracy when stopped early; accuracy on perturbed images and of perturbed "
              "networks; responses of all layers. Repeat for more.  [default: all]")  # fmt: skip
@click.option("--images", type=click.IntRange(min=1), default=2000, show_default=True,
              help="Evenly spaced test images for accuracies.")  # fmt: skip
@click.option("--backend", help="Backend to run on.  [default: the one of the training]")
@options.jobs
def command(run, data_dir, what, images, backend, jobs) -> None:
    """Measure what the trained RUN, spiking or not, costs and bears; the outcome is kept in RUN, for compare and figures."""
    import equispike
    from equispike.scripts.progress import PhaseProgress

    folder = existing_run(run)
    with PhaseProgress() as progress:
        skipped = equispike.measure(
            folder, what, images=images, backend=backend, data_dir=data_dir, jobs=jobs, phases=progress.update
        )
    for reason in skipped:
        click.echo(reason, err=True)
    click.echo(f"Measured {run}. Next: equispike compare {run} OTHER_RUNS --out comparison.csv")
