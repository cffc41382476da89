"""``equispike backends``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.screen import screen


@click.command("backends")
@click.argument("system")
@options.pairs
@options.config
def command(system: str, pairs: tuple[str, ...], config: Path | None) -> None:
    """Show on which backends SYSTEM runs, for each of its programs, and why not on the others. Nothing is compiled."""
    from equispike.protocols.backends import verdicts
    from equispike.protocols.beginning import undated_spec

    spec = undated_spec(system, options.model_settings(config, pairs))
    if not spec.system.is_spiking:
        raise EquispikeError(f"{system} is an ANN, which runs on no backend of Brian2")
    table = Table(title=f"{system}: {spec.system.summary}", title_justify="left", title_style="bold")
    for column in ("backend", "for", "runs", "on this machine"):
        table.add_column(column, overflow="fold")
    for verdict in verdicts(spec):
        here = "" if verdict.refusal else verdict.missing or "yes"
        table.add_row(verdict.backend, verdict.purpose, verdict.refusal or "yes", here)
    screen().print(table)
