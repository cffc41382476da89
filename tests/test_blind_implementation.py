"""The network against a second implementation in plain NumPy, written without sight of the first (blind_diehl_cook)."""

import numpy as np
import pytest
from blind_diehl_cook import simulate
from numpy.testing import assert_allclose, assert_array_equal

from equispike.models.diehl_cook import DiehlCookParams, frozen_state

N_IMAGES, N_STEPS, N_INPUT, N_EXC, W_TOTAL = 4, 200, 80, 10, 30.0
SEEDS = (0, 1, 2)
PARAMS = {
    inhibition: DiehlCookParams().updated(
        {
            "n_input": N_INPUT,
            "n_exc": N_EXC,
            "w_total": W_TOTAL,
            "t_present": "100*ms",
            "n_spikes_min": 0,
            "inhibition": inhibition,
        }
    )
    for inhibition in ("neurons", "relay")
}


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (n_input, n_exc), thresholds (n_exc,) and input spikes (n_images, n_steps, n_input): busy, and all random."""
    rng = np.random.default_rng(seed)
    w = rng.random((N_INPUT, N_EXC))
    w *= W_TOTAL / w.sum(axis=0)
    rates = rng.choice([0.0, 0.05, 0.2], size=(N_IMAGES, 1, N_INPUT))
    return w, 20e-3 + 2e-3 * rng.random(N_EXC), rng.random((N_IMAGES, N_STEPS, N_INPUT)) < rates


@pytest.mark.parametrize("inhibition", ["neurons", "relay"])
def test_same_spikes_same_state(network, backend, inhibition):
    net = network(backend, PARAMS[inhibition], N_IMAGES, "raster")
    for seed in SEEDS:
        w, theta, raster = random_case(seed)
        expected = simulate(
            raster,
            w,
            theta,
            n_presentations=N_IMAGES,
            n_steps_present=N_STEPS,
            n_steps_rest=40,
            w_total=W_TOTAL,
            inhibition=inhibition,
        )
        result = net.run(frozen_state(net.params, w, theta), raster.reshape(-1, N_INPUT))
        assert len(expected["exc_spikes"]) > 50
        assert exc_spikes(result) == expected["exc_spikes"]
        assert_array_equal(responses(result), expected["n_spikes"])
        assert_allclose(result.state["inputs_exc.w"].reshape(w.shape), expected["w"], rtol=1e-12)
        assert_allclose(result.state["exc.theta"], expected["theta"], rtol=1e-12)
        assert_allclose(result.state["exc.v"], expected["v"], rtol=1e-12)


@pytest.mark.parametrize("inhibition", ["neurons", "relay"])
def test_two_chunks_are_as_good_as_one(network, backend, inhibition):
    """The carried state is complete: images 0 to 3 in one run, or 0, 1 and then 2, 3 from where the first run ended."""
    net = network(backend, PARAMS[inhibition], N_IMAGES, "raster")
    w, theta, raster = random_case(3)
    start, raster = frozen_state(net.params, w, theta), raster.reshape(-1, N_INPUT)
    one = net.run(start, raster)
    first = net.run(start, raster, n_images=2)
    second = net.run(first.state, np.roll(raster, -2 * N_STEPS, axis=0), n_images=2)
    shifted = [(step + 2 * (N_STEPS + 40), neuron) for step, neuron in exc_spikes(second)]
    assert exc_spikes(first) + shifted == exc_spikes(one)
    for name, value in one.state.items():
        assert_allclose(second.state[name], value, rtol=1e-13, atol=1e-300, err_msg=name)


def test_inhibitory_neurons_do_what_the_relay_does(network):
    w, theta, raster = random_case(0)
    neurons, relay = (
        net.run(frozen_state(net.params, w, theta), raster.reshape(-1, N_INPUT))
        for net in (network("numpy", params, N_IMAGES, "raster") for params in PARAMS.values())
    )
    assert exc_spikes(neurons) == exc_spikes(relay)
    assert_allclose(neurons.state["inputs_exc.w"], relay.state["inputs_exc.w"], rtol=1e-12)


@pytest.mark.parametrize("other", ["cython", "cpp"])
def test_poisson_input_is_the_same_on_every_backend(network, tiny, other):
    rng = np.random.default_rng(7)
    pixels = rng.choice([0, 100, 255], size=(2, tiny.n_input))
    state = frozen_state(tiny, rng.random((tiny.n_input, tiny.n_exc)), np.full(tiny.n_exc, 20e-3))
    ours, theirs = (network(name, tiny, 2, "poisson").run(state, pixels, seed=11) for name in ("numpy", other))
    assert len(ours.records["input_spikes"]["i"]) > 100
    assert input_spikes(ours) == input_spikes(theirs)
    assert exc_spikes(ours) == exc_spikes(theirs)
    for name, value in ours.state.items():
        assert_allclose(theirs.state[name], value, rtol=1e-11, atol=1e-300, err_msg=name)


def spikes(result, monitor):
    steps = np.rint(result.records[monitor]["t"] / 0.5e-3).astype(int)
    return list(zip(steps.tolist(), result.records[monitor]["i"].tolist(), strict=True))


def exc_spikes(result):
    return spikes(result, "exc_spikes")


def input_spikes(result):
    return spikes(result, "input_spikes")


def responses(result):
    """Spike counts (n_images, n_exc): a response is recorded in the last step of its presentation."""
    counts = np.zeros((N_IMAGES, N_EXC))
    record = result.records["responses"]
    counts[np.rint(record["t"] / 0.5e-3).astype(int) // (N_STEPS + 40), record["i"]] = record["n_spikes"]
    return counts
