"""``equispike list``: what there is."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from equispike.scripts.commands import options
from equispike.scripts.screen import screen

_PARTS = {"neurons": "neuron", "synapses": "synapse", "rules": "plasticity"}


@click.command("list")
@click.argument("name", required=False)
@options.data_dir
def command(name: str | None, data_dir: Path | None) -> None:
    """List systems, data sets and backends; with NAME 'neurons', 'synapses' or 'rules', those.

    Of any other NAME, a system, neuron, synapse or plasticity rule, or PATH.py:NAME of your own, list the parameters with units,
    defaults and sources.
    """
    console = screen()
    if name in _PARTS:
        from equispike import models

        entries = models.KINDS[_PARTS[name]].values()
        rows = [(each.name, each.summary, each.citation) for each in entries]
        _print(console, name.capitalize(), ("name", "what", "citation"), rows)
    elif name is not None:
        _describe(console, name)
    else:
        _overview(console, data_dir)


def _overview(console: Console, data_dir: Path | None) -> None:
    """Print what there is, without Brian2, which takes a second to import."""
    from equispike.models.codegen import BACKENDS
    from equispike.protocols.catalogue import SYSTEMS
    from equispike.protocols.data import DATASETS, available

    figures = {
        each.name: f"{100 * each.headline.accuracy:g} % of {each.headline.data}: {each.headline.of}"
        for each in SYSTEMS.values()
        if each.headline
    }
    systems = [(name, each.summary, each.citation, figures.get(name, "")) for name, each in SYSTEMS.items()]
    _print(console, "Systems", ("name", "what", "citation", "paper's figure"), systems)
    found = {each: available(each, data_dir) for each in DATASETS}
    data = [
        (each, d.description, found[each] or ("not here; downloaded when first used" if d.mirrors else "not here"))
        for each, d in DATASETS.items()
    ]
    _print(console, "Data sets", ("name", "what", "where"), data)
    backends = f": {', '.join(BACKENDS)} (equispike doctor says which work here)"
    console.print(Text("Backends", "bold"), backends, sep="", highlight=False)
    console.print(Text("Parts", "bold"), ": equispike list neurons, synapses or rules", sep="", highlight=False)


def _describe(console: Console, name: str) -> None:
    """Print the parameters, and the equations of a part."""
    from equispike import models
    from equispike.models import own_files
    from equispike.models.catalogue import CLASSES
    from equispike.models.params import Params
    from equispike.protocols.catalogue import SYSTEMS, get_system

    found = next((entries[name] for entries in models.KINDS.values() if name in entries), None)
    if own_files.is_own(name) and isinstance(part := own_files.load(name), tuple(CLASSES.values())):
        found = part
    chosen = found or get_system(name)
    console.print(Text(chosen.name, "bold"), f": {chosen.summary}\n{chosen.citation}\n", sep="")
    for line in getattr(chosen, "equations", "").strip().splitlines():
        console.print(f"    {line.strip()}", highlight=False, soft_wrap=True)
    tables: list[tuple[str, Params]] = [("Parameters", chosen.params())]
    if found is None or name in SYSTEMS:
        tables.append(("Of its training", chosen.procedure_params()))
    for title, params in tables:
        _print(
            console,
            f"{title} (change them with --set name=value or --config file.yaml)",
            ("name", "default", "permitted", "meaning", "source"),
            params.rows(),
        )


def _print(console: Console, title: str, columns: tuple[str, ...], rows: list) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)
