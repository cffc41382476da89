"""Measures of a trained run, kept in its folder."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from equispike.protocols.data import Dataset
from equispike.protocols.derived import WEIGHTS
from equispike.protocols.measuring.anytime import anytime
from equispike.protocols.measuring.responses import responses
from equispike.protocols.measuring.robustness import robustness
from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.measuring.workload import workload
from equispike.protocols.procedures.base import ignore
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import RunFolder

#: By name: the file that it is kept in.
MEASURES = {
    "workload": "workload.json",
    "anytime": "anytime.csv",
    "robustness": "robustness.csv",
    "responses": "responses.npz",
}
#: Test images for the workload and for responses.
N_IMAGES = 1000


def measure(
    run: RunFolder,
    data: Dataset,
    which: Collection[str] = tuple(MEASURES),
    *,
    n_images: int = 2000,
    jobs: int = 1,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = ignore,
) -> list[str]:
    """Take the measures ``which`` of a trained run on test images; each goes into the run folder when it is done.

    Parameters
    ----------
    n_images : for accuracies of perturbed networks and of those that are stopped
    jobs : runs at a time

    Returns
    -------
    One sentence for each measure that cannot be taken.
    """
    with run.writing():
        return _measured(TrainedRun(run, data, backend, jobs), which, n_images, report)


def _measured(
    trained: TrainedRun, which: Collection[str], n_images: int, report: Callable[[str, int, int], None]
) -> list[str]:
    run, data, of = trained.run, trained.data, {WEIGHTS: trained.weights}
    events = data.kind == "events"
    if {"workload", "anytime"} & set(which):
        report("workload", 0, 1)
        load = workload(trained, N_IMAGES)
        facts = {"n_images": min(N_IMAGES, len(data.test_images)), "backend": trained.procedure.backend, **of}
        if "workload" in which:
            run.write_json(MEASURES["workload"], {**load.as_json(), **facts, **provenance()})
        report("workload", 1, 1)
    if "anytime" in which:
        run.write_table(MEASURES["anytime"], anytime(trained, load, n_images, report).assign(**of))
    if "robustness" in which and not events:
        run.write_table(MEASURES["robustness"], robustness(trained, n_images, report).assign(**of))
    if "responses" in which:
        report("responses", 0, 1)
        found = responses(trained, N_IMAGES) | {WEIGHTS: np.array(trained.weights)}
        run.write_arrays(MEASURES["responses"], found, compress=True)
        report("responses", 1, 1)
    refused = events and "robustness" in which
    return ["no robustness: noise and squares are for images, not for recordings"] if refused else []
