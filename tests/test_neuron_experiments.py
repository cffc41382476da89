"""Neurons under experiments: closed forms, published numbers, published panels, the same on every backend."""

import os
import re
import subprocess
import sys
from pathlib import Path

import blind_izhikevich
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from brian2 import Network, ms, nA
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.special import exprel

from equispike.analysis.closed_forms import fi_curve_of
from equispike.analysis.figures import draw
from equispike.analysis.firing_patterns import Response, classify, patterns_of
from equispike.models import NEURONS
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.jax import differentiable
from equispike.models.errors import EquispikeError
from equispike.models.neurons.current_clamp import build
from equispike.protocols.experiments import EXPERIMENTS
from equispike.protocols.experiments.running import run_experiment
from equispike.protocols.experiments.stimulating import Current, stimulate

DRIVEN = [name for name, neuron in NEURONS.items() if neuron.input]
OF_NEURONS = [name for name, experiment in EXPERIMENTS.items() if experiment.takes == "neuron"]
#: Long runs need a compiler.
FAST = "numpy" if BACKENDS["cpp"].why_not() else "cpp"


@pytest.fixture
def run(tmp_path: Path):
    """``run(model, experiment, backend, **settings)``: the outcome, in a folder of its own."""
    count = iter(range(100))
    return lambda model, experiment, backend="numpy", **settings: run_experiment(
        model, experiment, settings, backend, tmp_path / f"run{next(count)}"
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Runs of the published panels, by neuron."""
    folder = tmp_path_factory.mktemp("patterns")
    return {
        name: run_experiment(name, "firing-patterns", {}, "numpy", folder / name) for name in ("izhikevich", "adex")
    }


# Leaky integrate-and-fire: everything has a closed form.


def test_lif_rates_are_the_closed_form_to_one_part_in_a_million(run):
    errors = {}
    for dt in ("0.1*ms", "0.01*ms"):
        settings = {"dt": dt, "current": "linspace(2.05,5,40)*nA", "duration": "70*ms", "settling": "0*ms"}
        table = fi_curve_of(run("lif", "fi-curve", FAST, **settings).folder)
        rate, expected = table["rate_Hz"], table["closed_form_Hz"]
        assert (table["intervals"] > 0).all()
        errors[dt] = np.abs(rate / expected - 1).max()
    assert errors["0.01*ms"] < 1e-6
    # Interpolated crossings leave an error of the second order.
    assert 30 < errors["0.1*ms"] / errors["0.01*ms"] < 300


def test_zero_is_what_was_measured_and_silent(run):
    """At 2.2 nA a spike takes 8 ms ln 11 = 19 ms: in 30 ms there is one, which makes no interval; at 1 nA there is none."""
    with pytest.raises(EquispikeError, match="nothing for the steady rate after"):
        run("lif", "fi-curve", duration="200*ms")
    settings = {"current": "[1,2.2,5]*nA", "settling": "0*ms", "duration": "30*ms"}
    table = run("lif", "fi-curve", **settings).table
    assert table["spikes"].tolist()[:2] == [0, 1] and table["spikes"][2] > 1
    for name in ("rate_Hz", "first_rate_Hz"):
        assert table[name][0] == 0 and np.isnan(table[name][1]) and table[name][2] > 100


def test_a_threshold_below_all_that_was_tried_is_not_measured(run):
    outcome = run("lif", "strength-duration", weakest="50*nA", duration="[1,10]*ms", v_threshold="-64.9*mV")
    assert outcome.table["current_nA"].isna().all() and outcome.tables["summary"]["rheobase_nA"].isna().all()
    with pytest.raises(EquispikeError, match="must be below the strongest"):
        run("lif", "strength-duration", weakest="5*nA", strongest="5*nA")


def test_a_trace_that_ends_too_early_has_no_trough(run):
    shape = run("hodgkin-huxley", "action-potential", FAST, duration="3*ms").table.iloc[0]
    assert np.isnan(shape["trough_mV"]) and np.isfinite(shape["peak_mV"]) and np.isfinite(shape["latency_ms"])


def test_lif_is_silent_up_to_its_rheobase(run):
    table = run("lif", "fi-curve", current="[1.999,2.001]*nA", duration="100*ms", settling="0*ms").table
    assert table["spikes"].tolist() == [0, 1]  # (theta - u_rest) / R = 20 mV / 10 Mohm = 2 nA


def test_lif_strength_duration_is_lapicques_curve(run):
    outcome = run("lif", "strength-duration", window="0.1*ms")
    table, summary = outcome.table, outcome.tables["summary"]
    tau, rheobase = 8.0, 2.0
    expected = rheobase / (1 - np.exp(-table["duration_ms"] / tau))
    assert_allclose(table["current_nA"], expected, rtol=3e-5)
    assert summary["rheobase_nA"].item() == pytest.approx(2, rel=1e-4)
    assert summary["chronaxie_ms"].item() == pytest.approx(tau * np.log(2), rel=1e-3)


def test_lif_is_refractory_for_its_refractory_period():
    neuron, params = NEURONS["lif"], NEURONS["lif"].params().updated({"t_refractory": "5*ms"})
    found = stimulate(neuron, params, [Current.step(1.0)], 0.1, "numpy", 0)  # so strong that it fires at once
    t = found.spikes["t"]
    assert_allclose(np.diff(t), 5.1e-3, rtol=1e-9)  # reset at the end of a step, 5 ms, one step to the threshold
    assert_allclose(found.intervals(resets=True)["interval"], 5e-3, rtol=1e-3)


def test_driven_lif_rates_are_its_closed_form(run):
    """The reset subtracts the threshold, so that what a step overshoots by is kept."""
    settings = {"current": "[1.05,1.2,2,3]", "duration": "100*ms", "settling": "0*ms", "dt": "0.02*ms"}
    table = fi_curve_of(run("dimensionless-lif", "fi-curve", **settings).folder)
    assert_allclose(table["rate_Hz"], table["closed_form_Hz"], rtol=5e-3)


# Hodgkin and Huxley.


def blind_hodgkin_huxley(t: np.ndarray, current: float) -> np.ndarray:
    """The potential in mV at times t in ms, by an adaptive method of high order, from the equations of the paper."""

    def rates(v):
        alpha_m, beta_m = 1 / exprel((25 - v) / 10), 4 * np.exp(-v / 18)
        alpha_h, beta_h = 0.07 * np.exp(-v / 20), 1 / (np.exp((30 - v) / 10) + 1)
        alpha_n, beta_n = 0.1 / exprel((10 - v) / 10), 0.125 * np.exp(-v / 80)
        return np.array([alpha_m, alpha_h, alpha_n]), np.array([beta_m, beta_h, beta_n])

    def slope(_, y):
        v, gates = y[0], y[1:]
        m, h, n = gates
        alpha, beta = rates(v)
        ionic = 120 * m**3 * h * (v - 115) + 36 * n**4 * (v + 12) + 0.3 * (v - 10.613)
        return np.array([current - ionic, *(alpha * (1 - gates) - beta * gates)])

    alpha, beta = rates(0.0)
    start = [0.0, *(alpha / (alpha + beta))]
    return solve_ivp(slope, (0, t[-1]), start, "DOP853", t, rtol=1e-10, atol=1e-12).y[0]


def test_hodgkin_huxley_approaches_a_solution_of_high_order():
    """Of the first order: half the time step, half the error, which is largest in the upstroke of 400 mV/ms."""
    neuron, currents, errors = NEURONS["hodgkin-huxley"], np.array([2.0, 10.0]), []
    for dt in ("0.02*ms", "0.01*ms"):
        params = neuron.params().updated({"dt": dt})
        found = stimulate(
            neuron, params, [Current.step(i * 1e-2) for i in currents], 0.01, "numpy", 0, sample_every=1e-4
        )
        for number, current in enumerate(currents):
            own = found.samples[found.samples["neuron"] == number]
            expected = blind_hodgkin_huxley(own["t"].to_numpy() * 1000, current)
            errors.append(np.abs(own["v"] * 1000 - expected).max())
    assert errors[2] < 0.04 and errors[3] < 10
    assert_allclose(np.divide(errors[:2], errors[2:]), 2, rtol=0.1)
    assert own["v"].max() * 1000 == pytest.approx(expected.max(), abs=0.3)


def test_hodgkin_huxley_onset_is_sudden_at_the_published_current(run):
    """A single spike from 2.2 to 2.4 uA/cm2 on, firing without end from about 6.3 uA/cm2 on, at once with over 50 Hz."""
    table = run("hodgkin-huxley", "fi-curve", FAST, current="[2.2,2.4,6.1,6.4,20]*uA/cm**2", duration="400*ms").table
    assert table["spikes"][:2].tolist() == [0, 1]
    assert table["rate_Hz"][2] == 0 and 50 < table["rate_Hz"][3] < 56 and 80 < table["rate_Hz"][4] < 95


def test_hodgkin_huxley_action_potential(run):
    outcome = run("hodgkin-huxley", "action-potential", FAST)
    shape, second = outcome.table.iloc[0], outcome.tables["refractoriness"]
    assert 100 < shape["height_mV"] < 110 and 1.2 < shape["half_width_ms"] < 1.6 and -12 < shape["trough_mV"] < -10
    # Threshold charge of a shock that leaves no time for anything else: 6 to 7 nC/cm2, 6 to 7 mV.
    assert 6 < shape["pulse_threshold_uA/cm**2"] * 0.5 < 7
    relative = second.set_index("interval_ms")["relative_threshold"]
    assert relative.loc[:8].isna().all() and shape["absolute_refractory_ms"] == pytest.approx(9)
    assert (np.diff(relative.loc[9:16]) < 0).all() and relative.loc[14] > 1.2
    assert relative.loc[16:].between(0.8, 1.1).all()  # recovered, with a phase of higher excitability


def test_hodgkin_huxley_fires_when_hyperpolarisation_ends(run):
    table = run("hodgkin-huxley", "anode-break", FAST).table
    weakest = table[table["spikes"] > 0].groupby("duration_ms")["strength_uA/cm**2"].min()
    assert weakest.index.tolist() == [2, 5, 10, 30] and (np.diff(weakest) <= 0).all()
    assert (table["spikes"] <= 1).all()
    assert run("lif", "anode-break").table["spikes"].sum() == 0


def test_rates_are_right_where_the_papers_quotients_are_zero_by_zero():
    neuron, params = NEURONS["hodgkin-huxley"], NEURONS["hodgkin-huxley"].params()
    v = np.array([0.025, 0.010, 0.025 + 1e-12, -1.0, 1.0])
    start = {"v": v, "m": np.full(5, 0.5), "h": np.full(5, 0.5), "n": np.full(5, 0.5)}
    for backend in {"numpy", FAST}:
        found = stimulate(neuron, params, [Current.step(0.0)] * 5, 2e-5, backend, 0, initial=start, sample_every=1e-5)
        after = found.samples[found.samples["t"] > 0].set_index("neuron")
        assert np.isfinite(after).all(axis=None), backend
        # At 25 mV alpha_m is 1/ms and beta_m is 4 exp(-25/18)/ms.
        alpha, beta = 1.0, 4 * np.exp(-25 / 18)
        limit = alpha / (alpha + beta)
        assert after["m"][0] == pytest.approx(limit + (0.5 - limit) * np.exp(-(alpha + beta) * 0.01), rel=1e-9)
        assert after["m"][2] == pytest.approx(after["m"][0], rel=1e-9)


# Panels.


def test_the_twenty_panels_spike_as_in_the_papers_own_program(published):
    spikes = published["izhikevich"].tables["spikes"]
    for panel, (*_, dt, _, _) in enumerate(blind_izhikevich.PANELS):
        expected = blind_izhikevich.spike_times(panel)
        found = spikes[spikes["panel"] == panel]["t_ms"].to_numpy()
        assert len(found) == len(expected), panel
        assert ((expected - found >= -1e-9) & (expected - found <= dt + 1e-9)).all(), panel  # crossed within the step


@pytest.mark.parametrize("name", ["izhikevich", "adex"])
def test_every_panel_is_recognised_as_what_it_is_called(published, name):
    found = patterns_of(published[name].folder)
    assert len(found) == {"izhikevich": 20, "adex": 8}[name]
    assert found["recognised_as"].tolist() == found["published_kind"].tolist()


STEP = ((0.0, 0.0, 0.0), (10.0, 1.0, 0.0))
PULSES = ((0.0, 0.0, 0.0), *((t + k * 2, 1.0 - k, 0.0) for t in (10, 15, 60, 80) for k in (0, 1)))


@pytest.mark.parametrize(
    ("spikes", "current", "pattern"),
    [
        (np.arange(15, 100, 10), STEP, "tonic spiking"),
        ([12], STEP, "phasic spiking"),
        ([12, 14, 16, 18], STEP, "phasic bursting"),
        ([12, 14, 16, 46, 48, 50, 80, 82, 84], STEP, "tonic bursting"),
        ([40, 42, 44, 74, 76, 78, 98], ((0.0, 1.0, 0.0),), "delayed bursting"),
        ([12, 14, 40, 65, 90], STEP, "initial burst"),
        (12 + np.cumsum([0, 4, 6, 9, 13, 18, 24]), STEP, "adaptation"),
        (45 + np.cumsum([0, 20, 14, 10]), STEP, "delayed accelerating"),
        (12 + np.cumsum([0, 8, 8, 3, 14, 3, 14, 3, 14]), STEP, "irregular spiking"),
        ([], STEP, "silent"),
        ([20, 55, 72, 84, 93, 99], ((0.0, 0.0, 0.0), (10.0, 0.0, 1.0)), "class 1"),
        ([60, 70, 79, 87, 94], ((0.0, 0.0, 0.0), (10.0, 0.0, 1.0)), "class 2"),
        ([18], PULSES, "integrator"),
        ([83], PULSES, "resonator"),
        ([30], ((0.0, 0.0, 0.0), (10.0, 1.0, 0.0), (13.0, 0.0, 0.0)), "spike latency"),
        ([30], ((0.0, 0.0, 0.0), (10.0, -1.0, 0.0), (13.0, 0.0, 0.0)), "rebound spike"),
        ([30, 33], ((0.0, 0.0, 0.0), (10.0, -1.0, 0.0), (13.0, 0.0, 0.0)), "rebound burst"),
    ],
)
def test_what_spike_trains_are_called(spikes, current, pattern):
    t = np.arange(0, 100, 0.5)
    assert classify(Response(np.asarray(spikes, float), current, t, np.zeros(len(t)), 100.0)) == pattern


# Every model with every experiment, on every backend.


@pytest.mark.parametrize(("name", "backend"), [("lif", "cython"), ("lif", "cpp"), ("adex", "cpp")])
def test_backends_agree(run, name, backend):
    if reason := BACKENDS[backend].why_not():
        pytest.skip(reason)
    settings = {"current": "[-1,2.5,4]*nA" if name == "lif" else "[-0.5,0.7,1]*nA", "duration": "100*ms"}
    here, reference = run(name, "step-current", backend, **settings), run(name, "step-current", "numpy", **settings)
    assert_allclose(here.tables["spikes"], reference.tables["spikes"], rtol=1e-7)
    assert_allclose(here.tables["traces"], reference.tables["traces"], rtol=1e-5, atol=1e-6)
    assert here.table["spikes"].iloc[-1] > 2


def test_a_neuron_without_a_current_is_refused(run):
    for experiment in OF_NEURONS:
        with pytest.raises(EquispikeError, match="conductance-lif: it has no input for a current"):
            run("conductance-lif", experiment)


@pytest.mark.parametrize("name", ["hodgkin-huxley", "adex", "izhikevich", "quadratic"])
def test_neurons_are_differentiable_where_they_are_smooth(name):
    """The gradient of the potential after 200 steps by the current: a difference quotient says the same."""
    neuron, n = NEURONS[name], 2
    params = neuron.params()
    network = Network(*build(neuron, params, n).objects)
    program = differentiable(network, inputs=["stim_onsets", "stim_levels", "stim_slopes"], dtype=np.float64)
    rows = np.zeros((12, n))
    onsets = rows + 1e9
    onsets[0] = 0
    unit = 1.0 if neuron.current_unit is None else float(neuron.current_unit)

    @jax.jit
    def v(scale):
        levels = jnp.asarray(rows).at[0].set(jnp.array([0.2, 0.4]) * neuron.current * unit * scale)
        inputs = {"stim_onsets": onsets, "stim_levels": levels, "stim_slopes": rows}
        steps = 20 if name == "izhikevich" else 200
        return program.run({}, {"cells.at_rest": np.ones(n), **inputs}, steps)[0]["cells.v"].sum()

    h = 1e-5
    quotient = (v(1 + h) - v(1 - h)) / (2 * h)
    assert abs(quotient) > 1e-5
    assert_allclose(jax.grad(v)(1.0), quotient, rtol=1e-6)


def test_a_neuron_of_your_own(run, monkeypatch):
    """What docs/experiments.md says is needed for a new neuron is all that is needed for every experiment."""
    text = Path(__file__, "../../docs/experiments.md").resolve().read_text()
    (code,) = re.findall(r"```python\n(# A neuron of your own\n.*?)```", text, re.DOTALL)
    names: dict = {}
    exec(compile(code, "docs/experiments.md", "exec"), names)
    own = names["EXPONENTIAL"]
    monkeypatch.setitem(NEURONS, own.name, own)
    shorter = {
        "fi-curve": {"duration": "300*ms"},
        "ramp-current": {"duration": "[20,100]*ms"},
        "strength-duration": {"duration": "[0.5,5,50]*ms"},
    }
    for experiment in OF_NEURONS:
        outcome = run(own.name, experiment, **shorter.get(experiment, {}))
        assert len(outcome.table) and draw(outcome.folder.path)[1] == []
        if experiment == "fi-curve":
            rates = outcome.table["rate_Hz"].dropna()  # empty where one spike gave no interval
            assert rates.is_monotonic_increasing and rates.iloc[-1] > 20 and len(rates) > 30


# What a person sees.


def test_the_command_runs_draws_and_keeps(equispike, tmp_path):
    done = equispike("experiment", "fi-curve", "lif", "--set", "tau_mem=20*ms", "--set", "current=linspace(0,5,41)*nA",
                     "--set", "duration=100*ms", "--set", "settling=20*ms", "--backend", "numpy", "--out", "fi")  # fmt: skip
    assert done.code == 0, done.err
    assert sorted(os.listdir("fi")) == ["fi_curve.csv", "figures", "run.json"]
    table = pd.read_csv("fi/fi_curve.csv")
    assert len(table) == 41 and table["current_nA"].iloc[-1] == 5 and table["closed_form_Hz"].iloc[-1] > 0
    record = pd.read_json("fi/run.json", typ="series")
    assert record["config"]["params"]["tau_mem"] == "20*ms"
    assert record["config"]["experiment_params"]["current"] == "linspace(0,5,41)*nA"
    assert equispike("figures", "fi", "--out", "again").code == 0
    assert "--out" in equispike("experiment", "fi-curve", "lif", "--out", "fi").sentence
    assert "holds no network" in equispike("evaluate", "fi").sentence
    shown = equispike("experiment", "list").out
    assert all(name in shown for name in [*EXPERIMENTS, *DRIVEN])  # whole, not folded
    assert "Lapicque" in equispike("experiment", "list", "strength-duration").out
    assert "g_na" in equispike("list", "hodgkin-huxley").out


def test_what_is_concluded_can_be_imported_first():
    """Figures draw conclusions, conclusions do not draw figures."""
    subprocess.run([sys.executable, "-c", "import analysis.experiments"], check=True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("nothing", "lif"), "the experiments are: step-current"),
        (("fi-curve", "nothing"), "there are: lif"),
        (("fi-curve", "diehl-cook"), "takes a neuron model, and diehl-cook is a network"),
        (("fi-curve",), "equispike experiment fi-curve lif"),
        (("fi-curve", "lif", "--set", "tau=1*ms"), "unknown parameter 'tau'"),
        (("fi-curve", "lif", "--set", "duratoin=1*ms"), "did you mean 'duration'"),
        (("fi-curve", "lif", "--set", "current=linspace(0,5,41)*mV"), "current needs a value in nA"),
        (("fi-curve", "lif", "--set", "tau_mem=linspace(1,5,3)*ms"), "tau_mem takes one value"),
        (("fi-curve", "lif", "--set", "v_reset=-40*mV"), "v_reset must be below v_threshold"),
        (("fi-curve", "lif", "--backend", "abacus"), "unknown backend 'abacus'"),
        (("fi-curve", "conductance-lif"), "no input for a current"),
    ],
)
def test_bad_words(equispike, tmp_path, words, hint):
    assert hint in equispike("experiment", *words).sentence
    assert not any(tmp_path.iterdir())


def test_a_key_of_both_is_told_apart_by_the_name_before_it(run, monkeypatch):
    from dataclasses import dataclass, replace

    from equispike.models.neurons.lif import LifParams
    from equispike.models.params import param

    @dataclass(frozen=True)
    class WithDuration(LifParams):
        duration: object = param(3 * ms, "a name that the experiment has too", "test", unit=ms)

    monkeypatch.setitem(NEURONS, "both", replace(NEURONS["lif"], name="both", params=WithDuration))
    with pytest.raises(EquispikeError, match=r"write both\.duration or fi-curve\.duration"):
        run("both", "fi-curve", duration="50*ms")
    settings = {"both.duration": "4*ms", "fi-curve.duration": "50*ms", "settling": "10*ms", "current": 3 * nA}
    config = run("both", "fi-curve", **settings).folder.read_json("run.json")["config"]
    assert (config["params"]["duration"], config["experiment_params"]["duration"]) == ("4*ms", "50*ms")
