"""``equispike list``: what is there and what runs here."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from equispike.scripts.commands import options


@click.command("list")
@click.argument("model", required=False)
@options.data_dir
def command(model: str | None, data_dir: Path | None) -> None:
    """List models, data sets and backends; with MODEL (a network, neuron, synapse or plasticity rule), its parameters with
    units, defaults and sources."""
    from equispike import models

    console = Console()
    if model is not None:
        chosen = _chosen(model)
        console.print(f"[bold]{chosen.name}[/bold]: {chosen.summary}\n{chosen.citation}\n")
        for line in getattr(chosen, "equations", "").strip().splitlines():
            console.print(f"    {line.strip()}", markup=False, highlight=False, soft_wrap=True)
        _print(
            console,
            "Parameters (change them with --set name=value or --config file.yaml)",
            ("name", "default", "permitted", "meaning", "source"),
            options.parameter_table(chosen.params()),
        )
        return
    from equispike.models.codegen import BACKENDS
    from equispike.protocols.data import DATASETS, available

    _print(
        console,
        "Models",
        ("name", "what", "citation"),
        [(m.name, m.summary, m.citation) for m in models.MODELS.values()],
    )
    for title, kind in (("Neurons", "neuron"), ("Synapses", "synapse"), ("Plasticity rules", "plasticity")):
        if entries := models.KINDS[kind].values():
            _print(console, title, ("name", "citation"), [(each.name, each.citation) for each in entries])
    found = {name: available(name, data_dir) for name in DATASETS}
    _print(
        console,
        "Data sets",
        ("name", "what", "where"),
        [
            (name, d.description, found[name] or ("not here; downloaded when first used" if d.mirrors else "not here"))
            for name, d in DATASETS.items()
        ],
    )
    _print(
        console,
        "Backends",
        ("name", "runs here"),
        [(name, backend.why_not() or "yes") for name, backend in BACKENDS.items()],
    )


def _chosen(name: str):
    """The network, neuron, synapse or plasticity rule of that name."""
    from equispike import models

    for entries in models.KINDS.values():
        if name in entries and getattr(entries[name], "params", None) is not None:
            return entries[name]
    return models.get_model(name)


def _print(console: Console, title: str, columns: tuple[str, ...], rows: list) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)
