"""Distribution of the weights of a neuron that many Poisson inputs drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from brian2 import Hz, Quantity, ms, mV, second

from equispike.models.codegen import get_backend
from equispike.models.errors import EquispikeError
from equispike.models.params import Params, param
from equispike.models.plasticity import Rule
from equispike.models.plasticity.poisson_inputs import build
from equispike.protocols import limits
from equispike.protocols.experiments.base import CHOICE, Experiment, Tables

SONG = "Song, Miller & Abbott 2000, Nat. Neurosci. 3:919-926"
#: Of an input: its state, its synapse's, and its row of the table.
_INPUT_BYTES = 100
PORT = f"{SONG}, as in Brian2's example"


@dataclass(frozen=True)
class WeightDistributionParams(Params):
    """A conductance-based neuron and its inputs."""

    input_rate: Quantity = param(
        np.array([15.0]) * Hz, "rate of the inputs; each value has a neuron of its own", PORT, unit=Hz, minimum=0,
        exclusive=True,
    )  # fmt: skip
    n_inputs: int = param(1000, "inputs of a neuron", PORT, minimum=1, maximum=100_000)
    duration: Quantity = param(
        1e6 * ms, "how long; the distribution is stationary then", CHOICE, unit=ms, minimum=0, exclusive=True
    )
    g_max: float = param(0.01, "conductance of the largest weight, parts of the leak", PORT, minimum=0)
    tau_mem: Quantity = param(10 * ms, "membrane time constant", PORT, unit=ms, minimum=0, exclusive=True)
    tau_ge: Quantity = param(5 * ms, "decay of excitation", PORT, unit=ms, minimum=0, exclusive=True)
    v_rest: Quantity = param(-74 * mV, "resting potential", PORT, unit=mV)
    v_reset: Quantity = param(-60 * mV, "potential after a spike", PORT, unit=mV)
    v_threshold: Quantity = param(-54 * mV, "threshold", PORT, unit=mV)
    e_exc: Quantity = param(0 * mV, "reversal potential of excitation", PORT, unit=mV)
    dt: Quantity = param(0.5 * ms, "time step", CHOICE, unit=ms, minimum=1e-3, maximum=10)

    def __post_init__(self) -> None:
        super().__post_init__()
        if np.any(np.asarray(self.input_rate) * float(self.dt) >= 1):
            raise EquispikeError("input_rate is one spike a time step or more: lower it or dt")
        if not self.v_reset < self.v_threshold:
            raise EquispikeError("v_reset must be below v_threshold: the neuron would fire in every time step")


def _params(rule: Rule, rule_params: Params) -> WeightDistributionParams:
    return WeightDistributionParams()


def _why_not(rule: Rule, rule_params: Params) -> str | None:
    if rule.at_reward:
        return "its weights change only when a reward comes, and random inputs earn none"
    if rule.name == "symmetric":
        return "it balances inhibition; at excitatory synapses spikes would strengthen their own cause without end"
    return None


def _run(rule: Rule, rule_params: Any, params: WeightDistributionParams, backend: str, seed: int) -> Tables:
    dt, rates = float(params.dt), np.asarray(params.input_rate)
    n_cells, n = len(rates), params.n_inputs
    if fault := limits.memory_fault(_INPUT_BYTES * n_cells * n, f"{n_cells} neurons with {n} inputs each"):
        raise EquispikeError(fault)
    neuron = {key: value for key, value in params.namespace().items() if key not in ("dt", "n_inputs", "duration")}
    # The neuron's inhibition gets no input.
    silent = {"tau_gi": params.tau_ge, "e_inh": params.v_rest, "t_refractory": 0 * ms}
    namespace = rule_params.namespace() | neuron | silent
    draw = np.random.default_rng(seed)
    p_spike = np.repeat(rates * dt, n)
    state = {
        "inputs.next_step": draw.geometric(p_spike) - 1,
        "inputs.log_p_silent": np.log1p(-p_spike),
        "synapses.w": draw.random(n_cells * n) * rule_params.w_max,
        "cells.v": np.full(n_cells, float(params.v_rest)),
    }
    program = get_backend(backend).compile(lambda: build(rule, namespace, n_cells, n, dt * second))
    n_steps = max(1, round(float(params.duration) / dt))
    result = program.run(state, {}, namespace | {"n_steps": n_steps}, seed)
    weights = pd.DataFrame(
        {
            "input_rate_Hz": np.repeat(rates, n),
            "input": np.tile(np.arange(n), n_cells),
            "w_start": state["synapses.w"] / rule_params.w_max,
            "w_end": result.state["synapses.w"] / rule_params.w_max,
        }
    )
    return {"weights": weights, "output": _output(result.records["spikes"], rates, n_steps, dt)}


def _output(spikes: dict[str, np.ndarray], rates: np.ndarray, n_steps: int, dt: float) -> pd.DataFrame:
    """Rate of each neuron in a hundred parts of the run, or in each time step where there are fewer."""
    n_parts = min(100, n_steps)
    edges = np.linspace(0, n_steps * dt, n_parts + 1)
    counts = np.array([np.histogram(spikes["t"][spikes["i"] == k], edges)[0] for k in range(len(rates))])
    return pd.DataFrame(
        {
            "input_rate_Hz": np.repeat(rates, n_parts),
            "t_s": np.tile(edges[1:], len(rates)),
            "output_rate_Hz": counts.ravel() / (edges[1] - edges[0]),
        }
    )


WEIGHT_DISTRIBUTION = Experiment(
    name="weight-distribution",
    summary="where weights settle under random inputs, and how fast the neuron then fires",
    citation=f"{SONG}, doi:10.1038/78829",
    takes="plasticity",
    params=_params,
    run=_run,
    why_not=_why_not,
)
