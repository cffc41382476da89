"""The runs of a sweep as one tidy table, every setting a column."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from equispike.analysis.comparison import WORKLOAD, costs_of
from equispike.models.params import Params
from equispike.protocols.evaluations import SPLITS, chosen
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

#: Columns of numbers that every table has, whatever was trained.
_NUMBERS = ("accuracy", "n_images", "images", "holdout", "chunk_images", "seed", "train_cpu_s", "train_wall_s",
            "inference_cpu_s", "inference_wall_s")  # fmt: skip


def tidy(folders: Iterable[str | Path]) -> pd.DataFrame:
    """One row for each readout of the evaluation that stands for a run, on each split, as in :func:`analysis.results.collect`.

    Returns
    -------
    Columns run, system, data, backend, images (presented), holdout, chunk_images, source (empty where images are shown), seed,
    readout, split, accuracy (0 to 1), n_images (evaluated),
    every parameter of network and training (numbers with their unit behind the name, such as ``dt (ms)``), costs
    of runs that were measured and times as in :func:`analysis.comparison.compare`, commit, folder
    """
    rows: list[dict[str, Any]] = []
    for folder in folders:
        run = RunFolder.open(folder)
        record = run.read_json("run.json")
        config = record["config"]
        spec = TrainingSpec.of_run(run)
        about = {"run": run.path.name, "system": config["system"], "data": config["data"], "backend": config["backend"],
                 "images": record["images_seen"], "holdout": config["holdout"], "chunk_images": config["chunk_images"],
                 "source": config.get("source", ""), "seed": config["seed"]}  # fmt: skip
        for evaluation in (each.record for each in (chosen(run, split) for split in SPLITS) if each is not None):
            costs = costs_of(run, evaluation)
            for readout in (name for name in spec.procedure().readouts if name in evaluation["accuracy"]):
                found = {"readout": readout, "split": evaluation["split"], "accuracy": evaluation["accuracy"][readout],
                         "n_images": evaluation["n_images"]}  # fmt: skip
                rows.append(
                    about
                    | found
                    | settings(spec.params)
                    | settings(spec.procedure_params)
                    | costs
                    | {"folder": str(run.path)}
                )
    return pd.DataFrame(rows)


def numbers_of(spec: TrainingSpec, measures: Collection[str]) -> list[str]:
    """Names, without units, of the columns of numbers that a run trained as ``spec`` has in the table, once it was evaluated and
    ``measures`` were taken.
    """
    found = settings(spec.params) | settings(spec.procedure_params)
    numbers = [name.partition(" (")[0] for name, value in found.items() if not isinstance(value, str)]
    measured = [name for name in (*WORKLOAD, "spikes") if name != "first_layer"] if "workload" in measures else []
    return [*_NUMBERS, *measured, *numbers]


def settings(params: Params) -> dict[str, float | int | str]:
    """Every parameter by the name that its column has."""
    found: dict[str, float | int | str] = {}
    for prefix, section in params.sections().items():
        for field in section.declared():
            value, unit = getattr(section, field.name), field.metadata["unit"]
            name = prefix + field.name
            found[name if unit is None else f"{name} ({unit})"] = value if unit is None else float(value / unit)
    return found


def column(name: str, table: pd.DataFrame) -> str:
    """The column of ``table`` that holds the setting ``name``, with its unit."""
    name = name.replace("-", "_")  # of chunk-images, an option
    return next((each for each in table.columns if each == name or each.startswith(f"{name} (")), name)
