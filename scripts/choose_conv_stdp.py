"""Which settings of conv-stdp to use, by accuracy on held-out training images: writes records/conv-stdp-choices.csv.

    python -m equispike.scripts.choose_conv_stdp runs/choices

The test set is not touched. What is there already is not done again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from equispike import models
from equispike.protocols import layerwise
from equispike.protocols.data import load
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

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
N_IMAGES, HOLDOUT, N_LABEL = 20_000, 10_000, 12_500


def main(folder: Path, table: Path = Path("records/conv-stdp-choices.csv")) -> None:
    data = load("mnist", None)
    rows = []
    for name, (settings, grids) in TRIED.items():
        params = models.get_model("conv-stdp").params().updated(BASE | settings)
        spec = TrainingSpec("conv-stdp", params, "mnist", N_IMAGES, 0, "cpp", HOLDOUT, chunk_images=2000)
        run = RunFolder(folder / name)
        run.path.mkdir(parents=True, exist_ok=True)
        if not run.has("arrays.npz"):
            layerwise.train(spec, data, run)
        metrics = run.read_metrics().groupby("metric")["value"].last()
        for grid in grids:
            evaluation = layerwise.evaluate(run, data, split="validation", grid=grid, n_label=N_LABEL)
            for readout, accuracy in evaluation.accuracy.items():
                shown = 1 if readout.endswith("-global") else grid
                row = {"name": name, "settings": " ".join(f"{k}={v}" for k, v in settings.items()), "grid": shown}
                row |= {"accuracy": accuracy, "conv2_convergence": round(metrics["conv2.convergence"], 4)}
                rows.append(row)
            found = pd.DataFrame(rows).drop_duplicates(["name", "grid"])
            found.to_csv(table, index=False, float_format="%.4f")
            print(found.tail(2).to_string(header=False), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
