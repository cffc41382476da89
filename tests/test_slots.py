"""Slots of the Diehl & Cook network: any rule learns in it, and what cannot stand there is refused in one sentence."""

import numpy as np
import pytest

from equispike.models import diehl_cook
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.errors import EquispikeError
from equispike.models.plasticity import ALL_RULES

SMALL = {
    "n_input": 20,
    "n_exc": 5,
    "w_total": 6.0,
    "n_spikes_min": 0,
    "t_present": "100*ms",
    "theta_init": "2*mV",
    "neuron.theta_offset": "2*mV",
    "rest": "full",
    "t_rest": "20*ms",
}


def learned(network, params, **inputs) -> np.ndarray:
    """Changes of the weights, (n_input * n_exc,), in three presentations."""
    shown = (np.random.default_rng(0).random((3 * params.n_steps_present, params.n_input)) < 0.1).astype(float)
    state = diehl_cook.initial_state(params, 0)
    program = network("numpy", params, 3, "raster").program
    result = program.run(state, {"raster": shown, **inputs}, {"n_images": 3}, 0)
    return result.state["inputs_exc.w"] - state["inputs_exc.w"]


@pytest.mark.parametrize("rule", ALL_RULES)
def test_every_rule_learns(network, rule):
    params = DiehlCookParams().updated(SMALL | {"rule": rule})
    rewards = {"rewards": np.full((3, 5), 150.0)} if ALL_RULES[rule].at_reward else {}
    changes = learned(network, params, **rewards)
    assert np.isfinite(changes).all()
    assert abs(changes).max() > 1e-4


def test_without_rewards_weights_are_only_normalised(network):
    params = DiehlCookParams().updated(SMALL | {"rule": "reward-modulated"})
    changes = learned(network, params, rewards=np.zeros((3, 5)))
    np.testing.assert_allclose(changes, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"neuron": "lif"}, "lif is driven by i_ext, .* choose conductance-lif"),
        ({"rule": "reward-modulated"}, "set rest=full"),
        ({"tau_mem": "50*ms"}, "did you mean 'neuron.tau_mem'"),
        ({"rule": "triplet-stdp", "rule.tau_plus": "5*mV"}, r"rule\.tau_plus needs a value in ms"),
        ({"rule.tau_plus": "5*ms"}, "unknown parameter 'rule.tau_plus'"),
        ({"rule": {"name": "pair-stdp"}}, "is not one of"),
    ],
)
def test_what_does_not_fit_is_refused(settings, sentence):
    with pytest.raises(EquispikeError, match=sentence):
        DiehlCookParams().updated(settings)


def test_settings_come_back_from_text():
    params = DiehlCookParams().updated({"rule": "triplet-stdp", "rule.tau_plus": "7*ms", "neuron.tau_mem": "50*ms"})
    assert DiehlCookParams().updated(params.as_text()) == params
