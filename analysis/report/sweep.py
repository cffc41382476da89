"""One page of a sweep: its figures, and its settings with their accuracies."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from equispike.analysis.report import render
from equispike.protocols.atomic_write import atomic_write


def sweep_report(table: pd.DataFrame, axes: Sequence[str], pictures: Iterable[Path], out: Path, title: str) -> None:
    """Write the page of a table of :func:`analysis.sweeps.tidy`, whose columns ``axes`` differ, with PNG ``pictures``."""
    headings = [*axes, "readout", "split", "accuracy (%)", "seeds"]
    rows = []
    for key, group in table.groupby([*axes, "readout", "split"], sort=True, dropna=False):
        percent = 100 * group["accuracy"]
        spread = f" ± {percent.std(ddof=1):.2f}" if len(group) > 1 else ""
        cells: dict[str, tuple[Any, str]] = {
            name: (value, _text(value)) for name, value in zip(headings, key, strict=False)
        }
        cells["accuracy (%)"] = (percent.mean(), f"{percent.mean():.2f}{spread}")
        cells["seeds"] = (len(group), str(len(group)))
        rows.append(cells)
    page = render(
        "sweep.html",
        title=title,
        n_runs=table["run"].nunique(),
        models=sorted(set(table["system"])),
        data=sorted(set(table["data"])),
        commits=sorted(set(table["commit"])),
        figures=[(path.stem, _picture(path)) for path in pictures],
        headings=headings,
        numeric=[name for name in axes if pd.api.types.is_numeric_dtype(table[name])] + ["accuracy (%)", "seeds"],
        rows=rows,
        folders=sorted(set(table["folder"])),
    )
    with atomic_write(out) as temporary:
        temporary.write_text(page)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _picture(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
