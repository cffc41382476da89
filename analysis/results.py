"""The results tables: one row for each setting, mean and spread over seeds, from run records alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from equispike import models
from equispike.models.errors import EquispikeError
from equispike.protocols.run_folder import RunFolder

#: What runs have in common that differ in the seed alone.
SETTING = ["model", "data", "network", "settings", "backend", "images", "n_test"]


def collect(folders: Iterable[Path]) -> pd.DataFrame:
    """One row for each evaluated run below ``folders``.

    Columns: model, data, network (its size), settings (what differs from the published parameters), backend, images, seed,
    accuracy (on the test set, 0 to 1, by readout), n_test, images_per_cpu_s (training), record (folder name), folder (path).
    """
    rows, seen = [], set()
    for folder in folders:
        if not folder.exists():
            raise EquispikeError(
                f"there is no folder {folder}: name runs (equispike evaluate RUN makes what is compared) or folders of them"
            )
        for path in sorted(folder.rglob("evaluation-test.json")):
            if path.resolve() in seen:
                continue
            seen.add(path.resolve())
            run = RunFolder.open(path.parent)
            record, evaluation = run.read_json("run.json"), run.read_json(path.name)
            if missing := [key for key in ("accuracy", "n_images") if key not in evaluation]:
                raise EquispikeError(f"{path} is damaged: it has no {missing[0]}")
            config = record["config"]
            published = models.get_model(config["model"]).params()
            params, default = published.updated(config["params"]), published.as_text()
            changed = {
                k: v for k, v in config["params"].items() if default.get(k) != v and k not in params.structure_keys()
            }
            as_is = "as published" if models.get_model(config["model"]).protocol == "presenting" else "defaults"
            settings = [f"{key}={value}" for key, value in changed.items()] or [as_is]
            if "features" in config:
                settings.append(f"features of {re.sub(r'-s[0-9]+$', '', Path(config['features']).name)}")
            if config["holdout"]:
                settings.append(f"{config['holdout']} training images held out")
            rows.append(
                {
                    "model": config["model"],
                    "data": config["data"],
                    "network": params.structure(),
                    "settings": ", ".join(settings),
                    "backend": config["backend"],
                    "images": record["images_seen"],
                    "seed": config["seed"],
                    "accuracy": evaluation["accuracy"],
                    "n_test": evaluation["n_images"],
                    "images_per_cpu_s": record["images_seen"] / record["cpu_s"],
                    "record": run.path.name,
                    "folder": run.path,
                }
            )
    if not rows:
        raise EquispikeError(f"no evaluated run below {', '.join(map(str, folders))}: equispike evaluate RUN makes one")
    return pd.DataFrame(rows)


def to_markdown(runs: pd.DataFrame) -> str:
    """Markdown tables, one for each protocol: mean ± standard deviation over seeds, in %."""
    protocols = runs["model"].map(lambda name: models.get_model(name).protocol)
    tables = []
    for _, group in runs.groupby(protocols, sort=False):
        readouts = dict.fromkeys(name for accuracy in group["accuracy"] for name in accuracy)
        tables.append(_table(group, tuple(readouts)))
    return "\n\n".join(tables)


def _table(runs: pd.DataFrame, readouts: tuple[str, ...]) -> str:
    headings = ["model", "data", "neurons", "settings", "backend", "training images", "seeds"]
    headings += [f"{name} (%)" for name in readouts] + ["images / CPU s", "records"]
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    for setting, group in rows_by_setting(runs):
        cells = [setting[name] for name in ("model", "data", "network", "settings", "backend")]
        cells += [f"{setting['images']:,}".replace(",", " "), len(group)]
        cells += [_cell(group["accuracy"], name) for name in readouts]
        cells += [
            f"{group['images_per_cpu_s'].median():.0f}",
            ", ".join(f"`{name}`" for name in sorted(group["record"])),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def rows_by_setting(runs: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Rows that differ in the seed alone, with what they have in common."""
    runs = runs.assign(size=runs["network"].map(len))  # 400 before 1600
    for key, group in runs.groupby([*SETTING[:2], "size", *SETTING[2:]], sort=True):
        values = list(key)  # type: ignore[call-overload]
        del values[2]
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


def replace_section(readme: Path, name: str, table: str) -> None:
    """Put ``table`` between the two markers of the section ``name`` of ``readme``."""
    begin, end = f"<!-- {name}: begin (written by make results) -->", f"<!-- {name}: end -->"
    try:
        text = readme.read_text()
    except OSError as error:
        raise EquispikeError(f"cannot read {readme}: {error.strerror}") from None
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise EquispikeError(f"{readme} has no {name} section: it needs the lines '{begin}' and '{end}'")
    before, rest = text.split(begin)
    readme.write_text(f"{before}{begin}\n{table}\n{end}{rest.split(end)[1]}")
