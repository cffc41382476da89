"""The figures of an ordinary network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from equispike.analysis.figures import gradients
from equispike.analysis.figures.sources import SPLITS, Source, evaluated
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> Iterator[Source]:
    """Names of figures and how to make them; what they need may be missing."""
    if "loss" in set(run.read_metrics()["metric"]) if run.has("metrics.csv") else False:
        yield "learning", gradients.learning
    for split in evaluated(run) or SPLITS[:1]:
        yield f"confusion-{split}", partial(gradients.confusion_of, split=split)
