"""Weights under random inputs: two groups or one, and the same neuron on every backend."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from equispike.analysis.plasticity import BIMODAL, bimodality, distribution_summary
from equispike.models.codegen import BACKENDS
from equispike.models.errors import EquispikeError
from equispike.models.plasticity import ALL_RULES
from equispike.protocols.experiments import get_experiment
from equispike.protocols.experiments.running import run_experiment

EXPERIMENT = get_experiment("weight-distribution")


def measure(name, backend="cpp", rule=None, **settings):
    if reason := BACKENDS[backend].why_not():
        pytest.skip(reason)
    model = ALL_RULES[name]
    params = model.params().updated(rule or {})
    return EXPERIMENT.run(model, params, EXPERIMENT.params(model, params).updated(settings), backend, 0)


def test_additive_weights_fall_into_two_groups():
    """Song, Miller & Abbott 2000, figure 2: most synapses are near one of the bounds, few between."""
    (row,) = distribution_summary(measure("additive")["weights"]).itertuples()
    assert row.lowest_fifth > 0.25 and row.highest_fifth > 0.2
    assert row.middle_fifth < 0.1
    assert row.bimodality > BIMODAL + 0.1


@pytest.mark.parametrize(("name", "settled"), [("multiplicative", 1 / 2.05), ("power-law", 0.5 * 1.05 ** (-1 / 0.6))])
def test_weights_that_hold_themselves_back_form_one_group(name, settled):
    """They settle near where potentiation and depression by unrelated spikes are equal, a little above: inputs cause spikes."""
    (row,) = distribution_summary(measure(name)["weights"]).itertuples()
    assert row.bimodality < BIMODAL - 0.1
    assert row.standard_deviation < 0.05
    assert settled < row.mean < settled + 0.03


def test_a_sweep_over_rates_is_one_network():
    """The neuron that gets more input ends with weaker synapses; the one whose input is too weak keeps what it had."""
    weights = measure("additive", input_rate="[5,15,40]*Hz", duration="300000*ms")["weights"]
    means = weights.groupby("input_rate_Hz")["w_end"].mean()
    assert means[40.0] < means[15.0] < means[5.0]
    silent = weights[weights["input_rate_Hz"] == 5.0]
    assert_allclose(silent["w_end"], silent["w_start"], rtol=1e-15)


def test_a_rate_is_of_time_that_was_simulated():
    output = measure("additive", duration="2*ms")["output"]
    assert_allclose(output["t_s"], [0.0005, 0.001, 0.0015, 0.002])


def test_backends_fire_at_one_rate():
    """Frozen weights, three seconds: numbers of spikes differ by chance alone."""
    counts = {}
    for backend in ("numpy", "cpp"):
        tables = measure("additive", backend, rule={"a_plus": 0.0, "a_minus": 0.0}, duration="3000*ms")
        assert_allclose(tables["weights"]["w_end"], tables["weights"]["w_start"], rtol=1e-15)
        counts[backend] = tables["output"]["output_rate_Hz"].sum() * 0.03
    assert min(counts.values()) > 50
    assert max(counts.values()) - min(counts.values()) < 4 * np.sqrt(2 * max(counts.values()))


def test_bimodality_of_known_distributions():
    """Two points: 1; uniform: 5/9; normal: 1/3; one point: 0."""
    draw = np.random.default_rng(0)
    assert bimodality(np.repeat([0.1, 0.9], 5000)) == pytest.approx(1, abs=1e-3)
    assert bimodality(np.linspace(0, 1, 10_001)) == pytest.approx(5 / 9, abs=1e-3)
    assert bimodality(draw.normal(size=100_000)) == pytest.approx(1 / 3, abs=0.01)
    assert bimodality(np.full(100, 0.3)) == 0


def test_what_makes_no_sense_is_said(tmp_path):
    with pytest.raises(
        EquispikeError, match="makes no sense for reward-modulated: its weights change only when a reward"
    ):
        run_experiment("reward-modulated", "weight-distribution", out=tmp_path / "run")
    with pytest.raises(EquispikeError, match="makes no sense for symmetric: it balances inhibition"):
        run_experiment("symmetric", "weight-distribution", out=tmp_path / "run")
    with pytest.raises(EquispikeError, match="input_rate is one spike a time step or more"):
        run_experiment("additive", "weight-distribution", {"input_rate": "3000*Hz"}, "numpy", tmp_path / "run")
