"""``equispike results``: the results table, from records of runs."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, percent, setting_columns, show

_COLUMNS = (
    *setting_columns(),
    Column("readout"),
    percent("accuracy"),
    percent("accuracy_std", "± (%)"),
    Column("seeds"),
    percent("paper", form="g"),
    Column("paper_of", on_terminal=False),
    Column("images_per_cpu_s", "images / CPU s", "{:.0f}".format),
    Column("records"),
)


@click.command("results")
@click.argument("records", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--into", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
              help="Markdown file whose sections summary, results, comparison are to be replaced; repeat for more.")  # fmt: skip
@options.as_json
def command(records: tuple[Path, ...], into: tuple[Path, ...], as_json: bool) -> None:
    """Tabulate accuracies and costs of the evaluated runs below RECORDS: mean and spread over seeds."""
    from equispike.analysis import comparison
    from equispike.analysis.results import by_setting, collect, replace_section, sections_of, to_markdown, to_summary

    wanted = {file: sections_of(file, ("summary", "results", "comparison")) for file in into}
    runs = collect(records)
    if not into:
        show(Table("results", _COLUMNS, by_setting(runs)), as_json=as_json)
        return
    tables = {"results": to_markdown(runs), "comparison": comparison.to_markdown(comparison.compared(runs))}
    for file, names in wanted.items():
        for name in names:
            replace_section(file, name, to_summary(runs) if name == "summary" else tables[name])
        click.echo(f"Wrote {' and '.join(names)} of {len(records)} folder(s) into {file}")
