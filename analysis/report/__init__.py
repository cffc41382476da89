"""One page of runs: what was run, what it gave and cost, figures, provenance. Everything is in the file itself."""

from __future__ import annotations

import base64
import datetime
import io
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from equispike.analysis import comparison
from equispike.analysis.figures import comparison_figures, figures_of, style
from equispike.analysis.results import spaced, tested
from equispike.models.errors import EquispikeError
from equispike.protocols.atomic_write import atomic_write, check_replaceable
from equispike.protocols.measuring.workload import ENERGY_AC, ENERGY_MAC
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import RunFolder

CAPTIONS = {
    "anytime": "Errors of networks that are stopped before an image has ended. Dashed lines and single points: "
    "ANNs. Bands: 95 % intervals of the images and, where there are several, of the seeds.",
    "robustness": "Accuracy on damaged images and of damaged networks; nothing was trained or labelled anew. Images are damaged "
    "alike for all networks; in convolutions maps are lost in place of neurons. Bands: 95 % intervals.",
    "costs": "Errors against the energy of synaptic operations and against learned numbers. Open marks: ANNs. "
    "Bars: 95 % intervals of the images and, where there are several, of the seeds.",
    "similarity": "How alike layers see the same test images: linear centred kernel alignment of their responses.",
    "selectivity": "How selective the neurons of a layer are for classes, and how sparse a layer's response to an image is.",
}


def report(folders: Iterable[Path], out: Path, title: str) -> int:
    """Write the page of all evaluated runs below ``folders``; returns how many there are.

    Raises
    ------
    EquispikeError
        There is no evaluated run, a file is damaged, or ``out`` cannot be written.
    """
    check_replaceable(out)
    table = comparison.compare(folders)
    runs = [RunFolder.open(folder) for folder in dict.fromkeys(table["folder"])]
    page = render(
        "runs.html",
        title=title,
        headings=("accuracy (%)", "95 % interval", "seeds", "training images", "label images", "test images", *COLUMNS),
        settings=_settings(table),
        figures=[(name, CAPTIONS[name], _picture(figure)) for name, figure in comparison_figures(table, out.parent)],
        runs=[_run(run) for run in runs],
        energy_ac=ENERGY_AC * 1e12,
        energy_mac=ENERGY_MAC * 1e12,
    )
    with atomic_write(out) as temporary:
        temporary.write_text(page)
    return len(runs)


def render(template: str, **facts: Any) -> str:
    """A page from one of the templates here, with today's date and what this version is."""
    loader = jinja2.PackageLoader("equispike.analysis.report", "")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(template).render(
        date=datetime.date.today().isoformat(), about=provenance(), **facts
    )


def _settings(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row per setting, measured or not; each cell with the number it is sorted by."""
    costs = {row["label"]: row for row in comparison.settings(table).to_dict("records")}
    rows = []
    for label, setting, runs in comparison.labelled(table):
        percent, cost = 100 * runs["accuracy"], costs.get(label)
        spread = f" ± {percent.std(ddof=1):.2f}" if len(runs) > 1 else ""
        accuracy = (percent.mean(), f"{percent.mean():.2f}{spread}")
        low, high = 100 * runs["accuracy_low"].min(), 100 * runs["accuracy_high"].max()
        numbers = [accuracy, (low, f"{low:.2f} to {high:.2f}"), (len(runs), str(len(runs)))]
        numbers += [(setting[key], spaced(setting[key])) for key in ("images", "n_label")]
        numbers.append((setting["n_test"], tested(setting)))
        for name, factor, text in COLUMNS.values():
            value = None if cost is None or pd.isna(cost[name]) else factor * cost[name]
            numbers.append((-1, "") if value is None else (value, text(value)))
        rows.append({"label": label, "data": setting["data"], "kind": runs["kind"].iloc[0], "readout": runs["readout"].iloc[0],
                     "numbers": numbers, "records": sorted(runs["record"])})  # fmt: skip
    return sorted(rows, key=lambda row: (row["data"], -row["numbers"][0][0]))


#: By heading: the column of :func:`analysis.comparison.settings`, a factor, and how the number is written.
COLUMNS = {
    "time steps": ("time_steps", 1, comparison.count),
    "ACs": ("effective_acs", 1, comparison.count),
    "MACs": ("effective_macs", 1, comparison.count),
    "energy (nJ)": ("energy", 1e9, "{:.0f}".format),
    "spikes": ("spikes", 1, comparison.count),
    "silent (%)": ("activation_sparsity", 100, "{:.2f}".format),
    "neuron updates": ("neuron_updates", 1, comparison.count),
    "parameters": ("parameters", 1, comparison.count),
    "bytes": ("footprint", 1, comparison.count),
}


def _run(run: RunFolder) -> dict[str, Any]:
    """Provenance of a run, and its figures."""
    record, name = run.read_json("run.json"), run.path.resolve().name
    config = record["config"]
    pictures = []
    for figure_name, make in figures_of(run):
        try:
            pictures.append((figure_name, _picture(make(run))))
        except EquispikeError:  # the run has no numbers for it
            continue
    return {
        "name": name,
        "config": config,
        "commands": [(shlex.join(each["command"]), each.get("date") or "") for each in record.get("commands", [])],
        "commit": record.get("commit", "unknown"),
        "versions": record.get("versions", {}),
        "host": record.get("host", {}),
        "cpu_s": record.get("cpu_s"),
        "checksum": record.get("data", {}).get("checksum", "")[:12],
        "figures": pictures,
    }


def _picture(figure: Figure) -> str:
    """The figure as a data URI."""
    content = io.BytesIO()
    with matplotlib.rc_context(style.PAPER):
        figure.savefig(content, format="png", dpi=150)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
