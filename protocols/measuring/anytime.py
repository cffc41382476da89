"""Anytime accuracy: that of networks which are stopped before a sample has ended, and their operations until then."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from equispike.protocols.measuring.trained_runs import TrainedRun, evenly
from equispike.protocols.measuring.workload import Workload
from equispike.protocols.procedures.base import TESTING, ignore


def anytime(
    trained: TrainedRun, load: Workload, n_images: int, report: Callable[[str, int, int], None] = ignore
) -> pd.DataFrame:
    """Return the accuracy on ``n_images`` evenly spaced test samples of a network that is stopped after some time steps.

    Neurons that vote keep the labels that whole samples gave them; a readout of features learns anew from features of
    samples that are stopped as early. No sample is shown again.

    Returns
    -------
    columns step, time (s), n_images, correct, acs, macs (operations until then); one row for an ANN
    """
    procedure, which = trained.procedure, evenly(len(trained.data.test_images), n_images)
    truth, samples = trained.data.test_labels[which], trained.seen.test_images[which]
    readout = procedure.readouts[trained.readout]
    acs, macs = load.acs_by_step.cumsum(), load.macs_by_step.cumsum()
    before = load.steps_before
    rows = []
    for step, answers in procedure.respond_by_step(trained.state, samples, phase=TESTING, jobs=trained.jobs):
        learned = trained.learned_after(step) if procedure.relearns else trained.learned
        classes = readout.scores(learned, answers).argmax(axis=1)
        report("anytime accuracy", step, procedure.n_steps)
        at = before + step
        rows.append({"step": at, "time": load.time_before + step * procedure.dt, "n_images": len(truth),
                     "correct": int((classes == truth).sum()), "acs": acs[at - 1], "macs": macs[at - 1]})  # fmt: skip
    return pd.DataFrame(rows)
