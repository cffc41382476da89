"""Columns of tables as axis labels: their names end in their unit."""

from __future__ import annotations

import pandas as pd

from models import KINDS, NEURONS
from models.params import Params, unit_name
from protocols.run_folder import RunFolder

_PRETTY = {"uA/cm**2": "µA/cm²", "mS/cm**2": "mS/cm²", "um": "µm"}


def column(table: pd.DataFrame, name: str) -> str:
    """The column of ``table`` that is called ``name``, followed by its unit or not."""
    return next(each for each in table.columns if each == name or each.startswith(f"{name}_"))


def label(words: str, column: str, name: str) -> str:
    """``words`` with the unit that ``column``, called ``name``, ends in."""
    unit = column.removeprefix(name).removeprefix("_")
    return f"{words} ({_PRETTY.get(unit, unit)})" if unit else words


def current_unit(run: RunFolder) -> str:
    """Unit of currents of the run's neuron, as text; empty for plain numbers."""
    unit = NEURONS[model_of(run)].current_unit
    return "" if unit is None else _PRETTY.get(unit_name(unit), unit_name(unit))


def model_of(run: RunFolder) -> str:
    """Name of the model that the experiment was done on."""
    return run.read_json("run.json")["config"]["model"]


def params_of(run: RunFolder) -> tuple[str, Params]:
    """Name and parameters of the model that the experiment was done on."""
    config = run.read_json("run.json")["config"]
    name = config["model"]
    entry = next(entries[name] for entries in KINDS.values() if name in entries)
    return name, entry.params().updated(config["params"])
