"""``python -m equispike.scripts.reference_bands RUN...``: measure the bands of the on-track check from runs of several seeds."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import click

from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training_checks import BANDS, measured_bands


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(runs: tuple[Path, ...]) -> None:
    """Write protocols/reference_bands.csv from RUNS (published parameters, MNIST, chunks of 1 000)."""
    metrics = defaultdict(list)
    for path in runs:
        run = RunFolder.open(path)
        metrics[int(float(run.read_json("run.json")["config"]["params"]["n_exc"]))].append(run.read_metrics())
    bands = measured_bands(metrics)
    bands.to_csv(BANDS, index=False, float_format="%.6g", lineterminator="\n")
    click.echo(f"Wrote {len(bands)} bands into {BANDS}")


if __name__ == "__main__":
    main()
