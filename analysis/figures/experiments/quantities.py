"""Columns of tables as axis labels: their names end in their unit."""

from __future__ import annotations

import pandas as pd

from equispike.models import KINDS, own_files
from equispike.models.params import Params
from equispike.protocols.run_folder import RunFolder

_PRETTY = {"uA/cm**2": "µA/cm²", "mS/cm**2": "mS/cm²"}


def column(table: pd.DataFrame, name: str) -> str:
    """The column of ``table`` that is called ``name``, followed by its unit or not."""
    return next(each for each in table.columns if each == name or each.startswith(f"{name}_"))


def unit_of(column: str, name: str) -> str:
    """The unit that ``column``, called ``name``, ends in; empty for plain numbers."""
    unit = column.removeprefix(name).removeprefix("_")
    return _PRETTY.get(unit, unit)


def label(words: str, column: str, name: str) -> str:
    """``words`` with the unit that ``column``, called ``name``, ends in."""
    unit = unit_of(column, name)
    return f"{words} ({unit})" if unit else words


def potential_label(column: str) -> str:
    """An axis of potentials in ``column``, called v."""
    return label("Potential", column, "v") if unit_of(column, "v") else "Potential v"


def model_of(run: RunFolder) -> str:
    """Name of the model that the experiment was done on; of one in a file of the user's own, its name there."""
    return run.read_json("run.json")["config"]["model"].rpartition(":")[2]


def params_of(run: RunFolder) -> tuple[str, Params]:
    """Name and parameters of the model that the experiment was done on."""
    config = run.read_json("run.json")["config"]
    name = config["model"]
    entry = (
        own_files.load(name) if own_files.is_own(name) else next(each[name] for each in KINDS.values() if name in each)
    )
    return model_of(run), entry.params().updated(config["params"])
