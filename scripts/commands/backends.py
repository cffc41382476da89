"""``equispike backends``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from equispike.scripts.commands import options


@click.command("backends")
@click.argument("model")
@options.pairs
@options.config
def command(model: str, pairs: tuple[str, ...], config: Path | None) -> None:
    """Show on which backends MODEL runs, for training and evaluation, and why not on the others. Nothing is compiled."""
    from equispike import models
    from equispike.protocols.backends import verdicts

    chosen = models.get_model(model)
    params = chosen.params().updated(options.model_settings(config, pairs))
    table = Table(title=f"{model}: {chosen.summary}", title_justify="left", title_style="bold")
    for column in ("backend", "for", "runs", "on this machine"):
        table.add_column(column, overflow="fold")
    for verdict in verdicts(chosen, params):
        here = "" if verdict.refusal else verdict.missing or "yes"
        table.add_row(verdict.backend, verdict.purpose, verdict.refusal or "yes", here)
    Console().print(table)
