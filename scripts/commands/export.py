"""``equispike export``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.cli import existing_run


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write: network.nir, or run.zip.")
def command(run: Path, out: Path) -> None:
    """Write the trained network of RUN as a NIR graph, for other simulators, or as .zip the whole run as an RO-Crate."""
    from equispike.protocols.exporting import export, ro_crate

    if out.suffix == ".zip":
        ro_crate.write(existing_run(run), out)
        click.echo(out)
        return
    graph = export(existing_run(run), out)
    click.echo(f"{' - '.join(graph.nodes)}: {out}")
