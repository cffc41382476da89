"""Currents and potentials after one spike against their closed forms, on every backend, and their gradients."""

from math import e, exp, log

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Mohm, Quantity, ms, mV
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from equispike.models.codegen import BACKENDS
from equispike.models.codegen.jax import differentiable
from equispike.models.errors import EquispikeError
from equispike.models.synapses import SYNAPSES
from equispike.models.synapses.single_spike import build
from equispike.protocols.experiments import get_experiment
from equispike.protocols.experiments.running import run_experiment

TAU, R, REST = 20.0, 40e-3, -60.0  # ms, GOhm (mV a pA), mV
EXPERIMENT = get_experiment("synaptic-kernel")


def measure(name, backend="numpy", synapse=None, **settings):
    model = SYNAPSES[name]
    params = model.params().updated(synapse or {})
    return EXPERIMENT.run(model, params, EXPERIMENT.params(model, params).updated(settings), backend, 0)


def test_alpha_current():
    """Peak i_peak at tau_syn, charge e * i_peak * tau_syn; a weight of 2 doubles peak and charge, not times."""
    table = measure("alpha", weight="[1,2]", duration="100*ms")["kernel"]
    assert_allclose(table["peak_pA"], [50, 100], rtol=1e-6)
    assert_allclose(table["t_peak_ms"], 5, rtol=1e-4)
    assert_allclose(table["charge_fC"], [e * 50 * 5, 2 * e * 50 * 5], rtol=1e-6)


def test_what_has_not_come_is_not_measured():
    """The alpha current peaks after 5 ms: 4 ms have no peak, 7 ms no width."""
    early, late = (measure("alpha", duration=f"{t}*ms")["kernel"].iloc[0] for t in (4, 7))
    assert early[["peak_pA", "t_peak_ms", "half_width_ms"]].isna().all()
    assert late["t_peak_ms"] == pytest.approx(5, rel=1e-4) and np.isnan(late["half_width_ms"])


def test_exponential_current():
    table = measure("exponential", duration="100*ms")["kernel"]
    assert_allclose(table["peak_pA"], 50, rtol=1e-9)
    assert_allclose(table["charge_fC"], 50 * 5, rtol=1e-6)
    assert_allclose(table["half_width_ms"], 5 * log(2), rtol=1e-3)


def test_double_exponential_current():
    """Rise 1 ms, decay 5 ms: peak after 5/4 ln 5 ms, charge scale * (5 - 1) ms * i_peak."""
    table = measure("double-exponential", duration="100*ms")["kernel"]
    t = 5 / 4 * log(5)
    scale = 1 / (exp(-t / 5) - exp(-t))
    assert_allclose(table["peak_pA"], 50, rtol=1e-5)
    assert_allclose(table["t_peak_ms"], t, rtol=1e-3)
    assert_allclose(table["charge_fC"], 50 * scale * (5 - 1), rtol=1e-6)


@pytest.mark.parametrize(("name", "g", "tau", "reversal"), [("ampa", 2.08, 2, 0), ("gaba", 1.25, 10, -70)])
def test_conductances(name, g, tau, reversal):
    """Ohm's law at every potential, and another sign beyond the reversal potential."""
    table = measure(name, v_hold="[-90,-30,40]*mV", duration=f"{15 * tau}*ms")["kernel"]
    assert_allclose(table["peak_pA"], g * (reversal - np.array([-90, -30, 40])), rtol=1e-9)
    assert_allclose(table["charge_fC"], table["peak_pA"] * tau, rtol=1e-6)


def test_no_current_at_the_reversal_potential():
    (row,) = measure("ampa", v_hold="0*mV", duration="5*ms")["kernel"].itertuples()
    assert row.peak_pA == row.charge_fC == 0
    assert np.isnan(row.t_peak_ms)


def test_magnesium_blocks_nmda():
    """Chord conductances at two potentials stand as 1 / (1 + exp(-0.062 v) / 3.57); the gate is that of an ODE solver."""
    tables = measure("nmda", v_hold="[-60,40]*mV", duration="100*ms")
    below, above = (row.peak_pA / (0 - row.v_hold_mV) for row in tables["kernel"].itertuples())
    block = [1 / (1 + exp(-0.062 * v) / 3.57) for v in (-60, 40)]
    assert_allclose(below / above, block[0] / block[1], rtol=1e-9)
    gate = solve_ivp(lambda t, y: [-y[0] / 100 + 0.5 * y[1] * (1 - y[0]), -y[1] / 2], (0, 100), [0.0, 1.0], rtol=1e-10,
                     atol=1e-12, dense_output=True)  # fmt: skip
    trace = tables["traces"].query("what == 'current_pA' and v_hold_mV == 40 and t_ms >= -1e-9")
    expected = 0.327 * gate.sol(trace["t_ms"].to_numpy())[0] * block[1] * -40
    assert_allclose(trace["value"], expected, atol=1e-5 * np.abs(expected).max())


def test_delta_potential():
    """It jumps by v_jump and decays with the membrane; no current can be seen."""
    tables = measure("delta")
    assert "kernel" not in tables
    (row,) = tables["potential"].itertuples()
    assert_allclose([row.peak_mV, row.area_mV_ms, row.half_width_ms], [0.1, 0.1 * TAU, TAU * log(2)], rtol=1e-4)


def test_potentials_of_currents():
    """The membrane's response to an exponential current and to an alpha current, solved by hand."""
    t = np.linspace(0, 100, 2001)
    k = 1 / 5 - 1 / TAU
    after_exponential = R * 50 / TAU * (np.exp(-t / TAU) - np.exp(-t / 5)) / k
    after_alpha = R * 50 * e / 5 / TAU * (np.exp(-t / TAU) - np.exp(-t / 5) * (1 + k * t)) / k**2
    for name, expected in (("exponential", after_exponential), ("alpha", after_alpha)):
        trace = measure(name, duration="100*ms")["traces"].query("what == 'potential_mV' and 0 <= t_ms <= 100")
        assert_allclose(trace["value"], np.interp(trace["t_ms"], t, expected), atol=2e-5 * expected.max())


def test_area_of_the_potential_is_resistance_times_charge():
    tables = measure("double-exponential")
    assert_allclose(tables["potential"]["area_mV_ms"], R * tables["kernel"]["charge_fC"], rtol=1e-5)


@pytest.mark.parametrize(("name", "backend"), [("alpha", "cpp"), ("nmda", "cpp")])
def test_backends_agree(name, backend):
    if reason := BACKENDS[backend].why_not():
        pytest.skip(reason)
    expected, found = (measure(name, each, duration="50*ms")["traces"] for each in ("numpy", backend))
    assert_allclose(found["value"], expected["value"], rtol=1e-9, atol=1e-12)


def program(name):
    namespace = SYNAPSES[name].params().namespace() | {"tau_mem": TAU * ms, "r_mem": 40 * Mohm, "v_rest": REST * mV}
    return differentiable(build(SYNAPSES[name], namespace, 2, Quantity(0.05 * ms)), inputs=["cells.v", "cells.free"],
                          trainable=["synapses.w"], dtype=np.float64)  # fmt: skip


@pytest.mark.parametrize("name", SYNAPSES)
def test_gradient_of_the_largest_potential(name):
    """Where the effect is proportional to the weight the gradient is the peak over the weight; elsewhere, differences."""
    synapse = program(name)
    start = {"cells.v": np.full(2, REST * 1e-3), "cells.free": np.array([1.0, 0.0])}

    @jax.jit
    def largest(w):
        v = synapse.run({"synapses.w": jnp.stack([w, w])}, start, 1000, record=["cells.v"])[1]["cells.v"]
        free = 1e3 * (v[:, 0] - REST * 1e-3)
        return free[jnp.argmax(jnp.abs(free))]

    gradient = float(jax.grad(largest)(1.0))
    (row,) = measure(name, duration="45*ms")["potential"].itertuples()
    assert_allclose(float(largest(1.0)), row.peak_mV, rtol=2e-5)
    difference = float(largest(1.0005) - largest(0.9995)) / 0.001
    assert_allclose(gradient, difference, rtol=1e-4)
    if not SYNAPSES[name].conductance:
        assert_allclose(gradient, row.peak_mV, rtol=2e-5)


def test_what_makes_no_sense_is_said(tmp_path):
    with pytest.raises(EquispikeError, match="tau_rise must be less"):
        SYNAPSES["double-exponential"].params().updated({"tau_rise": "5*ms"})
    with pytest.raises(EquispikeError, match="synaptic-kernel takes a synapse model, and lif is a neuron model"):
        run_experiment("lif", "synaptic-kernel", out=tmp_path / "run")
