"""What an experiment is: something done to one neuron, synapse or plasticity rule that characterises it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from equispike.models.params import Params

#: Source of numbers that no paper gives.
CHOICE = "chosen here"

type Tables = dict[str, pd.DataFrame]


def _never(model: Any) -> bool:
    return False


def _always(model: Any, params: Params) -> str | None:
    return None


@dataclass(frozen=True)
class Experiment:
    """An experiment of the catalogue.

    Attributes
    ----------
    takes : kind of its models, a key of ``models.KINDS``: ``neuron``, ``synapse`` or ``plasticity``
    params : (model, model_params) -> the experiment's own parameters with their defaults, which may depend on the model:
        currents have its unit and scale
    run : (model, model_params, params, backend, seed) -> tidy tables by name, the main one first; columns of quantities
        end in their unit (``t_ms``, ``current_nA``, ``rate_Hz``)
    light : whether the experiment on a model has so few time steps that compiling is not worth while
    why_not : (model, model_params) -> None where the experiment makes sense for the model; else why it does not
    """

    name: str
    summary: str
    citation: str
    takes: str
    params: Callable[[Any, Any], Params]
    run: Callable[[Any, Any, Any, str, int], Tables]
    why_not: Callable[[Any, Any], str | None] = _always
    light: Callable[[Any], bool] = _never
