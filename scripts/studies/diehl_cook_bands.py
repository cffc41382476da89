"""The bands of the on-track check, from runs of several seeds:

python -m equispike.scripts.studies.diehl_cook_bands RUN...
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training_checks import BANDS, measured_bands

SYSTEM = "diehl-cook"


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(runs: tuple[Path, ...]) -> None:
    """Write protocols/reference_bands.csv from RUNS (published parameters, MNIST, chunks of 1 000)."""
    metrics = defaultdict(list)
    for path in runs:
        run = RunFolder.open(path)
        spec = TrainingSpec.of_run(run)
        if spec.system.name != SYSTEM:
            raise EquispikeError(f"{path} is a run of {spec.system.name}, not of {SYSTEM}")
        metrics[spec.params.structure()].append(run.read_metrics())
    bands = measured_bands(SYSTEM, metrics)
    bands.to_csv(BANDS, index=False, float_format="%.6g", lineterminator="\n")
    click.echo(f"Wrote {len(bands)} bands into {BANDS}")


if __name__ == "__main__":
    main()
