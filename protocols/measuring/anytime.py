"""Accuracy and operations of networks that are stopped before an image has ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from equispike.models.diehl_cook import DiehlCookParams
from equispike.protocols import readout
from equispike.protocols.evaluating import trained_state
from equispike.protocols.features import with_features
from equispike.protocols.gradients.frozen_network import FrozenNetwork
from equispike.protocols.measuring.trained_runs import ConvStdp, Deep, DiehlCook, Subject, evenly
from equispike.protocols.measuring.workload import Workload
from equispike.protocols.presenting import TESTING
from equispike.protocols.training import presenter

#: Where Diehl and Cook's network and conv-stdp are stopped, in parts of an image.
PARTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)

#: Time steps and the classes (n,) that the network tells after so many.
type Answers = Iterator[tuple[int, np.ndarray]]


def stopping(
    subject: Subject,
    load: Workload,
    n_images: int,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> pd.DataFrame:
    """Accuracy on ``n_images`` evenly spaced test images of a network that is stopped after some time steps.

    Deep networks answer by their scores up to then; neurons of Diehl and Cook vote with the labels that whole images gave
    them, and no image is repeated; the linear readout of conv-stdp is trained on features of images that are stopped as early.

    Returns
    -------
    columns step, time (s), n_images, correct, acs, macs (operations until then); one row for an ordinary network
    """
    which = evenly(len(subject.data.test_images), n_images)
    truth = subject.data.test_labels[which]
    match subject:
        case DiehlCook():
            answers = _of_presentations(subject, which)
        case ConvStdp():
            answers = _of_layers(subject, which)
        case Deep():
            answers = _of_deep(subject, which)
        case _:
            answers = iter([(1, subject.classes(subject.data.test_images[which], subject.arrays))])
    acs, macs = load.acs_by_step.cumsum(), load.macs_by_step.cumsum()
    before, began, dt = _before(subject, load)
    rows = []
    for step, classes in answers:
        at = before + step
        report("stopping", step, len(acs) - before)
        rows.append({"step": at, "time": began + step * dt, "n_images": len(truth), "correct": int((classes == truth).sum()),
                     "acs": acs[at - 1], "macs": macs[at - 1]})  # fmt: skip
    return pd.DataFrame(rows)


def _before(subject: Subject, load: Workload) -> tuple[int, float, float]:
    """Steps and seconds of the network that features come from, if any, and seconds of a step of this one."""
    dt = float(getattr(subject.spec.params, "dt", 0.0))
    if not isinstance(subject, Deep):
        return 0, 0.0, dt
    return len(load.acs_by_step) - subject.params.n_steps, load.duration - subject.params.n_steps * dt, dt


def _of_presentations(subject: DiehlCook, which: np.ndarray) -> Answers:
    params, images = subject.spec.params, subject.data.test_images[which]
    assert isinstance(params, DiehlCookParams)
    for part in PARTS:
        steps = max(1, round(part * params.n_steps_present))
        shorter = params.updated({"t_present": steps * params.dt, "n_spikes_min": 0})
        spec = dataclasses.replace(subject.spec, params=shorter)
        network = presenter(spec, subject.backend)
        state = trained_state(subject.run, spec)
        counts = np.concatenate(list(network.frozen_counts(state, images, phase=TESTING, jobs=subject.jobs)))
        yield steps, readout.vote(counts, subject.rates).argmax(axis=1)


def _of_layers(subject: ConvStdp, which: np.ndarray) -> Answers:
    images = subject.data.test_images[which]
    for n_bins in sorted({max(1, round(part * subject.params.n_bins)) for part in PARTS}):
        features = subject.network.extract(images, jobs=subject.jobs, n_bins=n_bins)
        yield n_bins, subject.trained_readout(n_bins).predict(features)


def _of_deep(subject: Deep, which: np.ndarray) -> Answers:
    params = subject.params
    samples = with_features(subject.data, subject.spec, subject.run, "test").test_images[which]
    network = FrozenNetwork.of(subject.spec, len(samples), subject.backend, record_scores=True)
    parts = []
    for n, records in network.records(subject.arrays, samples, phase=TESTING, jobs=subject.jobs):
        shape = (n, params.n_steps, params.n_classes)
        score, v = (records["scores"][name].reshape(shape) for name in ("score", "v"))
        if (
            params.readout == "spikes"
        ):  # of classes with as many spikes the one with the highest potential, as at the end
            score[:, :-1] += 0.5 + 0.5 * (v / (params.v_threshold + np.abs(v)))[:, :-1]
        parts.append(score.argmax(axis=2))
    classes = np.concatenate(parts)
    for step in range(params.n_steps):
        yield step + 1, classes[:, step]
