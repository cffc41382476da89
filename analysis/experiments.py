"""What is concluded from the tables of an experiment and kept beside them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from equispike.analysis.closed_forms import fi_curve_of
from equispike.analysis.firing_patterns import patterns_of
from equispike.analysis.plasticity import summary_of
from equispike.protocols.run_folder import RunFolder

#: By experiment: tables by name.
CONCLUSIONS: dict[str, dict[str, Callable[[RunFolder], pd.DataFrame]]] = {
    "fi-curve": {"fi_curve": fi_curve_of},  # the same table, with a column more
    "firing-patterns": {"patterns": patterns_of},
    "weight-distribution": {"summary": summary_of},
}


def conclude(run: RunFolder) -> list[str]:
    """Write what follows from the tables of a run into its folder; returns the names of the files."""
    experiment = run.read_json("run.json")["config"]["experiment"]
    written = []
    for name, make in CONCLUSIONS.get(experiment, {}).items():
        run.write_table(f"{name}.csv", make(run))
        written.append(f"{name}.csv")
    return written
