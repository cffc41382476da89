"""Whether a trained network does in Brian2 what the program did that trained it."""

from __future__ import annotations

from collections.abc import Callable

from equispike.protocols.data import Dataset
from equispike.protocols.derived import WEIGHTS, checksum
from equispike.protocols.evaluating import split_samples
from equispike.protocols.procedures.base import ignore
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import with_features
from equispike.protocols.spec import TrainingSpec


def verify(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    n_images: int = 1000,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = ignore,
) -> dict[str, object]:
    """Verify a trained run on the first samples of ``split``; the outcome goes into verification-BACKEND.json.

    Raises EquispikeError where its procedure trains by no program of its own.
    """
    with run.writing():
        spec = TrainingSpec.of_run(run)
        procedure, arrays = spec.procedure(backend), run.trained_arrays()
        data = with_features(data, spec, run, split, report=report)
        samples = split_samples(data, spec, split)[0][:n_images]
        found = procedure.verify(arrays, samples, lambda done: report("comparing spikes", done, len(samples)))
        record = {"split": split, WEIGHTS: checksum(arrays), **found, **provenance()}
        run.write_json(f"verification-{found['backend']}.json", record)
        return found
