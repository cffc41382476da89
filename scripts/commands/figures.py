"""``equispike figures``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.cli import existing_run


@click.command("figures")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the pictures.  [default: RUN/figures]")
@click.option("--only", multiple=True, metavar="NAME", help="Only this figure, such as weights; repeat for more.")
def command(run: Path, out: Path | None, only: tuple[str, ...]) -> None:
    """Draw everything that RUN holds, as PNG, PDF and CSV."""
    from equispike.analysis.figures import draw

    written, skipped = draw(existing_run(run, trained=False).path, out, only)
    for path in written:
        click.echo(path)
    for reason in skipped:
        click.echo(f"Skipped: {reason}", err=True)
