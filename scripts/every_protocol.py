"""Every protocol on every model that it takes, and how long each takes: ``python -m scripts.every_protocol --out runs/every``."""

from __future__ import annotations

import time
from pathlib import Path

import click

import models
from protocols.experiments import EXPERIMENTS
from protocols.experiments.running import run_protocol


@click.command()
@click.option("--backend", default="auto", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/every"), show_default=True)
def main(backend: str, out: Path) -> None:
    """Run all with their defaults, each to a run folder below OUT."""
    total = 0.0
    for name, experiment in EXPERIMENTS.items():
        own = 0.0
        for model, thing in models.KINDS[experiment.takes].items():
            if experiment.why_not(thing, thing.params()):
                continue
            begun = time.monotonic()
            outcome = run_protocol(model, name, backend=backend, out=out / f"{name}-{model}")
            own += time.monotonic() - begun
            unknown = outcome.table.select_dtypes("number").isna().all()
            click.echo(f"{name} {model}: {time.monotonic() - begun:.1f} s"
                       + "".join(f", nothing in {column}" for column in unknown[unknown].index))  # fmt: skip
        click.echo(f"{name}: {own:.1f} s")
        total += own
    click.echo(f"all: {total:.1f} s")


if __name__ == "__main__":
    main()
