"""Every backend measured on this machine:

python -m equispike.scripts.backend_matrix RUN --images 1000 --out results/backends.csv
"""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from equispike.models.codegen import BACKENDS
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.errors import EquispikeError
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.backend_matrix import measure
from equispike.protocols.data import load
from equispike.protocols.evaluating import trained_state
from equispike.protocols.provenance import usable_cores
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec


@click.command()
@click.argument("run", type=click.Path(path_type=Path), default="pretrained/diehl-cook-400")
@click.option("--images", default=1000, show_default=True, help="Test images to show, without learning.")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=usable_cores, show_default="all cores", help="Runs at a time."
)
@click.option("--backends", help="Only these, such as cpp,jax.  [default: all]")
@click.option("--out", type=click.Path(path_type=Path), default="results/backends.csv", show_default=True)
def main(run: Path, images: int, jobs: int, backends: str | None, out: Path) -> None:
    """Compare each backend's spikes with cpp's and measure images a second of RUN, a trained diehl-cook network."""
    folder = RunFolder.open(run)
    spec = TrainingSpec.from_json(folder.read_json("run.json")["config"])
    if not isinstance(spec.params, DiehlCookParams):
        raise EquispikeError(f"{run} is a run of {spec.model}: name one of diehl-cook")
    shown = load(spec.data, None).test_images[:images]
    rows = []
    for name in backends.split(",") if backends else BACKENDS:
        click.echo(f"{name}: comparing spikes and showing images", err=True)
        row = measure(name, spec.params, trained_state(folder, spec), shown, jobs)
        rows.append(row)
        click.echo(f"{name}: {row.get('images_per_s', float('nan')):.1f} images/s {row['why_not']}")
    table = pd.DataFrame(rows)
    with atomic_write(out) as file:
        table.to_csv(file, index=False, float_format="%.6g")
    click.echo(f"Wrote {out}")


if __name__ == "__main__":
    main()
