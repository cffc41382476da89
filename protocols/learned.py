"""What readouts have learned, kept in a run folder by what they learned it from: a file for each number of label images, backend
and settings of answers.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from equispike.models.errors import EquispikeError
from equispike.protocols.derived import WEIGHTS, weights_of
from equispike.protocols.evaluations import words_of
from equispike.protocols.procedures.base import Procedure
from equispike.protocols.readouts import Readout
from equispike.protocols.run_folder import RunFolder

#: Array that says what a file was learned from.
ABOUT = "learned_from"


@dataclass(frozen=True)
class LearnedFrom:
    """What readouts learned from: how many labelled samples of which data, answered where and how, by which weights."""

    n_label: int
    backend: str
    settings: dict[str, str]
    data: str
    weights: str

    @property
    def file(self) -> str:
        return "-".join(["readouts", str(self.n_label), self.backend, *words_of(self.settings)]) + ".npz"

    def read(self, run: RunFolder) -> dict[str, np.ndarray]:
        """Return what readouts have learned from exactly this, as ``vote.class_rates``; warns where the file is damaged."""
        try:
            of, arrays = _read(run, self.file) if run.has(self.file) else (None, {})
        except EquispikeError as error:
            warnings.warn(f"{error} (it is made anew now)", stacklevel=2)
            return {}
        return arrays if of == self else {}

    def write(self, run: RunFolder, arrays: Mapping[str, np.ndarray]) -> None:
        about = {ABOUT: np.array(json.dumps(asdict(self))), WEIGHTS: np.array(self.weights)}
        run.write_arrays(self.file, {**arrays, **about}, compress=True)


def _read(run: RunFolder, file: str) -> tuple[LearnedFrom, dict[str, np.ndarray]]:
    arrays = run.read_arrays(file)
    arrays.pop(WEIGHTS, None)
    try:
        of = LearnedFrom(**json.loads(str(arrays.pop(ABOUT))))
        return LearnedFrom(int(of.n_label), str(of.backend), dict(of.settings), str(of.data), str(of.weights)), arrays
    except (KeyError, TypeError, ValueError, RecursionError):
        raise run.damaged(file, "it does not say what it was learned from") from None


def of_readout(name: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of one readout of several."""
    return {key.removeprefix(f"{name}."): values for key, values in arrays.items() if key.startswith(f"{name}.")}


def wrong_shapes(readout: Readout, n_answers: int, arrays: Mapping[str, np.ndarray]) -> str | None:
    """Return why ``arrays`` cannot be what ``readout`` learned of answers (n, n_answers), or None."""
    n_classes: int | None = None
    for key, shape in readout.shapes(n_answers, -1).items():
        if key not in arrays:
            return f"it has no array {key}"
        values = arrays[key]
        if values.dtype.kind not in "iuf" or np.isnan(values).any():
            return f"its array {key} has values that are no numbers"
        if len(shape) != values.ndim:
            return f"its array {key} has {values.ndim} axes, not {len(shape)}"
        for axis, length in zip(shape, values.shape, strict=True):
            if axis == -1 and n_classes is None:
                n_classes = length
            if length != (n_classes if axis == -1 else axis):
                return f"its array {key} has the shape {values.shape}, which does not fit the network"
    return None


def readout_arrays(run: RunFolder, procedure: Procedure, name: str) -> dict[str, np.ndarray]:
    """Return what a readout has learned, as :func:`kept_arrays` does; raises EquispikeError where it has learned nothing."""
    found = kept_arrays(run, procedure, name)
    if not found:
        raise EquispikeError(
            f"the readout {name} of {run.path} has no labels yet: run equispike evaluate {run.path} first"
        )
    return found


def kept_arrays(run: RunFolder, procedure: Procedure, name: str) -> dict[str, np.ndarray]:
    """Return what a readout has learned of the network as it is now, with the settings of ``procedure``; may be nothing.

    It is what it learned from the most labelled samples; of these on the backend of the training, where there is such.
    """
    weights, settings = weights_of(run), answer_settings(procedure)
    found = []
    for file in run.names("readouts-*.npz"):
        of, arrays = _read(run, file)
        mine = of_readout(name, arrays)
        if mine and of.weights == weights and of.settings == settings:
            if wrong := wrong_shapes(procedure.readouts[name], procedure.n_answers, mine):
                raise run.damaged(file, wrong)
            found.append(((of.n_label, of.backend == procedure.spec.backend, file), mine))
    return max(found, key=lambda each: each[0])[1] if found else {}


def answer_settings(procedure: Procedure) -> dict[str, str]:
    """Return the parameters on which answers alone depend."""
    return {key: procedure.spec.procedure_params.as_text()[key] for key in procedure.answer_keys}
