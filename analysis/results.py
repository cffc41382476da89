"""The results tables: one row for each setting, mean and spread over seeds, from run records alone."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from equispike.models.errors import EquispikeError
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.catalogue import SYSTEMS
from equispike.protocols.evaluations import Kept, chosen, why_none
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.system import Headline

#: What runs have in common that differ in the seed alone.
SETTING = ["system", "data", "network", "settings", "backend", "images", "n_label", "n_test", "n_split"]


class LeftOut(UserWarning):
    """Warn that runs are not in a table, and why."""


def collect(folders: Iterable[Path]) -> pd.DataFrame:
    """One row for each run below ``folders`` that was evaluated on the test set; warns of those that are left out, and why.

    Of several evaluations of a run, :func:`protocols.evaluations.chosen` says which one stands for it: the whole test set goes
    before a part, then more label images, then the backend and the settings of the training.

    Columns: system, data, network (its size), settings (what differs from the defaults), backend, images (trained on), seed,
    accuracy (on the test set, 0 to 1, by readout), n_label, n_test, n_split (images of the whole test set), images_per_cpu_s
    (training), evaluation (its file), record (folder name), folder (path).
    """
    rows, left_out, seen = [], defaultdict(list), set()
    for folder in folders:
        if not folder.exists():
            raise EquispikeError(
                f"there is no folder {folder}: name runs (equispike evaluate RUN makes what is compared) or folders of them"
            )
        for path in sorted(folder.rglob("run.json")):
            if (place := path.parent.resolve()) in seen:
                continue
            if str(path).encode(errors="replace").decode() != str(path):
                raise EquispikeError(
                    f"the name of {path.parent} is not UTF-8, which tables cannot hold: rename the folder"
                )
            seen.add(place)
            run = RunFolder.open(path.parent)
            record = run.read_json("run.json")
            if "experiment" in record["config"]:
                left_out["an experiment, which has no accuracy"].append(run.path)
            elif (evaluation := chosen(run, "test")) is None:
                left_out[why_none(run, "test")].append(run.path)
            else:
                rows.append(_row(run, record, evaluation))
    for reason, paths in left_out.items():
        warnings.warn(f"left out: {', '.join(map(str, paths))}: {reason}", LeftOut, stacklevel=1)
    if not rows:
        raise EquispikeError(f"no evaluated run below {', '.join(map(str, folders))}: equispike evaluate RUN makes one")
    return pd.DataFrame(rows)


def _row(run: RunFolder, record: dict[str, Any], evaluation: Kept) -> dict[str, Any]:
    spec, found = TrainingSpec.of_run(run), evaluation.record
    settings = changed_settings(spec) or ["defaults"]
    if spec.source:
        settings.append(f"features of {re.sub(r'-s[0-9]+$', '', Path(spec.source).name)}")
    if spec.holdout:
        settings.append(f"{spec.holdout} training images held out")
    own = spec.procedure_params.as_text()
    settings += [f"answered with {key}={value}" for key, value in found["settings"].items() if own.get(key) != value]
    if found["backend"] != spec.backend:
        settings.append(f"answered on {found['backend']}")
    return {
        "system": spec.system.label,
        "data": spec.data,
        "network": spec.params.structure(),
        "settings": ", ".join(settings),
        "backend": spec.backend,
        "images": record["images_seen"],
        "seed": spec.seed,
        "accuracy": found["accuracy"],
        "n_label": found["n_label"],
        "n_test": found["n_images"],
        "n_split": found["n_split"],
        "images_per_cpu_s": record["images_seen"] / (record.get("cpu_s") or float("nan")),
        "evaluation": f"{evaluation.name}.json",
        "record": run.path.name,
        "folder": run.path,
    }


def changed_settings(spec: TrainingSpec) -> list[str]:
    """Return what differs from the system's defaults, as ``key=value``, but what tells the network's size."""
    size, params = spec.params.structure_keys(), spec.params.as_text()
    chosen = size | {key.partition(".")[0] for key in params}  # a part in a slot comes with parameters of its own
    published = spec.system.params()
    like = published.updated({key: value for key, value in params.items() if key in chosen}).as_text()
    defaults = like | {key: value for key, value in published.as_text().items() if key in chosen - size}
    own, own_defaults = spec.procedure_params.as_text(), spec.system.procedure_params().as_text()
    changed = [f"{key}={value}" for key, value in params.items() if key not in size and defaults.get(key) != value]
    return changed + [f"{key}={value}" for key, value in own.items() if own_defaults[key] != value]


def by_setting(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """One row for each readout of each setting of a table of :func:`collect`: the setting, readout, accuracy (mean over seeds)
    and its standard deviation (None of one seed), seeds, the paper's own accuracy where it has one, images_per_cpu_s (median),
    and records.
    """
    found = []
    for setting, group in rows_by_setting(runs):
        rate = group["images_per_cpu_s"].median()
        headline = _headline_of(setting)
        for readout in dict.fromkeys(name for accuracy in group["accuracy"] for name in accuracy):
            asked = group[[readout in accuracy for accuracy in group["accuracy"]]]
            values = pd.Series([accuracy[readout] for accuracy in asked["accuracy"]], dtype=float)
            found.append({
                **setting,
                "readout": readout,
                "accuracy": values.mean(),
                "accuracy_std": values.std(ddof=1) if len(values) > 1 else None,
                "seeds": len(values),
                "paper": headline.accuracy if headline else None,
                "paper_of": headline.of if headline else None,
                "images_per_cpu_s": None if pd.isna(rate) else rate,
                "records": sorted(asked["record"]),
            })  # fmt: skip
    return found


def to_markdown(runs: pd.DataFrame) -> str:
    """Write Markdown tables, one for systems with the same readouts: mean ± standard deviation over seeds, in %.

    The paper's own figure stands beside, where there is one.
    """
    kinds = runs["folder"].map(lambda folder: tuple(TrainingSpec.of_run(RunFolder.open(folder)).procedure().readouts))
    tables = []
    for names, group in runs.groupby(kinds, sort=False):
        tables.append(_table(group, tuple(name for name in names if any(name in found for found in group["accuracy"]))))
    return "\n\n".join(tables)


def to_summary(runs: pd.DataFrame) -> str:
    """Write a Markdown table with a row per system whose defaults were run on the data of its paper or on MNIST: the paper's
    figure, ours by its headline readout (mean ± standard deviation over seeds, in %), and the command.

    Of several backends the one with most seeds stands in it.
    """
    lines = ["| system | neurons | paper (%) | here (%) | command |", f"|{' --- |' * 5}"]
    for system in SYSTEMS.values():
        data = system.headline.data if system.headline else "mnist"
        fitting = runs["system"].eq(system.name) & runs["data"].eq(data) & runs["settings"].eq("defaults")
        found = runs[fitting & runs["network"].eq(system.params().structure()) & runs["n_test"].eq(runs["n_split"])]
        if found.empty:
            continue
        setting, group = max(rows_by_setting(found), key=lambda row: len(row[1]))
        readout = next(iter(TrainingSpec.of_run(RunFolder.open(group["folder"].iloc[0])).procedure().readouts))
        values = pd.Series([100 * accuracy[readout] for accuracy in group["accuracy"]], dtype=float)
        command = _command(TrainingSpec.of_run(RunFolder.open(group["folder"].iloc[0])), sorted(group["seed"]))
        cells = [
            f"`{system.name}`: {system.summary}",
            setting["network"],
            _headline(setting),
            _spread(values),
            f"`{command}`",
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _command(spec: TrainingSpec, seeds: list[int]) -> str:
    """Return the command that trains a system with its defaults again, on the same backend and with the same seeds."""
    words = [f"equispike train {spec.system.name} --data {spec.data}"]
    if spec.n_images != spec.n_train * spec.procedure_params.epochs:
        words.append(f"--images {spec.n_images}")
    if spec.system.is_spiking:
        words.append(f"--backend {spec.backend}")
    return " ".join([*words, f"--seeds {','.join(map(str, seeds))}" if len(seeds) > 1 else f"--seed {seeds[0]}"])


def _table(runs: pd.DataFrame, readouts: tuple[str, ...]) -> str:
    headings = [
        "system",
        "data",
        "neurons",
        "settings",
        "backend",
        "training images",
        "label images",
        "test images",
        "seeds",
    ]
    headings += [f"{name} (%)" for name in readouts] + ["paper (%)", "images / CPU s", "records"]
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    for setting, group in rows_by_setting(runs):
        cells = [setting[name] for name in ("system", "data", "network", "settings", "backend")]
        cells += [spaced(setting["images"]), spaced(setting["n_label"]), tested(setting), len(group)]
        cells += [_cell(group["accuracy"], name) for name in readouts]
        cells += [
            _headline(setting),
            "" if pd.isna(rate := group["images_per_cpu_s"].median()) else f"{rate:.0f}",
            ", ".join(f"`{name}`" for name in sorted(group["record"])),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def spaced(n: int) -> str:
    """Return a number as 60 000."""
    return f"{n:,}".replace(",", " ")


def tested(setting: Mapping[str, Any]) -> str:
    """Return how many test images an accuracy is of, and of how many where it is not all."""
    whole = setting["n_test"] == setting["n_split"]
    return spaced(setting["n_test"]) + ("" if whole else f" of {spaced(setting['n_split'])}")


def _headline_of(setting: dict[str, Any]) -> Headline | None:
    """Return the paper's own figure, which is of its data and its size."""
    system = SYSTEMS.get(setting["system"])
    headline = system.headline if system else None
    return headline if headline and headline.data == setting["data"] else None


def _headline(setting: dict[str, Any]) -> str:
    headline = _headline_of(setting)
    return f"{100 * headline.accuracy:g}: {headline.of}" if headline else ""


def rows_by_setting(runs: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Rows that differ in the seed alone, with what they have in common.

    Raises EquispikeError where a seed is there twice: it would count as two.
    """
    runs = runs.assign(size=runs["network"].map(len))  # 400 before 1600
    for key, group in runs.groupby([*SETTING[:2], "size", *SETTING[2:]], sort=True):
        values = list(key)  # type: ignore[call-overload]
        del values[2]
        again = group[group["seed"].duplicated(keep=False)]
        if len(again):
            one, other = again["record"].iloc[:2]
            raise EquispikeError(
                f"{one} and {other} are trainings with the same settings and seed {again['seed'].iloc[0]}, and means are over "
                "seeds: omit one of them"
            )
        yield dict(zip(SETTING, values, strict=True)), group


def _cell(accuracies: pd.Series, readout: str) -> str:
    """The accuracy of a readout; says of how many runs it is where others were not asked."""
    values = pd.Series([100 * accuracy[readout] for accuracy in accuracies if readout in accuracy], dtype=float)
    if values.empty:
        return ""
    asked = "" if len(values) == len(accuracies) else f" ({len(values)} of {len(accuracies)} seeds)"
    return _spread(values) + asked


def _spread(values: pd.Series) -> str:
    if len(values) == 1:
        return f"{values.item():.2f}"
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"


def sections_of(file: Path, names: Iterable[str]) -> list[str]:
    """Return those of ``names`` whose sections a Markdown file has; raises EquispikeError where it has none."""
    try:
        text = file.read_text()
    except OSError as error:
        raise EquispikeError(f"cannot read {file}: {error.strerror}") from None
    found = [name for name in names if f"<!-- {name}: begin" in text]
    if not found:
        raise EquispikeError(
            f"{file} has no section of tables: it needs lines such as '{_markers(next(iter(names)))[0]}'"
        )
    return found


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin (written by make results) -->", f"<!-- {name}: end -->"


def replace_section(readme: Path, name: str, table: str) -> None:
    """Put ``table`` between the two markers of the section ``name`` of ``readme``."""
    begin, end = _markers(name)
    try:
        text = readme.read_text()
    except OSError as error:
        raise EquispikeError(f"cannot read {readme}: {error.strerror}") from None
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise EquispikeError(f"{readme} has no {name} section: it needs the lines '{begin}' and '{end}'")
    before, rest = text.split(begin)
    with atomic_write(readme) as temporary:
        temporary.write_text(f"{before}{begin}\n{table}\n{end}{rest.split(end)[1]}")
