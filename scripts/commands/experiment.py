"""``equispike experiment``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, show


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
@options.as_json
@click.option("--out", type=click.Path(path_type=Path), help="New run folder.  [default: runs/NAME-MODEL]")
def command(name, model, pairs, config, backend, seed, force, out, as_json) -> None:
    """Characterise a neuron, synapse or plasticity rule MODEL by experiment NAME; 'list' in place of NAME shows all,
    'list NAME' one with its citation.

    --json goes with list. --set reaches the parameters of both; several values are written linspace(0,5,41)*nA or [1,2,5]*ms.
    """
    if name == "list":
        _list(model, as_json)
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


def _list(name: str | None, as_json: bool) -> None:
    from equispike import models
    from equispike.protocols.experiments import EXPERIMENTS, get_experiment

    rows = [
        {
            "name": each.name,
            "summary": each.summary,
            "models": [
                entry.name
                for entry in models.KINDS[each.takes].values()
                if entry.params is not None and each.why_not(entry, entry.params()) is None
            ],
            "citation": each.citation,
        }
        for each in (EXPERIMENTS.values() if name is None else [get_experiment(name)])
    ]
    columns = (
        Column("name"),
        Column("summary", "what"),
        Column("models"),
        Column("citation", on_terminal=name is not None),
    )
    show(Table("experiments", columns, rows, title="Experiments"), as_json=as_json)
