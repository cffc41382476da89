"""``equispike compare``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("compare")
@click.argument("runs", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), help="CSV file: one row for each readout of each run. Where responses "
              "were measured, similarity.csv and selectivity.csv of all layers are written beside it.")  # fmt: skip
@click.option("--figures", type=click.Path(path_type=Path), help="Folder for figures of all runs, as PNG, PDF and CSV.")
def command(runs: tuple[Path, ...], out: Path | None, figures: Path | None) -> None:
    """Compare evaluated RUNS, spiking and ordinary alike: accuracy, and what equispike measure found."""
    from equispike.analysis import comparison, representation
    from equispike.analysis.figures import draw_comparison
    from equispike.protocols.atomic_write import check_replaceable

    for path in () if out is None else (out, *(out.with_name(f"{name}.csv") for name in ("similarity", "selectivity"))):
        check_replaceable(path)
    table = comparison.compare(runs)
    if comparison.measured(table).empty:
        click.echo("No run was measured: equispike measure RUN counts what an image costs", err=True)
    click.echo(comparison.to_markdown(table))
    if out is not None:
        comparison.write(table, out)
        click.echo(f"Wrote {out}", err=True)
        for name, make in (
            ("similarity", representation.similarity_table),
            ("selectivity", representation.selectivity_table),
        ):
            found = make(table)
            if len(found):
                comparison.write(found, out.with_name(f"{name}.csv"))
                click.echo(f"Wrote {out.with_name(f'{name}.csv')}", err=True)
    if figures is not None:
        for path in draw_comparison(table, figures if out is None else out.parent, figures):
            click.echo(path, err=True)
