"""``equispike experiment``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.screen import screen


@click.command("experiment")
@click.argument("name")
@click.argument("model", required=False)
@options.pairs
@options.config
@click.option(
    "--backend",
    default="auto",
    show_default=True,
    help="auto: cpp where there is a compiler and enough to do, else numpy.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random.")
@options.force
@click.option("--out", type=click.Path(path_type=Path), help="New run folder.  [default: runs/NAME-MODEL]")
def command(name, model, pairs, config, backend, seed, force, out) -> None:
    """Characterise a neuron, synapse or plasticity rule MODEL by experiment NAME; 'list' in place of NAME shows all,
    'list NAME' one with its citation.

    --set reaches the parameters of both; several values are written linspace(0,5,41)*nA or [1,2,5]*ms.
    """
    if name == "list":
        _list(model)
        return
    from equispike.protocols.experiments import get_experiment
    from equispike.protocols.experiments.running import run_experiment

    experiment = get_experiment(name)
    if model is None:
        from equispike import models

        raise EquispikeError(
            f"name a model, such as: equispike experiment {name} {next(iter(models.KINDS[experiment.takes]), 'MODEL')} "
            "('equispike experiment list' shows what goes with what)"
        )
    outcome = run_experiment(model, name, options.model_settings(config, pairs), backend, out, seed, force)
    from equispike.analysis.experiments import conclude
    from equispike.analysis.figures import draw

    concluded = conclude(outcome.folder)
    written, skipped = draw(outcome.folder.path)
    for table in dict.fromkeys([*(f"{name}.csv" for name in outcome.tables), *concluded]):
        click.echo(outcome.folder.path / table)
    for path in written:
        click.echo(path)
    for reason in skipped:
        click.echo(f"Skipped: {reason}", err=True)


def _list(name: str | None) -> None:
    from equispike import models
    from equispike.protocols.experiments import EXPERIMENTS, get_experiment

    console = screen()
    chosen = EXPERIMENTS if name is None else {name: get_experiment(name)}
    table = Table(title="Experiments", title_justify="left", title_style="bold")
    longest = max(len(name) for entries in models.KINDS.values() for name in entries)
    for column, width in (("name", max(map(len, chosen))), ("what", None), ("models", longest + 1)):
        table.add_column(column, overflow="fold", width=width)  # names stay whole
    for each in chosen.values():
        fitting = [
            entry.name
            for entry in models.KINDS[each.takes].values()
            if entry.params is not None and each.why_not(entry, entry.params()) is None
        ]
        table.add_row(each.name, each.summary, ", ".join(fitting))
    console.print(table)
    if name is not None:
        console.print(chosen[name].citation, soft_wrap=True)
