"""A trained run, ready to tell the classes of samples with weights of one's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from equispike.protocols.data import Dataset
from equispike.protocols.derived import checksum
from equispike.protocols.evaluating import label_indices
from equispike.protocols.learned import readout_arrays
from equispike.protocols.procedures.base import LABELLING, TESTING, Arrays, Procedure
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import seen_of, with_features
from equispike.protocols.spec import TrainingSpec


@dataclass
class TrainedRun:
    """A trained run.

    Attributes
    ----------
    jobs : runs at a time
    weights : checksum of what was learned
    """

    run: RunFolder
    data: Dataset
    backend: str | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        self.spec = TrainingSpec.of_run(self.run)
        self.data.need_labels()
        arrays = self.run.trained_arrays()
        self.state: Arrays = self.procedure.state(arrays)
        self.weights = checksum(arrays)

    @cached_property
    def procedure(self) -> Procedure:
        return self.spec.procedure(self.backend)

    @cached_property
    def seen(self) -> Dataset:
        """The data as the network sees it."""
        return with_features(self.data, self.spec, self.run, "test")

    @cached_property
    def readout(self) -> str:
        """Name of the readout that tells the class in all measures."""
        return self.procedure.measured_readout

    @cached_property
    def learned(self) -> Mapping[str, np.ndarray]:
        """Return what the readout has learned, of whole samples and undamaged networks."""
        readout = self.procedure.readouts[self.readout]
        if not readout.learns:
            return {}
        if self.procedure.relearns:
            return self.learned_after(None)
        return readout_arrays(self.run, self.procedure, self.readout)

    def learned_after(self, steps: int | None) -> Mapping[str, np.ndarray]:
        """Return what the readout learns of samples that are stopped after ``steps``; of whole ones where None."""
        which = label_indices(self.spec, self.procedure.measured_labels)
        samples = self.data.train_images[which]
        answers = self.procedure.respond(self.state, samples, phase=LABELLING, jobs=self.jobs, steps=steps)
        readout = self.procedure.readouts[self.readout]
        return readout.fit(answers, self.data.train_labels[which], self.data.n_classes)

    def classes(self, images: np.ndarray, state: Arrays) -> np.ndarray:
        """Return classes (n,) of ``images`` (n, height, width) uint8 with the weights of ``state``."""
        samples = seen_of(images, self.spec, self.run, self.backend)
        answers = self.procedure.respond(state, samples, phase=TESTING, jobs=self.jobs)
        return self.procedure.readouts[self.readout].scores(self.learned, answers).argmax(axis=1)


def evenly(n: int, wanted: int) -> np.ndarray:
    """Return indices of ``wanted`` of ``n`` samples, or of all, at even distances."""
    wanted = min(n, wanted)
    return np.arange(wanted) * n // wanted
