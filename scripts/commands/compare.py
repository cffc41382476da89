"""``equispike compare``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, percent, setting_columns, show


def _count(number: float) -> str:
    from equispike.analysis.comparison import count

    return count(number)


#: Costs are those of an image.
_COLUMNS = (
    *setting_columns(),
    Column("kind", on_terminal=False),
    Column("readout", on_terminal=False),
    percent("accuracy"),
    percent("accuracy_std", "± (%)"),
    Column("seeds"),
    Column("time_steps", on_terminal=False),
    Column("effective_acs", "ACs", _count),
    Column("effective_macs", "MACs", _count),
    Column("energy", "energy (nJ)", lambda joules: f"{1e9 * joules:.0f}"),
    Column("spikes", show=_count),
    Column("activation_sparsity", on_terminal=False),
    Column("neuron_updates", on_terminal=False),
    Column("parameters", on_terminal=False),
    Column("footprint", on_terminal=False),
    Column("inference_cpu_s", "CPU ms", lambda seconds: f"{1000 * seconds:.2f}"),
    Column("records", on_terminal=False),
)


@click.command("compare")
@click.argument("runs", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), help="CSV file: one row for each readout of each run. Where responses "
              "were measured, similarity.csv and selectivity.csv of all layers are written beside it.")  # fmt: skip
@click.option("--figures", type=click.Path(path_type=Path), help="Folder for figures of all runs, as PNG, PDF and CSV.")
@options.as_json
def command(runs: tuple[Path, ...], out: Path | None, figures: Path | None, as_json: bool) -> None:
    """Compare evaluated RUNS, spiking and ordinary alike: accuracy, and what equispike measure found."""
    from equispike.analysis import comparison, representation
    from equispike.analysis.figures import draw_comparison
    from equispike.protocols.atomic_write import check_replaceable

    for path in () if out is None else (out, *(out.with_name(f"{name}.csv") for name in ("similarity", "selectivity"))):
        check_replaceable(path)
    table = comparison.compare(runs)
    if comparison.measured(table).empty:
        click.echo("No run was measured: equispike measure RUN counts what an image costs", err=True)
    show(Table("comparison", _COLUMNS, comparison.by_setting(table)), as_json=as_json)
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
