"""What each file of a run folder holds: fields and their types, arrays and their shapes, columns of tables.

Whatever reads a file reads it through here, so that all say the same of one that is damaged or of somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 3

type Count = Annotated[int, Field(ge=0, lt=2**63)]
type Fraction = Annotated[float, Field(ge=0, le=1)]
type Amount = Annotated[float, Field(ge=0)]


class _Strict(BaseModel):
    """Takes no text for a number, and no number that is infinite or none; knows no other fields where told so."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Command(_Strict):
    command: list[str]
    date: str | None = None
    commit: str | None = None


class _Provenance(_Strict):
    versions: dict[str, str] = {}
    commit: str = ""
    commands: list[_Command] = []
    host: dict[str, str | int | None] = {}


class _TrainingConfig(_Strict):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")

    system: str
    params: dict[str, str]
    procedure_params: dict[str, str]
    data: str
    n_images: Count
    n_train: Count
    seed: Count
    backend: str
    holdout: Count
    chunk_images: Count
    source: str | None = None


class _Data(_Strict):
    name: str
    checksum: str
    shape: list[Count] = []
    classes: list[str] = []
    brightness: Annotated[list[Amount], Field(min_length=2, max_length=2)] | None = None


class _Training(_Provenance):
    """run.json of a training."""

    format: Literal[3]
    config: _TrainingConfig
    data: _Data
    status: Literal["training", "trained"]
    images_seen: Count
    cpu_s: Amount = 0.0
    wall_s: Amount | None = None
    weights: str | None = None
    source: str | None = None
    own_files: dict[str, str] = {}


class _ExperimentConfig(_Strict):
    experiment: str
    model: str
    params: dict[str, str]
    experiment_params: dict[str, str]
    data: None = None
    backend: str = ""
    seed: Count


class _Experiment(_Provenance):
    """run.json of an experiment."""

    format: Literal[3]
    config: _ExperimentConfig
    tables: list[str]


class _Evaluation(_Provenance):
    """An evaluation-*.json."""

    split: Literal["test", "validation"]
    n_images: Annotated[int, Field(ge=1, lt=2**63)]
    n_split: Annotated[int, Field(ge=1, lt=2**63)]
    n_label: Count
    backend: str
    settings: dict[str, str]
    data: _Data
    weights: str | None
    accuracy: Annotated[dict[str, Fraction], Field(min_length=1)]
    accuracy_by_labelled_images: dict[Annotated[str, Field(pattern=r"^\d+$")], Fraction] = {}
    wall_s: Amount | None = None
    cpu_s: Amount | None = None


class _Workload(_Provenance):
    """workload.json."""

    weights: str | None
    parameters: Count
    footprint: Amount
    neurons: Count
    time_steps: Amount
    duration: Amount
    neuron_updates: Amount
    activation_sparsity: Annotated[float, Field(le=1)]
    effective_acs: Amount
    effective_macs: Amount
    dense_operations: Amount
    energy: Amount
    first_layer: str
    spikes: dict[str, Amount]


#: By the beginning of a file's name.
_OBJECTS: dict[str, type[BaseModel]] = {"evaluation-": _Evaluation, "workload.json": _Workload}

#: Columns of tables, and whether each holds numbers.
_TABLES: dict[str, dict[str, bool]] = {
    "metrics.csv": {"images": True, "metric": False, "value": True},
    "anytime.csv": dict.fromkeys(("step", "time", "n_images", "correct", "acs", "macs"), True),
    "robustness.csv": {"damage": False, "level": True, "n_images": True, "correct": True},
}

#: Whole numbers that a byte holds, as classes are.
CLASS = "class"
#: Arrays of files by patterns of their names: kinds of numbers, and shape; axes with the same letter are of the same length.
_ARRAYS: dict[str, dict[str, tuple[str, str]]] = {
    "evaluation-": {"truth": (CLASS, "n"), ".+": (CLASS, "n")},
    "activity.npz": {
        "label": (CLASS, ""),
        "n_steps": ("iu", ""),
        "n_steps_present": ("iu", ""),
        "n_presentations": ("iu", ""),
        "dt": ("f", ""),
        "image": ("iuf", "*"),
        r".+\.spikes": ("iu", "?2"),
        r".+\.counts": ("iu", "c"),
        r".+\.per_step": ("f", "s"),
    },
    "responses.npz": {"labels": (CLASS, "n"), ".+": ("f", "n?")},
    "features-": {"features": ("f", "n?")},
}
#: Kinds of numbers that may stand for one another.
_WHOLE = dict.fromkeys("iub", "i")
#: Those that may be missing.
_OPTIONAL = {"image"}


def wrong_object(name: str, content: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the JSON object in the file ``name``, or None."""
    if name == "run.json":
        config = content.get("config")
        if content.get("format") != FORMAT:  # RunFolder.open says what to do
            return None
        schema = _Experiment if isinstance(config, dict) and "experiment" in config else _Training
        return _wrong(schema, content)
    schema_ = next((each for beginning, each in _OBJECTS.items() if name.startswith(beginning)), None)
    return None if schema_ is None else _wrong(schema_, content)


def _wrong(schema: type[BaseModel], content: Mapping[str, Any]) -> str | None:
    try:
        schema.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            return f"it has no {field}"
        if first["type"] == "extra_forbidden":
            return f"it has a field {field}, which nothing reads"
        return f"its {field} is wrong ({first['msg'][:1].lower()}{first['msg'][1:]})"
    return None


def wrong_table(name: str, table: pd.DataFrame) -> str | None:
    """Return what is wrong with the columns of the table in the file ``name``, or None."""
    for column, of_numbers in _TABLES.get(name, {}).items():
        if column not in table:
            return f"it has no column {column}"
        if of_numbers and len(table) and table[column].dtype.kind not in "iuf":
            return f"its column {column} holds something other than numbers"
        if not of_numbers and table[column].isna().any():
            return f"its column {column} has gaps"
    return None


def wrong_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> str | None:
    """Return what is wrong with the arrays in the file ``name``, or None."""
    expected = next((each for beginning, each in _ARRAYS.items() if name.startswith(beginning)), None)
    if expected is None:
        return None
    lengths: dict[str, int] = {}
    for key in expected:
        if re.fullmatch(r"\w+", key) and key not in arrays and key not in _OPTIONAL:
            return f"it has no array {key}"
    for key, values in arrays.items():
        pattern = key if key in expected else next((each for each in expected if re.fullmatch(each, key)), None)
        if pattern is None:
            return f"it has an array {key}, which nothing reads"
        kinds, axes = expected[pattern]
        if reason := _wrong_array(key, values, kinds, axes, lengths):
            return reason
    return None


def _wrong_array(key: str, values: np.ndarray, kinds: str, axes: str, lengths: dict[str, int]) -> str | None:
    if values.dtype.kind not in ("iu" if kinds == CLASS else kinds):
        return f"its array {key} holds {values.dtype} values"
    if kinds == CLASS and values.size and not (values.min() >= 0 and values.max() <= 255):
        return f"its array {key} has values that are no classes"
    if axes != "*" and values.ndim != len(axes):
        return f"its array {key} has {values.ndim} axes, not {len(axes)}"
    for axis, length in zip(axes, values.shape, strict=False):
        known = int(axis) if axis.isdigit() else length if axis in "?*" else lengths.setdefault(axis, length)
        if known != length:
            return f"its array {key} has the shape {values.shape}, which does not fit the others"
    return f"its array {key} has values that are no numbers" if _has_nan(values) else None


def differing(like: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray], *, finite: bool = True) -> str | None:
    """Return how arrays differ from those they should be ``like`` in names, shapes and kinds of numbers, or None.

    An axis of ``like`` that is empty may have any length; values must be numbers, and ``finite`` unless told otherwise.
    """
    if missing := sorted(like.keys() - found.keys()):
        return f"it has no array {missing[0]}"
    if more := sorted(found.keys() - like.keys()):
        return f"it has an array {more[0]}, which nothing reads"
    for key, expected in like.items():
        values = found[key]
        if _WHOLE.get(values.dtype.kind, values.dtype.kind) != _WHOLE.get(expected.dtype.kind, expected.dtype.kind):
            return f"its array {key} holds {values.dtype} values, not {expected.dtype}"
        fits = values.ndim == expected.ndim and all(
            length in (0, own) for length, own in zip(expected.shape, values.shape, strict=True)
        )
        if not fits:
            return f"its array {key} has the shape {values.shape}, not {expected.shape}"
        if _has_nan(values):
            return f"its array {key} has values that are no numbers"
        if finite and values.dtype.kind == "f" and not np.isfinite(values).all():
            return f"its array {key} has values that are not finite"
    return None


def _has_nan(values: np.ndarray) -> bool:
    return values.dtype.kind == "f" and bool(np.isnan(values).any())
