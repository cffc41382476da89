"""Blind second implementation of the Diehl & Cook (2015) spiking network, in plain NumPy.

Written from the paper's card and an agreed time-step convention only, without sight of the Brian2 implementation
it is compared with, spike for spike, in the tests.  Inside: millivolts and milliseconds; at the API: volts.

Each step of 0.5 ms runs four slots in order: integrate, threshold, synapses, reset.
"""

import numpy as np

DT = 0.5  # ms

# Excitatory neurons (mV, ms)
V_REST_E, V_RESET_E, E_EXC, E_INH_E = -65.0, -65.0, 0.0, -100.0
TAU_E, TAU_GE, TAU_GI, TAU_THETA = 100.0, 1.0, 2.0, 1e7
THETA_PLUS, REFRACTORY_E = 0.05, 5.0

# Inhibitory neurons
V_REST_I, V_RESET_I, E_INH_I = -60.0, -45.0, -85.0
TAU_I, V_THRESH_I, REFRACTORY_I = 10.0, -40.0, 2.0

# Synapses and plasticity
W_EXC_INH, W_INH_EXC = 10.4, 17.0
TAU_X_IN, TAU_X, TAU_Y = 20.0, 20.0, 40.0
ETA_POST, ETA_PRE = 1e-2, 1e-4
PAUSE = 150.0  # ms, simulated rest steps plus the part in closed form


def _euler(v, ge, gi, v_rest, e_inh, tau):
    """One exponential-Euler step of a membrane, with the conductances frozen at their start-of-step values."""
    a = (1.0 + ge + gi) / tau
    v_inf = ((v_rest + ge * E_EXC + gi * e_inh) / tau) / a
    return v_inf + (v - v_inf) * np.exp(-a * DT)


def simulate(raster, w, theta, *, n_presentations, n_steps_present, n_steps_rest, w_total=78.0, inhibition="neurons"):
    """Run the network; `raster` is bool (n_presentations, n_steps_present, n_input), `theta` is in volts.

    `inhibition` is "neurons" (one inhibitory partner per excitatory neuron) or "relay" (no inhibitory neurons: an
    excitatory spike at step k inhibits all the others in the synapses slot of step k + 1).
    """
    raster = np.asarray(raster, dtype=bool)
    w = np.array(w, dtype=float)
    n_input, n_exc = w.shape
    theta = np.broadcast_to(np.asarray(theta, dtype=float), (n_exc,)) * 1e3
    t_rem = PAUSE - n_steps_rest * DT
    if inhibition not in ("neurons", "relay"):
        raise ValueError(f"unknown inhibition {inhibition!r}")
    if raster.shape != (n_presentations, n_steps_present, n_input):
        raise ValueError(f"raster has shape {raster.shape}")
    if t_rem < 0:
        raise ValueError("the simulated rest is longer than the pause")

    v, ge, gi, x, y = np.full(n_exc, V_REST_E), *np.zeros((4, n_exc))
    v_inh, ge_inh = np.full(n_exc, V_REST_I), np.zeros(n_exc)  # the inhibitory neurons' gi is always 0
    x_in = np.zeros(n_input)
    pending = np.zeros(n_exc, dtype=bool)  # relay: the excitatory spikes of the step before
    silent = np.zeros(n_input, dtype=bool)
    refractory_e, refractory_i = round(REFRACTORY_E / DT), round(REFRACTORY_I / DT)
    n_spikes = np.zeros((n_presentations, n_exc), dtype=int)
    exc_spikes = []
    k = 0  # overall simulated step

    for p in range(n_presentations):
        active_from = np.full(n_exc, k)  # first step at which a neuron is not refractory (any more)
        active_from_inh = np.full(n_exc, k)
        for step in range(n_steps_present + n_steps_rest):
            # 1. integrate, everything from its value at the start of the step
            active, active_inh = k >= active_from, k >= active_from_inh
            v = np.where(active, _euler(v, ge, gi, V_REST_E, E_INH_E, TAU_E), v)
            v_inh = np.where(active_inh, _euler(v_inh, ge_inh, 0.0, V_REST_I, E_INH_I, TAU_I), v_inh)
            ge, gi, ge_inh = ge * np.exp(-DT / TAU_GE), gi * np.exp(-DT / TAU_GI), ge_inh * np.exp(-DT / TAU_GE)
            theta = theta * np.exp(-DT / TAU_THETA)
            x_in, x, y = x_in * np.exp(-DT / TAU_X_IN), x * np.exp(-DT / TAU_X), y * np.exp(-DT / TAU_Y)

            # 2. thresholds
            in_spike = raster[p, step] if step < n_steps_present else silent
            exc_spike = active & (v > theta - 20.0 - 52.0)
            if inhibition == "neurons":
                inh_spike = active_inh & (v_inh > V_THRESH_I)
            else:
                inh_spike, pending = pending, exc_spike

            # 3. synapses: post-synaptic plasticity, input spikes (transmit, then depress), lateral inhibition
            for j in np.flatnonzero(exc_spike):
                w[:, j] = np.clip(w[:, j] + ETA_POST * x_in * y[j], 0.0, 1.0)
            for i in np.flatnonzero(in_spike):
                ge = ge + w[i]
                w[i] = np.clip(w[i] - ETA_PRE * x, 0.0, 1.0)
            if inhibition == "neurons":
                ge_inh = ge_inh + W_EXC_INH * exc_spike
            for j in np.flatnonzero(inh_spike):
                gi = gi + W_INH_EXC * (np.arange(n_exc) != j)

            # 4. resets
            v[exc_spike] = V_RESET_E
            theta[exc_spike] += THETA_PLUS
            x[exc_spike] = y[exc_spike] = 1.0
            x_in[in_spike] = 1.0
            active_from[exc_spike] = k + refractory_e
            if inhibition == "neurons":
                v_inh[inh_spike] = V_RESET_I
                active_from_inh[inh_spike] = k + refractory_i

            exc_spikes += [(k, int(j)) for j in np.flatnonzero(exc_spike)]
            n_spikes[p] += exc_spike
            k += 1

        # Normalise the neurons that spiked in this presentation, then the rest of the pause in closed form
        for j in np.flatnonzero(n_spikes[p]):
            w[:, j] *= w_total / w[:, j].sum()
        v = V_REST_E + (v - V_REST_E) * np.exp(-t_rem / TAU_E)
        v_inh = V_REST_I + (v_inh - V_REST_I) * np.exp(-t_rem / TAU_I)
        ge, gi, ge_inh = ge * np.exp(-t_rem / TAU_GE), gi * np.exp(-t_rem / TAU_GI), ge_inh * np.exp(-t_rem / TAU_GE)
        theta = theta * np.exp(-t_rem / TAU_THETA)
        x_in, x, y = x_in * np.exp(-t_rem / TAU_X_IN), x * np.exp(-t_rem / TAU_X), y * np.exp(-t_rem / TAU_Y)

    return {"exc_spikes": exc_spikes, "w": w, "theta": theta * 1e-3, "v": v * 1e-3, "n_spikes": n_spikes}
