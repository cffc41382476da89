"""``equispike list``: what there is."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, percent, show

_PARTS = {"neurons": "neuron", "synapses": "synapse", "rules": "plasticity"}
_ENTRY = (Column("name"), Column("summary", "what"), Column("citation"))


@click.command("list")
@click.argument("name", required=False)
@options.data_dir
@options.as_json
def command(name: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List systems, data sets and backends; with NAME 'neurons', 'synapses' or 'rules', those.

    Of any other NAME, a system, neuron, synapse or plasticity rule, or PATH.py:NAME of your own, list the parameters with units,
    defaults and sources.
    """
    if name in _PARTS:
        from equispike import models

        rows = [_entry(each) for each in models.KINDS[_PARTS[name]].values()]
        show(Table(name, _ENTRY, rows, title=name.capitalize()), as_json=as_json)
    elif name is not None:
        _describe(name, as_json)
    else:
        _overview(data_dir, as_json)


def _entry(each) -> dict[str, str]:
    return {"name": each.name, "summary": each.summary, "citation": each.citation}


def _overview(data_dir: Path | None, as_json: bool) -> None:
    """Print what there is, without Brian2, which takes a second to import."""
    from equispike.models.codegen import BACKENDS
    from equispike.protocols.catalogue import SYSTEMS
    from equispike.protocols.data import DATASETS, available

    systems = [
        _entry(each)
        | (
            {"paper": each.headline.accuracy, "paper_data": each.headline.data, "paper_of": each.headline.of}
            if each.headline
            else {}
        )
        for each in SYSTEMS.values()
    ]
    found = {name: available(name, data_dir) for name in DATASETS}
    data = [
        {"name": name, "summary": each.description,
         "where": found[name] or ("not here; downloaded when first used" if each.mirrors else "not here")}
        for name, each in DATASETS.items()
    ]  # fmt: skip
    paper = (percent("paper", form="g"), *(Column(key, on_terminal=False) for key in ("paper_data", "paper_of")))
    show(
        Table("systems", (*_ENTRY, *paper), systems, title="Systems"),
        Table("data_sets", (*_ENTRY[:2], Column("where")), data, title="Data sets"),
        Table("backends", _ENTRY[:1], [{"name": name} for name in BACKENDS],
              title="Backends (equispike doctor says which work here)"),
        Table("parts", _ENTRY[:1], [{"name": name} for name in _PARTS], title="Parts (equispike list neurons, and so on)"),
        as_json=as_json,
    )  # fmt: skip


def _describe(name: str, as_json: bool) -> None:
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
    facts = _entry(chosen)
    if equations := getattr(chosen, "equations", "").strip():
        facts["equations"] = "\n".join(line.strip() for line in equations.splitlines())
    of: list[tuple[str, Params]] = [("the model", chosen.params())]
    if found is None or name in SYSTEMS:
        of.append(("its training", chosen.procedure_params()))
    rows = [{"of": what, **row} for what, params in of for row in params.rows()]
    columns = [Column(key) for key in ("name", "default", "permitted", "meaning", "source")]
    title = "Parameters (change them with --set name=value or --config file.yaml)"
    show(Table("parameters", columns, rows, title=title, section="of"), facts=facts, as_json=as_json)
