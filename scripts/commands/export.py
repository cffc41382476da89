"""``equispike export``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.cli import existing_run


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="NIR file to write, such as network.nir.")
def command(run: Path, out: Path) -> None:
    """Write the trained network of RUN as a NIR graph, for other simulators."""
    from equispike.protocols.exporting import export

    graph = export(existing_run(run), out)
    click.echo(f"{' - '.join(graph.nodes)}: {out}")
