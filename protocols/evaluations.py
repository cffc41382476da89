"""The evaluations that a run folder keeps, one file for each way to evaluate, and which of them stands for the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from equispike.protocols.derived import why_void
from equispike.protocols.run_folder import RunFolder

SPLITS = ("test", "validation")


@dataclass(frozen=True)
class Kept:
    """An evaluation that is kept: what its JSON file says; ``name`` is that of its files, without ending."""

    run: RunFolder
    name: str
    record: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        """Whether it is of all images of its split."""
        return self.record["n_images"] == self.record["n_split"]

    def guesses(self) -> dict[str, np.ndarray]:
        """Return classes (n,) by readout, and ``truth`` (n,)."""
        arrays = self.run.read_arrays(f"{self.name}.npz")
        arrays.pop("weights", None)
        return arrays


def evaluation_name(record: Mapping[str, Any]) -> str:
    """Return what the files of an evaluation are called, without ending: whatever tells it from others is part of the name."""
    words = [record["split"], record["n_images"], "labels", record["n_label"], record["backend"]]
    return "-".join(["evaluation", *map(str, words), *words_of(record["settings"])])


def words_of(settings: Mapping[str, str]) -> list[str]:
    """Return settings as parts of a file's name."""
    return [quote(f"{key}={value}", safe="=") for key, value in sorted(settings.items())]


def kept(run: RunFolder, split: str | None = None) -> Iterator[Kept]:
    """Yield the evaluations of a run, on ``split`` or on all, that are of the weights it has now."""
    for name in run.names(f"evaluation-{split or ''}*.json"):
        if why_void(run, name) is None:
            yield Kept(run, name.removesuffix(".json"), run.read_json(name))


def chosen(run: RunFolder, split: str) -> Kept | None:
    """Return the evaluation that stands for a run on ``split``, or None.

    Of those that are of the weights it has now: one of the whole split, else of the most images; of these one with the most
    label images; of these one on the backend of the training, with the settings of the training.
    """
    config = run.read_json("run.json")["config"]
    own = config["procedure_params"]

    def rank(each: Kept) -> tuple:
        found = each.record
        as_trained = found["backend"] == config["backend"], all(own.get(k) == v for k, v in found["settings"].items())
        return found["n_images"], found["n_label"], *as_trained, each.name

    return max(kept(run, split), key=rank, default=None)


def why_none(run: RunFolder, split: str) -> str:
    """Return why no evaluation stands for a run."""
    if run.read_json("run.json")["status"] != "trained":
        return "not fully trained"
    if run.names(f"evaluation-{split}*.json"):
        return f"evaluated on the {split} set only before it had the weights that it has now"
    return f"not evaluated on the {split} set"
