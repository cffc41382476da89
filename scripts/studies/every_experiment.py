"""Every experiment on every model that it takes, and how long each takes:

python -m equispike.scripts.studies.every_experiment --out runs/every
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np
import pandas as pd

from equispike import models
from equispike.protocols.experiments import EXPERIMENTS
from equispike.protocols.experiments.running import run_experiment


@click.command()
@click.option("--backend", default="auto", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/every"), show_default=True)
@click.option("--against", help="A second backend: how far are its tables from those of the first?")
def main(backend: str, out: Path, against: str | None) -> None:
    """Run all with their defaults, each to a run folder below OUT."""
    total = 0.0
    for name, experiment in EXPERIMENTS.items():
        own = 0.0
        for model, thing in models.KINDS[experiment.takes].items():
            if experiment.why_not(thing, thing.params()):
                continue
            begun = time.monotonic()
            outcome = run_experiment(model, name, backend=backend, out=out / f"{name}-{model}")
            own += time.monotonic() - begun
            unknown = outcome.table.select_dtypes("number").isna().all()
            click.echo(f"{name} {model}: {time.monotonic() - begun:.1f} s"
                       + "".join(f", nothing in {column}" for column in unknown[unknown].index))  # fmt: skip
            if against:
                other = run_experiment(model, name, backend=against, out=out / f"{name}-{model}-{against}")
                click.echo(f"    {against}: {_difference(outcome.table, other.table)}")
        click.echo(f"{name}: {own:.1f} s")
        total += own
    click.echo(f"all: {total:.1f} s")


def _difference(ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    """Return the largest difference of a number, in units of its column's largest number."""
    words = ours.select_dtypes(exclude="number").columns
    if ours.shape != theirs.shape or not ours[words].equals(theirs[words]):
        return "another table"
    numbers = ours.columns.difference(words)
    one, other = (table[numbers].to_numpy(float) for table in (ours, theirs))
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return "numbers are missing in one and not in the other"
    largest = np.nan_to_num(np.abs(one)).max(axis=0, initial=1e-300)
    return f"differs by {np.max(np.nan_to_num(np.abs(one - other)) / largest, initial=0):.1e}"


if __name__ == "__main__":
    main()
