"""Which settings of conv-stdp to use, by accuracy on held-out training images: writes records/conv-stdp-choices.csv.

    python -m equispike.scripts.studies.conv_stdp_choices runs/choices

The test set is not touched. What was trained already is not trained again.
"""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from equispike.protocols.beginning import new_spec
from equispike.protocols.evaluating import evaluate
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

#: The network of the paper with the competition of SpykeTorch, from which the search began.
BASE: dict[str, object] = {
    **{"conv1.padding": 0, "conv2.padding": 0},
    **{"conv1.n_winners": 5, "conv2.n_winners": 8, "conv2.inhibition_radius": 1},
}
PADDED: dict[str, object] = {"conv1.padding": 2, "conv2.padding": 1}
#: What differs from BASE, each with the grids of its features.
TRIED: dict[str, tuple[dict[str, object], tuple[int, ...]]] = {
    "base": ({}, (2, 4)),
    "all-maps": ({"conv2.n_winners": 100, "conv2.inhibition_radius": 2}, (4,)),
    "conv1-all-maps": ({"conv1.n_winners": 30}, (4,)),
    "conv2-threshold-20": ({"conv2.threshold": 20}, (4,)),
    "padded": (PADDED, (2, 4)),
    "padded-all-maps": (PADDED | {"conv1.n_winners": 30, "conv2.n_winners": 100, "conv2.inhibition_radius": 2}, (4,)),
    "latency": (PADDED | {"coding": "latency"}, (4,)),
    "400-maps": ({"conv2.maps": 400, "conv2.n_winners": 32}, (1,)),
}
N_IMAGES, HOLDOUT, N_LABEL, CHUNK = 20_000, 10_000, 12_500, 2_000


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--table", type=click.Path(path_type=Path), default="records/conv-stdp-choices.csv", show_default=True)
def main(folder: Path, table: Path) -> None:
    """Train each of TRIED in a run folder below FOLDER, and write accuracies to the table."""
    rows = []
    for name, (settings, grids) in TRIED.items():
        run = RunFolder(folder / name)
        spec, data, _ = new_spec(
            "conv-stdp", "mnist", BASE | settings, images=N_IMAGES, holdout=HOLDOUT, backend="cpp", chunk_images=CHUNK
        )
        if not run.has("arrays.npz"):
            run.path.mkdir(parents=True, exist_ok=True)
            train(spec, data, run)
        converged = run.read_metrics().groupby("metric")["value"].last()["conv2.convergence"]
        for grid in grids:
            evaluation = evaluate(run, data, split="validation", settings={"grid": grid}, n_label=N_LABEL)
            for readout, accuracy in evaluation.accuracy.items():
                shown = 1 if readout.endswith("-global") else grid
                row = {"name": name, "settings": " ".join(f"{k}={v}" for k, v in settings.items()), "grid": shown}
                rows.append(row | {"accuracy": accuracy, "conv2_convergence": round(converged, 4)})
            found = pd.DataFrame(rows).drop_duplicates(["name", "grid"])
            found.to_csv(table, index=False, float_format="%.4f")
            click.echo(found.tail(2).to_string(header=False))


if __name__ == "__main__":
    main()
