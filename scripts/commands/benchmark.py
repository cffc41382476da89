"""``equispike benchmark``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, show


@click.command("benchmark")
@click.argument("system")
@options.pairs
@options.config
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Paired rounds.")
@click.option("--backends", help="Separated by commas, such as cpp,cpp-stock,cython; the others are compared with the first.  "
              "[default: cpp-float32,cpp,cpp-stock]")  # fmt: skip
@click.option("--data", default="mnist", show_default=True, help="Data set.")
@options.data_dir
@options.as_json
def command(
    system: str, pairs, config, rounds: int, backends: str | None, data: str, data_dir: Path | None, as_json: bool
) -> None:
    """Measure images per CPU second of SYSTEM on one core, while it is trained and while it answers, on several backends."""
    import pandas as pd

    from equispike.protocols import benchmarking
    from equispike.protocols.beginning import new_spec

    settings = options.model_settings(config, pairs)
    spec, dataset, _ = new_spec(system, data, settings, data_dir=data_dir)
    names = benchmarking.checked_backends(spec, backends.split(",") if backends else ())
    measured = benchmarking.benchmark(spec, dataset, names, rounds, lambda text: click.echo(text, err=True))
    found = [
        {"phase": phase, "backend": name, "rounds": rounds, **row}
        for phase, of_phase in pd.DataFrame(measured).groupby("phase", sort=False)
        for name, row in benchmarking.summary(of_phase).to_dict("index").items()
    ]
    columns = (Column("backend"), Column("rounds", "paired rounds"), *map(Column, ("median", "min", "max")),
               Column("ratio", f"{names[0]} is faster by", "{:.2f}".format))  # fmt: skip
    title = f"{system} {spec.params.structure()}: images per CPU second"
    show(Table("benchmark", columns, found, title=title, section="phase"), as_json=as_json)
