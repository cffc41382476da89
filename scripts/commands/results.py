"""``equispike results``: the results table, from records of runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("results")
@click.argument("records", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--readme", type=click.Path(path_type=Path), help="Markdown file whose results section is to be replaced."
)
def command(records: tuple[Path, ...], readme: Path | None) -> None:
    """Tabulate the accuracies of the evaluated runs below RECORDS: mean and spread over seeds."""
    from analysis.results import collect, replace_section, to_markdown

    table = to_markdown(collect(records))
    if readme is None:
        click.echo(table)
    else:
        replace_section(readme, table)
        click.echo(f"Wrote the results of {len(records)} folder(s) into {readme}")
