"""Values one can compute by hand, on every backend: two inputs, two excitatory neurons, forty steps of half a millisecond.

Input 1 (the driver) has weight 1 to neuron 0 and makes it fire one step later; input 0 (the probe) is too weak for that.
Neuron 1 gets next to nothing and stays silent. The membrane and its conductance forget within a step.
"""

from math import exp

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sectioned import sectioned

from equispike.models.diehl_cook import DiehlCookParams, frozen_state
from equispike.models.errors import EquispikeError
from equispike.models.plasticity import DIEHL_COOK_RULES

N_STEPS = 40
RULES = [name.removeprefix("diehl-cook-") for name in DIEHL_COOK_RULES]


def on_backends(rules: list[str]) -> list[tuple[str, str]]:
    """Rules by backend; Cython, whose modules take longest to compile, with one of them."""
    return [
        (rule, name) for name in ("numpy", "cython", "cpp") for rule in rules if name != "cython" or rule == "triplet"
    ]


PARAMS = DiehlCookParams().updated(
    sectioned(
        {
            "n_input": 2,
            "n_exc": 2,
            "w_total": 1.0,
            "t_present": "20*ms",
            "t_rest": "0*ms",
            "t_refractory": "0*ms",
            "t_refractory_inh": "0*ms",
            "n_spikes_min": 0,
            "theta_init": "20*mV",
            "v_threshold": "-48*mV",  # weight 1 lifts v to -65 / 2 = -32.5 mV, weight 0.3 to -65 / 1.3 = -50 mV
            "tau_mem": "0.1*ms",
            "tau_ge": "0.01*ms",
            "theta_plus": "0*mV",
        }
    )
)
PLAIN = {"nu_pre": 0.1, "nu_post": 0.2, "mu": 0.9, "beta": 2.0, "x_target": 0.4, "w_max": 1.0}
EXTREME = {
    "up": PLAIN | {"nu_post": 10.0, "x_target": 0.0},
    "down by input spikes": PLAIN | {"nu_pre": 10.0},
    "down by output spikes": PLAIN | {"x_target": 3.0},
}
W = np.array([[0.3, 0.1], [1.0, 0.05]])  # probe and driver to neurons 0 and 1
PROBE, DRIVER = [2, 11, 15, 21], [10, 20]  # neuron 0 fires at 11 and 21, together with the probe
REFRACTORY = {"t_refractory": "4*ms", "t_rest": "4*ms"}  # a probe grown strong still does not make it fire


def raster(probe=(), driver=()):
    spikes = np.zeros((N_STEPS, 2))
    spikes[list(probe), 0] = spikes[list(driver), 1] = 1
    return spikes


def state(w=W, **other):
    return frozen_state(PARAMS, np.asarray(w, float), np.full(2, 20e-3)) | {f"exc.{k}": v for k, v in other.items()}


def golden(network, backend, rule="triplet"):
    return network(backend, PARAMS.updated({"rule": f"diehl-cook-{rule}"}), 1, "raster")


def weights(result):
    return result.state["inputs_exc.w"].reshape(2, 2)


def exc_steps(result, neuron=0):
    record = result.records["exc_spikes"]
    return [round(t / 0.5e-3) for t in record["t"][record["i"] == neuron]]


def left(steps, tau):
    """What is left of a trace after some steps of 0.5 ms, tau in ms."""
    return exp(-steps * 0.5 / tau)


def by_hand(rule, nu_pre, nu_post, mu, beta, x_target, w_max):
    """Weights of probe and driver to neuron 0 after its spikes at 11 and 21, before normalisation.

    A spike of neuron 0 reads traces of input spikes of earlier steps; an input spike reads traces of earlier spikes of
    neuron 0; at 11 and 21 neuron 0 comes first, then the probe.
    """

    def clip(w):
        return min(max(w, 0.0), w_max)

    probe, driver = 0.3, 1.0
    if rule == "triplet":  # traces are set to 1; at 11 there is no earlier spike of neuron 0, so y = 0
        probe = clip(probe - nu_pre * left(4, 20))  # 15
        driver = clip(driver - nu_pre * left(9, 20))  # 20
        probe = clip(probe + nu_post * left(6, 20) * left(10, 40))  # 21, neuron 0
        probe = clip(probe - nu_pre * left(10, 20))  # 21, probe
        driver = clip(driver + nu_post * left(1, 20) * left(10, 40))  # 21
        return probe, driver

    # All other rules add up traces: of the probe (2, 11, 15) and the driver (10, 20) as neuron 0 fires at 11 and 21.
    x_probe = left(9, 20), left(19, 20) + left(10, 20) + left(6, 20)
    x_driver = left(1, 20), left(11, 20) + left(1, 20)
    if rule == "power-law":
        for x in x_probe:
            probe = clip(probe + nu_post * (x - x_target) * (w_max - probe) ** mu)
        for x in x_driver:
            driver = clip(driver + nu_post * (x - x_target) * (w_max - driver) ** mu)
    elif rule == "exponential":
        for x in x_probe:
            probe = clip(probe + nu_post * (x * exp(-beta * probe) - x_target * exp(-beta * (w_max - probe))))
        for x in x_driver:
            driver = clip(driver + nu_post * (x * exp(-beta * driver) - x_target * exp(-beta * (w_max - driver))))
    elif rule == "pre-and-post":
        probe = clip(probe + nu_post * (x_probe[0] - x_target) * (w_max - probe) ** mu)  # 11
        probe = clip(probe - nu_pre * left(4, 20) * probe**mu)  # 15
        probe = clip(probe + nu_post * (x_probe[1] - x_target) * (w_max - probe) ** mu)  # 21, neuron 0
        probe = clip(probe - nu_pre * left(10, 20) * probe**mu)  # 21, probe
        driver = clip(driver + nu_post * (x_driver[0] - x_target) * (w_max - driver) ** mu)  # 11
        driver = clip(driver - nu_pre * left(9, 20) * driver**mu)  # 20
        driver = clip(driver + nu_post * (x_driver[1] - x_target) * (w_max - driver) ** mu)  # 21
    elif rule == "pair":
        probe = clip(probe + nu_post * x_probe[0])  # 11
        probe = clip(probe - nu_pre * left(4, 20))  # 15
        probe = clip(probe + nu_post * x_probe[1])  # 21, neuron 0
        probe = clip(probe - nu_pre * left(10, 20))  # 21, probe
        driver = clip(driver + nu_post * x_driver[0])  # 11
        driver = clip(driver - nu_pre * left(9, 20))  # 20
        driver = clip(driver + nu_post * x_driver[1])  # 21
    return probe, driver


@pytest.mark.parametrize(("rule", "backend"), on_backends(RULES))
def test_weights_of_every_rule(network, backend, rule):
    """Two coincidences, depression in between, normalisation to 1 in the end; also where steps run into 0 and w_max."""
    net = golden(network, backend, rule)
    for constants in (PLAIN, *EXTREME.values()):
        result = net.run(state(), raster(PROBE, DRIVER), **constants, **REFRACTORY)
        assert exc_steps(result, 0) == [11, 21]
        assert exc_steps(result, 1) == []
        probe, driver = by_hand(rule, **constants)
        assert probe + driver > 0.1
        expected = np.array([probe, driver]) / (probe + driver)
        assert_allclose(weights(result)[:, 0], expected, rtol=1e-12, atol=1e-15, err_msg=str(constants))
        assert_allclose(weights(result)[:, 1], W[:, 1], rtol=0)  # silent: neither plasticity nor normalisation


def test_extreme_constants_reach_both_bounds():
    up, by_input, by_output = EXTREME.values()
    assert by_hand("triplet", **up)[1] == by_hand("pair", **up)[1] == by_hand("power-law", **up)[0] == 1.0
    assert by_hand("triplet", **by_input)[0] == by_hand("pair", **by_input)[0] == 0.0
    assert by_hand("pre-and-post", **by_input)[0] == by_hand("power-law", **(by_output | {"nu_post": 1.0}))[0] == 0.0


@pytest.mark.parametrize(("rule", "backend"), on_backends(RULES))
def test_frozen_weights_stay(network, backend, rule):
    """Without learning nothing changes a weight, not even normalisation (column 0 sums to 1.3, not to 1)."""
    result = golden(network, backend, rule).run(state(), raster(PROBE, DRIVER), learning=0.0, **PLAIN, **REFRACTORY)
    assert exc_steps(result) == [11, 21]
    assert weights(result).tolist() == W.tolist()


@pytest.mark.parametrize(("rule", "backend"), on_backends(["power-law", "pre-and-post"]))
def test_weight_above_its_maximum_is_brought_back(network, backend, rule):
    """Normalisation can lift a weight above w_max; (w_max - w)**mu must not make it nan."""
    result = golden(network, backend, rule).run(state([[1.2, 0.1], [1.0, 0.05]]), raster(driver=[10]), **PLAIN)
    assert exc_steps(result) == [11]
    assert_allclose(weights(result)[:, 0], [0.5, 0.5], rtol=1e-12)  # both at w_max, then normalised to a sum of 1


def test_normalisation_scales_only_neurons_that_spiked(network, backend):
    result = golden(network, backend).run(
        state([[0.2, 0.1], [1.0, 0.05]]), raster(driver=[10]), nu_pre=0.0, nu_post=0.0, w_total=3.0
    )
    assert_allclose(weights(result), [[0.5, 0.1], [2.5, 0.05]], rtol=1e-15)


def test_a_neuron_whose_weights_are_all_zero_stays_so(network, backend):
    """The driver loses its weight at 20, as it makes neuron 0 fire for the last time: nothing is left to normalise."""
    result = golden(network, backend).run(
        state([[0.0, 0.1], [1.0, 0.05]]), raster(driver=[10, 20]), nu_pre=10.0, nu_post=0.0
    )
    assert exc_steps(result) == [11, 21]
    assert weights(result)[:, 0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("backend", ["numpy", "cpp"])
def test_traces_decay_and_are_set(network, backend):
    """Triplet: set to 1 at the last spike; pair: the spikes add up. At the end of step 39 it has decayed up to 39."""
    triplet, pair = (golden(network, backend, rule).run(state(), raster(PROBE, DRIVER)) for rule in ("triplet", "pair"))
    assert_allclose(triplet.state["inputs.x"], [left(18, 20), left(19, 20)], rtol=1e-13)
    assert_allclose(triplet.state["exc.x"], [left(18, 20), 0], rtol=1e-13)
    assert_allclose(triplet.state["exc.y"], [left(18, 40), 0], rtol=1e-13)
    assert_allclose(
        pair.state["inputs.x"], [sum(left(39 - k, 20) for k in PROBE), left(19, 20) + left(29, 20)], rtol=1e-13
    )
    assert_allclose(pair.state["exc.x"], [left(18, 20) + left(28, 20), 0], rtol=1e-13)


def test_threshold_rises_at_a_spike_and_decays(network, backend):
    """20 mV decay for 40 steps; the 3 mV of the spike at 11 for the 28 steps from 12 on; 100 ms of rest by formula."""
    net = golden(network, backend)
    changed = {"theta_plus": "3*mV", "tau_theta": "1000*ms"}
    result = net.run(state(), raster(driver=[10]), **changed)
    assert exc_steps(result) == [11]
    after = np.array([20 * left(40, 1000) + 3 * left(28, 1000), 20 * left(40, 1000)]) * 1e-3
    assert_allclose(result.state["exc.theta"], after, rtol=1e-13)
    rested = net.run(state(), raster(driver=[10]), t_rest="100*ms", t_rest_simulated="0*ms", **changed)
    assert_allclose(rested.state["exc.theta"], after * exp(-100 / 1000), rtol=1e-13)
    frozen = net.run(state(), raster(driver=[10]), learning=0.0, **changed)
    assert frozen.state["exc.theta"].tolist() == [20e-3, 20e-3]


def test_threshold_is_offset_plus_theta(network, backend):
    """Weight 1 lifts v to -32.5 mV: with theta 35 (threshold -33) the neuron fires, with 36 (-32) it does not."""
    for theta, steps in ((35e-3, [11]), (36e-3, [])):
        result = golden(network, backend).run(state(theta=np.array([theta, 20e-3])), raster(driver=[10]))
        assert exc_steps(result) == steps


def test_membrane_step(network, backend):
    """One exponential Euler step with conductances of its start: from -65 mV towards -65 / 1.5, rate 1.5 / tau_mem."""
    result = golden(network, backend).run(
        state([[0.5, 0], [0, 0]]), raster(probe=[38]), tau_mem="100*ms", tau_ge="1*ms", nu_pre=0.0
    )
    v_inf = -65 / 1.5
    v = np.array([v_inf + (-65 - v_inf) * exp(-1.5 * 0.5 / 100), -65]) * 1e-3
    assert_allclose(result.state["exc.v"], v, rtol=1e-13)
    assert_allclose(result.state["exc.ge"], [0.5 * left(1, 1), 0], rtol=1e-13)


def test_a_spike_inhibits_the_others_one_step_later(network, backend):
    """Neuron 0 fires at 11: after step 11 nothing, after 12 a conductance of 17 at neuron 1, after 13 one step's decay."""
    net = golden(network, backend)
    for last, gi in ((11, 0.0), (12, 17.0), (13, 17 * left(1, 2))):
        result = net.run(state(), raster(driver=[10]), t_present=f"{(last + 1) * 0.5}*ms")
        assert exc_steps(result) == [11]
        assert_allclose(result.state["exc.gi"], [0, gi], rtol=1e-14)
    v_inf = (-65 - 17 * 100) / 18  # in step 13, from rest, towards the mean of -65 and 17 times -100 mV
    assert_allclose(result.state["exc.v"][1], (v_inf + (-65 - v_inf) * exp(-18 * 0.5 / 0.1)) * 1e-3, rtol=1e-13)


def test_refractory_time_is_ten_steps(network, backend):
    """Driven at every step, with 5 ms between spikes: 1, 11, 21, 31."""
    result = golden(network, backend).run(
        state(), raster(driver=range(N_STEPS)), t_rest="5*ms", t_refractory="5*ms", nu_pre=0.0
    )
    assert exc_steps(result) == [1, 11, 21, 31]


def test_least_time_between_spikes_leaves_the_membrane_free(network, backend):
    """As above, but only spikes are held back, for 10 ms: the next one comes at once when they are over."""
    settings = {"t_refractory": "2*ms", "t_isi_min": "10*ms", "t_rest": "10*ms"}
    result = network(backend, PARAMS.updated(sectioned(settings)), 1, "raster").run(
        state(), raster(driver=range(N_STEPS)), nu_pre=0.0, **settings
    )
    assert exc_steps(result) == [1, 21]


def test_no_image_starts_refractory():
    """Only the simulated part of the rest passes on the neurons' clock, so it must outlast the refractory time."""
    with pytest.raises(EquispikeError, match="simulated rest"):
        PARAMS.updated(sectioned({"t_rest": "100*ms", "t_rest_simulated": "0*ms", "t_refractory": "5*ms"}))


@pytest.mark.parametrize(("rule", "backend"), on_backends(["triplet", "pair"]))
def test_rest_by_formula_is_the_simulated_rest(network, backend, rule):
    """The pause of 150 ms simulated in full, or 20 ms of it and the remainder in closed form."""
    net = golden(network, backend, rule)
    settings = {"t_rest": "150*ms", "tau_theta": "1000*ms", "tau_gi": "1*ms", "tau_mem": "100*ms"}
    start = state(v=np.array([-30e-3, -70e-3]))
    short, full = (
        net.run(start, raster(PROBE, []), rest=rest, t_rest_simulated="20*ms", **settings).state
        for rest in ("short", "full")
    )
    assert full["exc.x"][0] > 0
    for name in ("inputs.x", "exc.x", "exc.theta", "inputs_exc.w", "exc.v"):
        assert_allclose(short[name], full[name], rtol=1e-9, atol=1e-300, err_msg=name)
