"""``equispike backends``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, show


@click.command("backends")
@click.argument("system")
@options.pairs
@options.config
@options.as_json
def command(system: str, pairs: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Show on which backends SYSTEM runs, for each of its programs, and why not on the others. Nothing is compiled."""
    from equispike.protocols.backends import verdicts
    from equispike.protocols.beginning import undated_spec

    spec = undated_spec(system, options.model_settings(config, pairs))
    if not spec.system.is_spiking:
        raise EquispikeError(f"{system} is an ANN, which runs on no backend of Brian2")
    rows = [
        {"backend": each.backend, "purpose": each.purpose, "runs": each.refusal is None,
         "runs_here": each.refusal is None and each.missing is None, "why_not": each.refusal or each.missing}
        for each in verdicts(spec)
    ]  # fmt: skip
    columns = (
        Column("backend"),
        Column("purpose", "for"),
        Column("runs"),
        Column("runs_here", "on this machine"),
        Column("why_not"),
    )
    show(Table("backends", columns, rows, title=f"{system}: {spec.system.summary}"), as_json=as_json)
