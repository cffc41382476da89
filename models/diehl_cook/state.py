"""What a Diehl & Cook network starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from equispike.models.diehl_cook.network import INHIBITORY, TO_TOTAL
from equispike.models.diehl_cook.params import DiehlCookParams
from equispike.models.neurons import Neuron


def initial_state(params: DiehlCookParams, seed: int) -> dict[str, np.ndarray]:
    """Random normalised weights and everything else at rest.

    Returns
    -------
    Weights (n_input * n_exc,) in the order of the synapses, thresholds and potentials (n_exc,) in volt, intensity (1,).
    """
    rng = np.random.default_rng([seed, 0])
    w = params.w_init * (rng.random((params.n_input, params.n_exc)) + 0.01)
    w *= _evaluated(TO_TOTAL, {"w_total": params.w_total, "w_sum_post": w.sum(axis=0)})
    weights = np.minimum(w, params.filled["rule"].w_max).ravel()  # type: ignore[attr-defined]
    return frozen_state(params, weights, np.full(params.n_exc, float(params.theta_init)))


def frozen_state(params: DiehlCookParams, w: np.ndarray, theta: np.ndarray) -> dict[str, np.ndarray]:
    """State with given weights (n_input * n_exc,) and thresholds (n_exc,) in volt, everything else at rest."""
    neurons: dict[str, Neuron] = {"exc": params.part("neuron")}
    if params.inhibition == "neurons":
        neurons["inh"] = INHIBITORY
    numbers = params.namespace()
    state = {
        f"{group}.{name}": np.full(params.n_exc, float(_evaluated(value, numbers)))
        for group, neuron in neurons.items()
        for name, value in neuron.rest.items()
    }
    if "theta" in neurons["exc"].variables:
        state["exc.theta"] = theta
    return state | {"inputs_exc.w": w.ravel(), "controller.intensity": np.array([params.intensity_init])}


def _evaluated(expression: str, numbers: Mapping[str, object]) -> Any:
    """Return the value of an expression of the network's equations."""
    return eval(expression, {"int": np.int_}, dict(numbers))


def arrays_of(params: DiehlCookParams, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return weights ``w`` (n_input, n_exc) and thresholds ``theta`` (n_exc,) in volt; 0 where they do not adapt."""
    return {
        "w": state["inputs_exc.w"].reshape(params.n_input, params.n_exc),
        "theta": state.get("exc.theta", np.zeros(params.n_exc)),
    }


def state_of(params: DiehlCookParams, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the state, at rest, with the weights and thresholds of :func:`arrays_of`."""
    return frozen_state(params, arrays["w"], arrays["theta"])


def fixed_inputs(params: DiehlCookParams, seed: int) -> dict[str, np.ndarray]:
    """With delays: each synapse's delay (n_input, n_exc) as a fraction of delay_max."""
    if float(params.delay_max) == 0:
        return {}
    return {"delays": np.random.default_rng([seed, 5]).random((params.n_input, params.n_exc))}
