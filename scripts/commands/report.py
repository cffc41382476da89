"""``equispike report``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument("runs", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="HTML file; opens from disk, needs no network. "
              "The figures of similarity.csv and selectivity.csv beside it are part of it.")  # fmt: skip
@click.option("--title", default="Spiking and ANNs", show_default=True, help="Heading of the page.")
def command(runs: tuple[Path, ...], out: Path, title: str) -> None:
    """Write one page of evaluated RUNS: the comparison, figures, and how each number was made."""
    from equispike.analysis.report import report

    click.echo(f"Wrote {report(runs, out, title)} runs into {out}")
