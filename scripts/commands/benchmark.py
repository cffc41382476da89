"""``equispike benchmark``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from equispike.scripts.commands import options
from equispike.scripts.screen import screen


@click.command("benchmark")
@click.argument("system")
@options.pairs
@options.config
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Paired rounds.")
@click.option("--backends", help="Separated by commas, such as cpp,cpp-stock,cython; the others are compared with the first.  "
              "[default: cpp-float32,cpp,cpp-stock]")  # fmt: skip
@click.option("--data", default="mnist", show_default=True, help="Data set.")
@options.data_dir
def command(system: str, pairs, config, rounds: int, backends: str | None, data: str, data_dir: Path | None) -> None:
    """Measure images per CPU second of SYSTEM on one core, while it is trained and while it answers, on several backends."""
    import pandas as pd

    from equispike.protocols import benchmarking
    from equispike.protocols.beginning import new_spec

    settings = options.model_settings(config, pairs)
    spec, dataset, _ = new_spec(system, data, settings, data_dir=data_dir)
    names = benchmarking.checked_backends(spec, backends.split(",") if backends else ())
    measured = benchmarking.benchmark(spec, dataset, names, rounds, lambda text: click.echo(text, err=True))
    console = screen()
    for phase, rows in pd.DataFrame(measured).groupby("phase", sort=False):
        found = benchmarking.summary(rows)
        console.print(
            f"{system} {spec.params.structure()}, {phase}: images per CPU second, {rounds} paired rounds",
            highlight=False,
            soft_wrap=True,
        )
        table = Table()
        for column in ("backend", "median", "min", "max", f"{found.index[0]} is faster by"):
            table.add_column(column, justify="left" if column == "backend" else "right")
        for name, row in found.iterrows():
            table.add_row(str(name), *(f"{row[c]:.1f}" for c in ("median", "min", "max")), f"{row['ratio']:.2f}")
        console.print(table)
