"""Differentiable programs against Brian2 itself: the same spikes at the same steps, for every feature that is converted."""

from __future__ import annotations

import brian2
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import (
    Clock,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    ms,
    mV,
    network_operation,
)
from numpy.testing import assert_allclose, assert_array_equal
from small_networks import CASES, LIF, SPIKES, N, group, lif, pair

from equispike.models import NEURONS
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.jax import arctan, differentiable, fast_sigmoid, triangular
from equispike.models.diehl_cook import NETWORK, DiehlCookParams
from equispike.models.errors import EquispikeError

N_STEPS = 400


def brian_spikes(build, n_steps: int = N_STEPS) -> dict[str, np.ndarray]:
    """Spikes (n_steps, n) of each group with a threshold."""
    brian2.set_device("runtime")
    brian2.prefs.codegen.target = "numpy"
    objects = build()
    groups = [each for each in objects if isinstance(each, NeuronGroup) and "spike" in each.events]
    monitors = {each.name: SpikeMonitor(each) for each in groups}
    dt = groups[0].clock.dt
    Network(*objects, *monitors.values()).run(n_steps * dt, namespace={})
    found = {}
    for each in groups:
        spikes = np.zeros((n_steps, len(each)))
        monitor = monitors[each.name]
        spikes[np.rint(np.asarray(monitor.t / dt)).astype(int), np.asarray(monitor.i)] = 1
        found[f"{each.name}.spike"] = spikes
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_same_spikes(name):
    expected = brian_spikes(CASES[name])
    program = differentiable(Network(*CASES[name]()), dtype=np.float64)
    _, found = jax.jit(lambda: program.run({}, {}, N_STEPS, record=list(expected)))()
    for key, spikes in expected.items():
        assert spikes.sum() >= 10, key
        assert_array_equal(np.asarray(found[key]), spikes, err_msg=f"{key}\n{program.source}")


@pytest.mark.parametrize("name", ["adaptive-conductance-lif", "conductance-lif"])
def test_neurons_of_diehl_and_cook(name):
    neuron, params = NEURONS[name], DiehlCookParams().updated({"theta_init": "0*mV"})

    def build():
        space = params.namespace() | {"learning": 1, "uS": 1}
        clock = Clock(0.5 * ms)
        cells = NeuronGroup(N, neuron.equations, threshold=neuron.threshold, reset=neuron.reset, clock=clock,
                            refractory=neuron.refractory, method="exponential_euler", namespace=space, name="cells")  # fmt: skip
        cells.v = params.part_params("neuron").v_rest
        cells.run_regularly("ge += 0.8 * (i + 5) / 20\ngi += 0.1 * (i % 3)", dt=clock.dt)
        return [cells]

    program = differentiable(Network(*build()), dtype=np.float64)
    expected = brian_spikes(build)["cells.spike"]
    assert expected.sum() > 50
    assert_array_equal(np.asarray(program.run({}, {}, N_STEPS, ["cells.spike"])[1]["cells.spike"]), expected)


def behind_inputs(source):
    two = NeuronGroup(8, "dv/dt = -v / tau : 1", threshold="v > 1", reset="v = 0", method="exact", name="two",
                      namespace={"tau": 10 * ms}, clock=source.clock)  # fmt: skip
    synapses = Synapses(source, two, "w : 1", on_pre="v_post += w", name="syn", clock=source.clock)
    synapses.connect()
    synapses.w = np.random.default_rng(1).uniform(0, 0.5, len(synapses))
    return [source, two, synapses]


def test_events_from_outside():
    spikes = (np.random.default_rng(0).random((200, 5)) < 0.1).astype(float)
    step, neuron = np.nonzero(spikes)

    def build():
        return behind_inputs(SpikeGeneratorGroup(5, neuron, step * 0.5 * ms, name="source", clock=Clock(0.5 * ms)))

    expected = brian_spikes(build, 200)["two.spike"]
    for source in (build(), behind_inputs(PoissonGroup(5, 10 * Hz, name="source", clock=Clock(0.5 * ms)))):
        program = differentiable(Network(*source), inputs=["source"], dtype=np.float64)
        batch = jax.vmap(lambda x, p=program: p.run({}, {"source": x}, 200, ["two.spike"])[1]["two.spike"])
        found = np.asarray(batch(jnp.stack([jnp.asarray(spikes), jnp.zeros_like(spikes)])))
        assert_array_equal(found[0], expected)
        assert expected.sum() > 20 and found[1].sum() == 0


def test_gradient_where_the_model_is_smooth():
    spikes = (np.random.default_rng(0).random((40, 5)) < 0.2).astype(float)
    source = SpikeGeneratorGroup(5, [0], [0] * ms, name="source", clock=Clock(0.5 * ms))
    two = NeuronGroup(3, "dv/dt = (-v + 0.3 * v**2 + g) / (10*ms) : 1\ndg/dt = -g / (5*ms) : 1", method="rk4", name="two",
                      namespace={"ms": ms}, clock=source.clock)  # fmt: skip
    synapses = Synapses(source, two, "w : 1", on_pre="g_post += w * (1 + v_post)", name="syn", clock=source.clock)
    synapses.connect()
    synapses.w = np.random.default_rng(1).uniform(0, 0.2, 15)
    program = differentiable(Network(source, two, synapses), inputs=["source"], trainable=["syn.w"], dtype=np.float64)

    @jax.jit
    def loss(w):
        return (program.run({"syn.w": w}, {"source": spikes}, 40)[0]["two.v"] ** 2).sum()

    w, h = program.trainable["syn.w"], 1e-6
    slopes = [(loss(w.at[k].add(h)) - loss(w.at[k].add(-h))) / (2 * h) for k in range(15)]
    assert np.abs(slopes).min() > 1e-4
    assert_allclose(jax.grad(loss)(w), slopes, rtol=1e-6)


@pytest.mark.parametrize(
    ("surrogate", "expected"),
    [
        (fast_sigmoid(4), 1 / (1 + 4 * 0.2) ** 2),
        (triangular(2), 1 - 2 * 0.2),
        (arctan(3), 1 / (1 + (np.pi / 2 * 3 * 0.2) ** 2)),
        (fast_sigmoid(4 / mV), 1 / (1 + 4000 * 0.2) ** 2),
    ],
)
def test_a_threshold_is_a_step_with_the_surrogate_for_its_derivative(surrogate, expected):
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0", name="cells", clock=Clock(1 * ms))
    program = differentiable(Network(cells), inputs=["cells.v"], surrogate=surrogate, dtype=np.float64)

    def spikes(v):
        return program.run({}, {"cells.v": v}, 1, ["cells.spike"])[1]["cells.spike"][0]

    v = jnp.array([0.8, 1.2])
    assert_array_equal(spikes(v), [0, 1])
    assert_allclose(jax.jacobian(spikes)(v), np.eye(2) * expected, rtol=1e-12)


def test_gradients_pass_resets_only_where_asked():
    def gradient(**options):
        cells = NeuronGroup(1, "v : 1", threshold="v > 1", reset="v -= 1", name="cells", clock=Clock(1 * ms))
        program = differentiable(
            Network(cells), inputs=["cells.v"], surrogate=triangular(1), dtype=np.float64, **options
        )
        return jax.grad(lambda v: program.run({}, {"cells.v": v}, 1)[0]["cells.v"].sum())(jnp.array([1.25])).item()

    assert gradient() == 1
    assert gradient(reset_gradient=True) == 1 - 0.75


def test_the_gradient_of_a_spike_count():
    """One neuron, one step: the count's slope is the surrogate, though resets of the potential pass no gradient."""
    cells = NeuronGroup(1, "v : 1\nn : 1", threshold="v > 1", reset="v -= 1\nn += 1", name="cells", clock=Clock(1 * ms))
    program = differentiable(
        Network(cells), inputs=["cells.v"], surrogate=triangular(1), dtype=np.float64, reset_gradient=["cells.n"]
    )
    v = jnp.array([1.25])
    for key, slope in (("cells.n", 0.75), ("cells.v", 1)):
        assert jax.grad(lambda v, key=key: program.run({}, {"cells.v": v}, 1)[0][key].sum())(v).item() == slope


@pytest.mark.parametrize("inhibition", ["relay", "neurons"])
def test_diehl_and_cook_whole_with_plasticity(inhibition):
    """Spikes, weights and thresholds of two presentations, with learning, normalisation and rest, on given input spikes."""
    model, n = NETWORK, 2
    params = model.params().updated(
        {"n_exc": 12, "n_input": 100, "w_total": 40, "n_spikes_min": 0, "inhibition": inhibition, "t_present": "150*ms"}
    )
    state = model.initial_state(params, 0)
    state["exc.theta"] = np.full(12, 0.02)
    raster = (np.random.default_rng(0).random((n * params.n_steps_present, 100)) < 0.02).astype(float)

    def build():
        return model.build(params, n, drive="raster", record_spikes=True)

    result = BACKENDS["numpy"].compile(build).run(state, {"raster": raster}, {"n_images": n}, 0)
    expected = np.zeros((n * params.n_steps, 12))
    spikes = result.records["exc_spikes"]
    expected[np.rint(spikes["t"] / float(params.dt)).astype(int), spikes["i"]] = 1
    program = differentiable(build(), inputs=["raster", *state], dtype=np.float64)
    after, found = jax.jit(lambda: program.run({}, {"raster": raster, **state}, n * params.n_steps, ["exc.spike"]))()
    assert expected.sum() > 20
    assert_array_equal(np.asarray(found["exc.spike"]), expected)
    for key, values in result.state.items():
        assert_allclose(np.asarray(after[key]).ravel(), values, rtol=1e-9, atol=1e-12, err_msg=key)
    assert np.abs(result.state["inputs_exc.w"] - state["inputs_exc.w"]).max() > 0.01


def test_random_numbers_are_drawn_anew_for_each_step_and_call():
    clock = Clock(1 * ms)
    noise = PoissonGroup(500, 100 * Hz, name="noise", clock=clock)
    cells = NeuronGroup(500, "x : 1\ny : 1\nz : 1", name="cells", clock=clock)
    cells.run_regularly("x = rand()\ny = rand()\nz = randn()")
    program = differentiable(Network(noise, cells), dtype=np.float64)
    keys = ["noise.spike", "cells.x", "cells.y", "cells.z"]
    with pytest.raises(EquispikeError, match="key"):
        program.run({}, {}, 200, keys)
    runs = [program.run({}, {}, 200, keys, key=jax.random.key(seed))[1] for seed in (0, 0, 1)]
    for key in keys:
        assert_array_equal(runs[0][key], runs[1][key])
        assert (runs[0][key] != runs[2][key]).any()
    # 100 000 draws: these are at least five standard errors.
    assert np.mean(runs[0]["noise.spike"]) == pytest.approx(0.1, abs=0.005)
    x, y, z = (np.asarray(runs[0][key]).ravel() for key in keys[1:])
    assert [x.mean(), x.var(), z.mean(), z.var()] == pytest.approx([1 / 2, 1 / 12, 0, 1], abs=0.025)
    assert np.abs(np.corrcoef([x, y, z, np.roll(x, 500)]) - np.eye(4)).max() < 0.02


def test_the_program_can_be_read():
    source = differentiable(Network(*lif())).source
    assert "_cond = crossing_(v, 1)" in source
    assert "cells_stateupdater(s_, c_, k_)" in source


def python_code():
    @network_operation
    def operation():
        pass

    return [*lif(), operation]


def other_clock():
    return [*lif(), group(LIF, name="slow", dt=1 * ms, **SPIKES, method="exact")]


def code_of_a_part():
    (cells,) = lif()
    part = cells[2:7]
    part.run_regularly("v += 0.1", dt=cells.clock.dt)
    return [cells, part]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (python_code, ["operation", "network_operation"]),
        (other_clock, ["cells", "slow", "different time steps"]),
        (
            lambda: [SpikeGeneratorGroup(3, [0], [0] * ms, name="given"), *lif()],
            ["given", "SpikeGeneratorGroup", "inputs"],
        ),
        (lambda: lif(reset="v = poisson(3)"), ["cells", "poisson()", "no counterpart"]),
        (lambda: pair("v_post += w * (1 - v_post)"), ["syn_pre", "v_post", "order of synapses"]),
        (lambda: pair("g_post = w"), ["syn_pre", "g_post", "order of synapses"]),
        (code_of_a_part, ["part of cells", "whole group"]),
        (lambda: lif(threshold="v > v_missing"), ["v_missing", "could not be resolved"]),
    ],
    ids=["Python", "clocks", "generator", "random", "own potential", "assignment", "part", "missing name"],
)
def test_what_cannot_be_converted_is_named(build, words):
    with pytest.raises(EquispikeError) as error:
        differentiable(Network(*build()))
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trainable": ["cells.v"]}, ["cells.v", "changes it"]),
        ({"trainable": ["cells.w"]}, ["cells.w", "cells.drive"]),
        ({"inputs": ["noise"]}, ["noise"]),
        ({"reset_gradient": ["cells.n"]}, ["cells.n", "cells.v"]),
    ],
)
def test_what_cannot_be_trained_is_named(options, words):
    with pytest.raises(EquispikeError) as error:
        differentiable(Network(*lif()), **options)
    assert all(word in str(error.value) for word in words)
