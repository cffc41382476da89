"""What a Diehl & Cook network starts from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from equispike.models.diehl_cook.params import DiehlCookParams


def initial_state(params: DiehlCookParams, seed: int) -> dict[str, np.ndarray]:
    """Random normalised weights and everything else at rest.

    Returns
    -------
    Weights (n_input * n_exc,) in the order of the synapses, thresholds and potentials (n_exc,) in volt, intensity (1,).
    """
    rng = np.random.default_rng([seed, 0])
    w = params.w_init * (rng.random((params.n_input, params.n_exc)) + 0.01)
    w *= params.w_total / w.sum(axis=0)
    weights = np.minimum(w, params.w_max).ravel()
    return frozen_state(params, weights, np.full(params.n_exc, float(params.theta_init)))


def frozen_state(params: DiehlCookParams, w: np.ndarray, theta: np.ndarray) -> dict[str, np.ndarray]:
    """State with given weights (n_input * n_exc,) and thresholds (n_exc,) in volt, everything else at rest."""
    state = {
        "inputs_exc.w": w.ravel(),
        "exc.theta": theta,
        "exc.v": np.full(params.n_exc, float(params.v_rest)),
        "controller.intensity": np.array([params.intensity_init]),
    }
    if params.inhibition == "neurons":
        state["inh.v"] = np.full(params.n_exc, float(params.v_rest_inh))
    return state


def arrays_of(params: DiehlCookParams, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return weights ``w`` (n_input, n_exc) and thresholds ``theta`` (n_exc,) in volt of a state."""
    return {"w": state["inputs_exc.w"].reshape(params.n_input, params.n_exc), "theta": state["exc.theta"]}


def state_of(params: DiehlCookParams, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the state, at rest, with the weights and thresholds of :func:`arrays_of`."""
    return frozen_state(params, arrays["w"], arrays["theta"])


def fixed_inputs(params: DiehlCookParams, seed: int) -> dict[str, np.ndarray]:
    """With delays: each synapse's delay (n_input, n_exc) as a fraction of delay_max."""
    if float(params.delay_max) == 0:
        return {}
    return {"delays": np.random.default_rng([seed, 5]).random((params.n_input, params.n_exc))}
