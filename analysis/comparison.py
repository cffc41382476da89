"""Spiking and ANNs in one table: accuracy, and what an image costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from scipy.stats import t as student

from equispike.analysis.results import SETTING, collect, rows_by_setting, spaced, tested
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.derived import WEIGHTS, why_void
from equispike.protocols.measuring import MEASURES
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

#: Columns from workload.json.
WORKLOAD = (
    "parameters", "footprint", "neurons", "time_steps", "duration", "neuron_updates", "activation_sparsity",
    "effective_acs", "effective_macs", "dense_operations", "energy", "first_layer",
)  # fmt: skip


def compare(folders: Iterable[Path]) -> pd.DataFrame:
    """One row for each readout of each evaluated run below ``folders``.

    Returns
    -------
    Columns of :func:`analysis.results.collect`, with ``readout`` and its ``accuracy`` (0 to 1) in place of all of them,
    ``accuracy_low`` and ``accuracy_high`` (Wilson's 95 % interval for the images), ``kind`` (``spiking`` or ``ANN``),
    ``headline`` (whether the readout stands for the run), and, of runs that were measured, parameters, footprint (bytes),
    neurons, time_steps, duration (s), neuron_updates, spikes, activation_sparsity (0 to 1), effective_acs, effective_macs,
    dense_operations, energy (J) and first_layer, all of one image; and train_cpu_s, train_wall_s, inference_cpu_s and
    inference_wall_s (of an image; not of networks on features, whose images another run saw), commit, folder.
    """
    return compared(collect(folders))


def compared(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the table of :func:`compare` from one of :func:`analysis.results.collect`."""
    rows = []
    for run in runs.to_dict("records"):
        folder = RunFolder.open(run.pop("folder"))
        accuracies, spec = run.pop("accuracy"), TrainingSpec.of_run(folder)
        headline = next((name for name in spec.procedure().readouts if name in accuracies), None)
        costs = costs_of(folder, folder.read_json(run["evaluation"]))
        for readout, accuracy in accuracies.items():
            interval = binomtest(round(accuracy * run["n_test"]), run["n_test"]).proportion_ci(method="wilson")
            rows.append(
                run
                | {
                    "kind": "spiking" if spec.system.is_spiking else "ANN",
                    "readout": readout,
                    "headline": readout == headline,
                    "accuracy": accuracy,
                    "accuracy_low": interval.low,
                    "accuracy_high": interval.high,
                }
                | costs
                | {"folder": str(folder.path)}
            )
    return pd.DataFrame(rows)


def costs_of(run: RunFolder, evaluation: dict[str, Any]) -> dict[str, Any]:
    """What a run's files, and one of its evaluations, say of its cost; empty cells where it was not measured."""
    record = run.read_json("run.json")
    costs: dict[str, Any] = dict.fromkeys((*WORKLOAD, "spikes"))
    if why_void(run, MEASURES["workload"]) is None:
        load = run.read_json(MEASURES["workload"])
        costs |= {name: load[name] for name in WORKLOAD} | {"spikes": sum(load["spikes"].values()) or None}
    return costs | {
        "train_cpu_s": record.get("cpu_s"),
        "train_wall_s": record.get("wall_s"),
        "inference_cpu_s": _of_image(evaluation, "cpu") if "source" not in record["config"] else None,
        "inference_wall_s": _of_image(evaluation, "wall") if "source" not in record["config"] else None,
        "commit": record.get("commit"),
    }


def _of_image(evaluation: dict[str, Any], clock: str) -> float | None:
    """Return CPU or wall seconds per image, compilation, labelling and the training of readouts excluded."""
    return evaluation[f"{clock}_s"] / evaluation["n_images"] if f"{clock}_s" in evaluation else None


#: What an image costs, of which settings have means over the runs that were measured.
COSTS = ("time_steps", "effective_acs", "effective_macs", "energy", "spikes", "activation_sparsity", "neuron_updates",
         "parameters", "footprint", "inference_cpu_s")  # fmt: skip


def by_setting(table: pd.DataFrame) -> list[dict[str, Any]]:
    """One row for each setting of the headline rows of :func:`compare`, by data and accuracy: the setting, kind, readout,
    accuracy (mean over seeds) and its standard deviation (None of one seed), seeds, the means of :data:`COSTS` over those runs
    that were measured, None where none was, and records.
    """
    found = []
    for setting, rows in rows_by_setting(table[table["headline"]]):
        means = rows[list(COSTS)].astype(float).mean()
        found.append({
            **setting,
            "kind": rows["kind"].iloc[0],
            "readout": rows["readout"].iloc[0],
            "accuracy": rows["accuracy"].mean(),
            "accuracy_std": rows["accuracy"].std(ddof=1) if len(rows) > 1 else None,
            "seeds": len(rows),
            **{name: None if pd.isna(mean) else mean for name, mean in means.items()},
            "records": sorted(rows["record"]),
        })  # fmt: skip
    return sorted(found, key=lambda each: (each["data"], each["accuracy"]))


def to_markdown(table: pd.DataFrame) -> str:
    """A Markdown table of the headline rows of :func:`compare` whose workload was measured.

    Accuracies are means ± standard deviations over all seeds of a setting, costs means over those that were measured.
    """
    headings = ("system", "data", "neurons", "settings", "training / label / test images", "accuracy (%)", "seeds",
                "time steps", "ACs", "MACs", "energy (nJ)",
                "spikes", "silent (%)", "neuron updates", "parameters", "bytes", "CPU ms", "records")  # fmt: skip
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    for row in by_setting(table):
        if row["effective_acs"] is None:
            continue
        spread = "" if row["accuracy_std"] is None else f" ± {100 * row['accuracy_std']:.2f}"
        cpu_s = row["inference_cpu_s"]
        cells = [row["system"], row["data"], row["network"], row["settings"], images_of(row),
                 f"{100 * row['accuracy']:.2f}{spread}",
                 row["seeds"], f"{row['time_steps']:.0f}", count(row["effective_acs"]), count(row["effective_macs"]),
                 f"{1e9 * row['energy']:.0f}", "" if row["kind"] == "ANN" or row["spikes"] is None else count(row["spikes"]),
                 f"{100 * row['activation_sparsity']:.2f}", count(row["neuron_updates"]), count(row["parameters"]),
                 count(row["footprint"]), "" if cpu_s is None else f"{1000 * cpu_s:.2f}",
                 ", ".join(f"`{name}`" for name in row["records"])]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def images_of(setting: Mapping[str, Any]) -> str:
    """Return of how many images a setting's runs were trained, labelled and tested."""
    return f"{spaced(setting['images'])} / {spaced(setting['n_label'])} / {tested(setting)}"


def write(table: pd.DataFrame, path: Path) -> None:
    """As CSV; raises EquispikeError where ``path`` cannot be written."""
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def count(number: float) -> str:
    """A number of things with at most three digits that mean something: 97, 12.3 k, 1.05 M."""
    if number < 999.5:
        return f"{number:.3g}"
    for factor, unit in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if number < 999.5 * factor:
            return f"{number / factor:.3g} {unit}"
    return f"{number:.3g}"


#: What tells the points of a curve apart; of repeated images time differs with the seed.
_KEYS = {"anytime": ["step"], "robustness": ["damage", "level"]}


def curves(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Accuracies of all runs of ``table`` when stopped early (``anytime``) or damaged (``robustness``).

    One row for each setting and point: label, kind, the columns of the measure other than ``correct``, accuracy (mean over
    seeds), ``low`` and ``high`` (95 %: of the images, and of the seeds where there are several), ``seeds``.
    """
    parts = []
    for label, setting, rows in labelled(table):
        folders = [each for each in map(RunFolder.open, rows["folder"]) if why_void(each, MEASURES[measure]) is None]
        if not folders:
            continue
        found = [folder.read_table(MEASURES[measure]).drop(columns=WEIGHTS, errors="ignore") for folder in folders]
        joined = pd.concat(found).assign(accuracy=lambda all_: all_["correct"] / all_["n_images"])
        keys = _KEYS[measure]
        points = joined.groupby(keys, sort=False, as_index=False).mean()
        spread = joined.groupby(keys, sort=False)["accuracy"].std(ddof=1).fillna(0).to_numpy()
        p = points["accuracy"].to_numpy()
        margin = _margin(p, points["n_images"].to_numpy(), spread, len(found))
        points = points.assign(low=p - margin, high=p + margin, seeds=len(found), label=label, data=setting["data"],
                               kind=rows["kind"].iloc[0], system=setting["system"])  # fmt: skip
        parts.append(points.drop(columns=["correct"]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def settings(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each setting of the measured headline rows of :func:`compare`: label, data, system, kind, seeds, n_images
    (tested), records, accuracy (mean over seeds) with ``low`` and ``high`` (95 %: of the images, and of the seeds where there
    are several), and the means of what an image costs.
    """
    rows = []
    for label, setting, runs in labelled(table):
        if not _has_costs(runs):
            continue
        p = runs["accuracy"].mean()
        margin = _margin(p, setting["n_test"], runs["accuracy"].std(ddof=1) if len(runs) > 1 else 0.0, len(runs))
        means = runs[[name for name in (*WORKLOAD, "spikes") if name != "first_layer"]].astype(float).mean()
        rows.append({"label": label, "data": setting["data"], "system": setting["system"], "kind": runs["kind"].iloc[0],
                     "seeds": len(runs),
                     "n_images": setting["n_test"], "records": ", ".join(sorted(runs["record"])), "accuracy": p,
                     "low": p - margin, "high": p + margin, **means.to_dict()})  # fmt: skip
    return pd.DataFrame(rows)


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of settings of which something was measured of at least one seed; the others differ little."""
    has_any = table["folder"].map(
        lambda folder: any(why_void(RunFolder(folder), name) is None for name in MEASURES.values())
    )
    return table[has_any.groupby([table[key] for key in SETTING]).transform("any")]


def _has_costs(rows: pd.DataFrame) -> bool:
    return bool(rows["effective_acs"].notna().any())


def _margin(p, n_images, spread, seeds: int):
    """Half of a 95 % interval of an accuracy: of the images, which all seeds share, and of the seeds (Student's t)."""
    of_seeds = student.ppf(0.975, seeds - 1) * spread / seeds**0.5 if seeds > 1 else 0.0
    return np.sqrt(1.96**2 * p * (1 - p) / n_images + of_seeds**2)


#: What tells settings apart that have the same short name, and how it is written.
_TOLD_BY = {
    "data": "{}",
    "settings": "{}",
    "backend": "{}",
    "images": "{} training images",
    "n_label": "{} label images",
}


def labelled(table: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any], pd.DataFrame]]:
    """What a legend calls each setting of a table of :func:`compare`, the setting, and its headline rows."""
    groups = [(_short(setting), setting, rows) for setting, rows in rows_by_setting(table[table["headline"]])]
    for name, setting, rows in groups:
        same = [other for short, other, _ in groups if short == name]
        differ = [_TOLD_BY[key].format(setting[key]) for key in _TOLD_BY if len({other[key] for other in same}) > 1]
        if setting["n_test"] != setting["n_split"]:  # never beside whole test sets without a word
            differ.append(f"{tested(setting)} test images")
        yield ", ".join([name, *differ]), setting, rows


def _short(setting: dict[str, Any]) -> str:
    """System, size, and either what the features are of or what differs from the defaults."""
    _, features, source = setting["settings"].rpartition("features of ")
    if features:
        return f"{setting['system']} {setting['network']} on {source}"
    changed = "" if setting["settings"] in ("defaults", "as published") else f", {setting['settings']}"
    return f"{setting['system']} {setting['network']}{changed}"
