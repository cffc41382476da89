"""``equispike results``: the results table, from records of runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("results")
@click.argument("records", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--readme",
    type=click.Path(path_type=Path),
    help="Markdown file whose sections results and comparison are to be replaced.",
)
def command(records: tuple[Path, ...], readme: Path | None) -> None:
    """Tabulate accuracies and costs of the evaluated runs below RECORDS: mean and spread over seeds."""
    from equispike.analysis import comparison
    from equispike.analysis.results import collect, replace_section, to_markdown

    runs = collect(records)
    tables = {"results": to_markdown(runs), "comparison": comparison.to_markdown(comparison.compared(runs))}
    if readme is None:
        click.echo("\n\n".join(tables.values()))
    else:
        for name, table in tables.items():
            replace_section(readme, name, table)
        click.echo(f"Wrote the results of {len(records)} folder(s) into {readme}")
