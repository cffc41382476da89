"""``equispike results``: the results table, from records of runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("results")
@click.argument("records", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--into", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
              help="Markdown file whose sections summary, results, comparison are to be replaced; repeat for more.")  # fmt: skip
def command(records: tuple[Path, ...], into: tuple[Path, ...]) -> None:
    """Tabulate accuracies and costs of the evaluated runs below RECORDS: mean and spread over seeds."""
    from equispike.analysis import comparison
    from equispike.analysis.results import collect, replace_section, sections_of, to_markdown, to_summary

    wanted = {file: sections_of(file, ("summary", "results", "comparison")) for file in into}
    runs = collect(records)
    tables = {"results": to_markdown(runs), "comparison": comparison.to_markdown(comparison.compared(runs))}
    if not into:
        click.echo("\n\n".join(tables.values()))
    for file, names in wanted.items():
        for name in names:
            replace_section(file, name, to_summary(runs) if name == "summary" else tables[name])
        click.echo(f"Wrote {' and '.join(names)} of {len(records)} folder(s) into {file}")
