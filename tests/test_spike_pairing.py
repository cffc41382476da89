"""Pairs of spikes against closed forms and an event-by-event reference, on every backend; frequency dependence."""

from math import exp

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms
from numpy.testing import assert_allclose

from equispike.analysis.closed_forms import CHANGES, Pairs
from equispike.analysis.plasticity import SJOSTROM, expected_changes
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.jax import differentiable
from equispike.models.errors import EquispikeError
from equispike.models.plasticity import ALL_RULES
from equispike.models.plasticity.pairing import build
from equispike.protocols.experiments import get_experiment, spike_pairing
from equispike.protocols.experiments.running import run_experiment

EXPERIMENT = get_experiment("spike-pairing")
#: Few pairs, so that runtimes are done soon; trains of neighbouring pairs overlap.
SHORT = {"delta_t": "linspace(-40,40,17)*ms", "rate": "25*Hz", "n_pairs": 3, "rate_sweep": "[12.5,50]*Hz", "dt": "1*ms"}


def measure(name, backend="numpy", rule=None, **settings):
    model = ALL_RULES[name]
    if reason := BACKENDS[backend].why_not():
        pytest.skip(reason)
    params = model.params().updated(rule or {})
    settled = {"settling": "3500*ms"} if model.at_reward else {}
    experiment = EXPERIMENT.params(model, params).updated(SHORT | settled | settings)
    return params, EXPERIMENT.run(model, params, experiment, backend, 0)


def assert_closed_form(name, params, tables, rtol=1e-12):
    for table in tables.values():
        expected = expected_changes(name, params, table)
        assert np.abs(expected).max() > 1e-3
        # Weights are stored near 1: changes cannot be more exact than the sum of their roundings.
        assert_allclose(table["change"], expected, rtol=rtol, atol=5e-13)


def test_closed_form_of_a_few_pairs_by_hand():
    """One pair 10 ms apart either way; two pairs 50 ms apart, of which spikes of one meet those of the other."""
    pair, triplet = CHANGES["pair-stdp"], CHANGES["triplet-stdp"]
    p, t = ALL_RULES["pair-stdp"].params(), ALL_RULES["triplet-stdp"].params()
    one = Pairs(np.array([0.010, -0.010, 0.0]), np.full(3, 1.0), 1)
    assert_allclose(pair(p, one), [0.777 / 60 * exp(-10 / 16.8), -0.273 / 60 * exp(-10 / 33.7), 0], rtol=1e-14)
    two = Pairs(np.array([0.010]), np.array([0.050]), 2)
    potentiation = 0.777 / 60 * (2 * exp(-10 / 16.8) + exp(-60 / 16.8))
    assert_allclose(pair(p, two), [potentiation - 0.273 / 60 * exp(-40 / 33.7)], rtol=1e-14)
    first, second = exp(-10 / 16.8), exp(-10 / 16.8) + exp(-60 / 16.8)
    potentiation = 5e-10 * first + second * (5e-10 + 6.2e-3 * exp(-50 / 125))
    depression = exp(-40 / 33.7) * (7e-3 + 2.3e-4 * exp(-50 / 101))
    assert_allclose(triplet(t, two), [potentiation - depression], rtol=1e-13)
    nearest = pair(p.updated({"pairing": "nearest"}), two)
    assert_allclose(nearest, [0.777 / 60 * 2 * exp(-10 / 16.8) - 0.273 / 60 * exp(-40 / 33.7)], rtol=1e-14)


@pytest.mark.parametrize("name", list(CHANGES))
def test_simulated_changes_equal_the_closed_form(name):
    params, tables = measure(name)
    # Dopamine and eligibility are integrated together by a Runge-Kutta method.
    assert_closed_form(name, params, tables, rtol=1e-8 if name == "reward-modulated" else 1e-12)


@pytest.mark.parametrize("name", ["pair-stdp", "triplet-stdp"])
def test_nearest_spikes_only(name):
    params, tables = measure(name, rule={"pairing": "nearest"})
    assert_closed_form(name, params, tables)


@pytest.mark.parametrize(
    ("name", "backend"),
    [("pair-stdp", "cpp"), ("triplet-stdp", "cpp"), ("reward-modulated", "cpp")],
)
def test_backends_equal_the_closed_form(name, backend):
    params, tables = measure(name, backend)
    assert_closed_form(name, params, tables, rtol=1e-8 if name == "reward-modulated" else 1e-12)


def test_published_protocol_equals_the_closed_form():
    """60 pairs at 1 Hz over 200 ms, and from 0.1 to 50 Hz: ten minutes of biological time in one network."""
    defaults = {key: EXPERIMENT.params(ALL_RULES["pair-stdp"], None).as_text()[key] for key in SHORT}
    params, tables = measure("pair-stdp", "cpp", **defaults)
    assert len(tables["window"]) == 81
    assert tables["frequency"]["rate_Hz"].min() == pytest.approx(0.1)
    assert_closed_form("pair-stdp", params, tables)


#: What a postsynaptic spike adds, and a presynaptic one takes off, from the papers: of parameters, weight and trace.
AT_POST = {
    "multiplicative": lambda p, w, x: p.a_plus * (p.w_max - w) * x,
    "van-rossum": lambda p, w, x: p.a_plus * p.w_max * x,
    "guetig": lambda p, w, x: p.a_plus * p.w_max * (1 - w / p.w_max) ** p.mu_plus * x,
    "power-law": lambda p, w, x: p.rate_learning * p.w_reference ** (1 - p.mu) * w**p.mu * x,
    "diehl-cook-power-law": lambda p, w, x: p.nu_post * (x - p.x_target) * (p.w_max - w) ** p.mu,
    "diehl-cook-exponential": lambda p, w, x: (
        p.nu_post * (x * exp(-p.beta * w) - p.x_target * exp(-p.beta * (p.w_max - w)))
    ),
    "diehl-cook-pre-and-post": lambda p, w, x: p.nu_post * (x - p.x_target) * (p.w_max - w) ** p.mu,
}
AT_PRE = {
    "multiplicative": lambda p, w, y: p.a_minus * w * y,
    "van-rossum": lambda p, w, y: p.a_minus * w * y,
    "guetig": lambda p, w, y: p.a_minus * p.w_max * (w / p.w_max) ** p.mu_minus * y,
    "power-law": lambda p, w, y: p.rate_learning * p.alpha * w * y,
    "diehl-cook-power-law": lambda p, w, y: 0.0,
    "diehl-cook-exponential": lambda p, w, y: 0.0,
    "diehl-cook-pre-and-post": lambda p, w, y: p.nu_pre * y * w**p.mu,
}


def by_events(name, p, delta_t, period, n_pairs, w):
    """Weight after regular pairs, spike by spike; times in ms."""
    tau_pre = float((p.tau_plus if hasattr(p, "tau_plus") else p.tau_x_pre) / ms)
    tau_post = float((p.tau_minus if hasattr(p, "tau_minus") else p.tau_x_post) / ms)
    pre, post = [k * period for k in range(n_pairs)], [k * period + delta_t for k in range(n_pairs)]
    for t, is_pre in sorted(
        [(t, True) for t in pre] + [(t, False) for t in post]
    ):  # together: the postsynaptic one first
        if is_pre:
            w -= AT_PRE[name](p, w, sum(exp(-(t - s) / tau_post) for s in post if s < t))
        else:
            w += AT_POST[name](p, w, sum(exp(-(t - s) / tau_pre) for s in pre if s < t))
    return w


@pytest.mark.parametrize("name", [name for name in ALL_RULES if name not in CHANGES])
def test_changes_that_depend_on_the_weight(name):
    params, tables = measure(name)
    for table in tables.values():
        expected = [
            by_events(name, params, round(row.delta_t_ms), round(1e3 / row.rate_Hz), row.n_pairs, row.w_start)
            for row in table.itertuples()
        ]
        assert_allclose(table["w_end"], expected, rtol=1e-12)
        assert table["change"].abs().max() > 1e-3


def frequency_dependence(name):
    """Changes at the rates and times of the slices, in the order of the table of the slices."""
    _, tables = measure(name, "cpp", n_pairs=60, rate_sweep="[0.1,10,20,40,50]*Hz", dt="0.5*ms", delta_t="10*ms")
    table = tables["frequency"].assign(rate_Hz=tables["frequency"]["rate_Hz"].round(6))
    return SJOSTROM.merge(
        table[["rate_Hz", "delta_t_ms", "change"]], on=["rate_Hz", "delta_t_ms"], suffixes=("_slices", "")
    )


def test_triplets_show_the_frequency_dependence_of_the_slices_and_pairs_do_not():
    """Triplets: within 1.5 standard errors at every rate, pre before post or after. Pairs: potentiation falls with the rate."""
    triplet, pair = frequency_dependence("triplet-stdp"), frequency_dependence("pair-stdp")
    assert len(triplet) == len(SJOSTROM)
    misses = (triplet["change"] - triplet["change_slices"]) / triplet["standard_error"]
    assert misses.abs().max() < 1.5
    assert (((pair["change"] - pair["change_slices"]) / pair["standard_error"]) ** 2).sum() > 10 * (misses**2).sum()
    for table, grows in ((triplet, True), (pair, False)):
        before = table[table["delta_t_ms"] == 10].sort_values("rate_Hz")["change"]
        assert (np.diff(before) > 0).all() == grows
    assert triplet.query("delta_t_ms == -10 and rate_Hz == 50")["change"].item() > 0.5


def test_weights_stay_within_bounds():
    for changes in ({"a_plus": 5.0, "a_minus": 0.0}, {"a_plus": 0.0, "a_minus": 5.0}):
        _, tables = measure("additive", rule=changes)
        assert (
            set(tables["window"]["w_end"].round(12)) <= {0.0, 0.5, 1.0} or tables["window"]["w_end"].between(0, 1).all()
        )
        assert tables["window"]["w_end"].isin([0.0, 1.0]).any()
    _, tables = measure("reward-modulated", rule={"reward": 1000.0})
    w = tables["window"]["w_end"]
    assert w.between(-0.2, 4.2).all() and (w > 3.9).any() and (w < 0.1).any()


def test_no_reward_no_change():
    _, tables = measure("reward-modulated", rule={"reward": 0.0})
    assert (tables["window"]["change"] == 0).all()


def test_a_sweep_is_one_network(monkeypatch):
    compiled = []
    backend = BACKENDS["numpy"]
    monkeypatch.setattr(spike_pairing, "_PROGRAMS", {})
    monkeypatch.setattr(backend, "compile", lambda build: compiled.append(1) or type(backend).compile(backend, build))
    measure("pair-stdp")
    measure("anti-symmetric")  # other numbers, the same equations
    assert len(compiled) == 1


def test_gradient_with_respect_to_the_first_weight():
    """Multiplicative: one pair takes w to w (1 - a-) or to w + a+ (w_max - w), so that the slopes are 1 - a- and 1 - a+."""
    rule = ALL_RULES["multiplicative"]
    columns = {"pre.next_step": [50, 50], "post.next_step": [40, 60], "pre.n_left": [1, 1], "post.n_left": [1, 1],
               "pre.period": [1, 1], "post.period": [1, 1]}  # fmt: skip
    namespace = rule.params().namespace()
    network = differentiable(build(rule, namespace, 2, 1 * ms), inputs=[*columns, "synapses.w"], dtype=np.float64)
    given = {key: np.array(values) for key, values in columns.items()}

    def after(w):
        return network.run({}, given | {"synapses.w": w}, 100)[0]["synapses.w"]

    slopes = np.diag(jax.jacobian(after)(jnp.array([0.3, 0.3])))
    left = exp(-10 / 20)
    assert_allclose(slopes, [1 - 0.0105 * left, 1 - 0.01 * left], rtol=1e-12)


def test_bad_input_is_said_in_one_sentence(tmp_path):
    with pytest.raises(EquispikeError, match="rate is more than one pair in two time steps"):
        run_experiment("pair-stdp", "spike-pairing", {"rate": "2000*Hz"}, "numpy", tmp_path / "run")
    with pytest.raises(EquispikeError, match=r"unknown parameter 'reward_delay'"):
        run_experiment("pair-stdp", "spike-pairing", {"reward_delay": "1*ms"}, "numpy", tmp_path / "run")
    with pytest.raises(EquispikeError, match="spike-pairing takes a plasticity rule, and alpha is a synapse model"):
        run_experiment("alpha", "spike-pairing", out=tmp_path / "run")
