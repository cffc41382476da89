"""Differentiable programs against Brian2 itself: the same spikes at the same steps, for every feature that is converted."""

from __future__ import annotations

from collections.abc import Callable

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
    TimedArray,
    linked_var,
    ms,
    mV,
    network_operation,
)
from numpy.testing import assert_allclose, assert_array_equal

from models import MODELS
from models.codegen import BACKENDS
from models.codegen.jax import arctan, differentiable, fast_sigmoid, triangular
from models.diehl_cook import DiehlCookParams
from models.errors import EquispikeError
from models.neurons import NEURONS

N, N_STEPS = 20, 400
DRIVE = np.random.default_rng(0).uniform(0.5, 2.5, N)


def group(equations: str, *, dt=0.5 * ms, name="cells", n=N, namespace=None, **options) -> NeuronGroup:
    namespace = {"tau": 10 * ms, "tau_a": 50 * ms, "ms": ms, "mV": mV} | (namespace or {})
    cells = NeuronGroup(n, equations, namespace=namespace, clock=Clock(dt), name=name, **options)
    if "drive" in cells.variables:
        cells.drive = np.resize(DRIVE, n)
    return cells


LIF = "dv/dt = (drive - v) / tau : 1 (unless refractory)\ndrive : 1"
SPIKES = {"threshold": "v > 1", "reset": "v = 0"}


def lif(**options):
    return [group(LIF, **(SPIKES | {"method": "exact"} | options))]


def pair(on_pre: str, model: str = "w : 1", connect: dict | None = None, *, n_target: int = 15, dt=0.5 * ms, **options):
    """A driven population and another behind synapses."""
    clock = Clock(dt)
    namespace = {"tau": 10 * ms, "ms": ms}
    one = NeuronGroup(N, LIF, **SPIKES, method="exact", namespace=namespace, clock=clock, name="one")
    one.drive = DRIVE
    two = NeuronGroup(n_target, "dv/dt = (g - v) / tau : 1\ndg/dt = -g / (5*ms) : 1\nx : 1", threshold="v > 0.5",
                      reset="v -= 0.5", method="exact", namespace=namespace, clock=clock, name="two")  # fmt: skip
    synapses = Synapses(one, two, model, on_pre=on_pre, namespace=namespace, clock=clock, name="syn", **options)
    synapses.connect(**(connect or {}))
    if "w :" in model:
        synapses.w = np.random.default_rng(1).uniform(0, 0.4, len(synapses))
    return [one, two, synapses]


def delays_of_each():
    objects = pair("g_post += w")
    objects[2].delay = np.random.default_rng(2).integers(0, 9, len(objects[2])) * 0.5 * ms
    return objects


def recurrent():
    cells = group(LIF.replace("drive - v", "drive + g - v") + "\ndg/dt = -g / (5*ms) : 1", **SPIKES, method="exact")
    synapses = Synapses(cells, cells, "w : 1", on_pre="g_post += w", delay=1.5 * ms, name="syn", clock=cells.clock)
    synapses.connect(condition="i != j")
    synapses.w = np.random.default_rng(3).uniform(-0.2, 0.2, len(synapses))
    return [cells, synapses]


def convolution(stride: int = 1, padding: int = 1):
    clock = Clock(0.5 * ms)
    side, size, maps = 7, 3, 4
    after = (side + 2 * padding - size) // stride + 1
    label = "y : integer (constant)\nx : integer (constant)\nmap : integer (constant)"
    space = {"tau": 10 * ms}
    one = NeuronGroup(
        2 * side**2, f"{LIF}\n{label}", **SPIKES, method="exact", clock=clock, name="one", namespace=space
    )
    one.y, one.x, one.map = f"i // {2 * side}", f"(i // 2) % {side}", "i % 2"
    one.drive = np.random.default_rng(0).uniform(0.5, 3, len(one))
    two = NeuronGroup(maps * after**2, f"dv/dt = -v / tau : 1\n{label}", threshold="v > 1", reset="v = 0",
                      method="exact", clock=clock, name="two", namespace=space)  # fmt: skip
    two.y, two.x, two.map = f"i // {maps * after}", f"(i // {maps}) % {after}", f"i % {maps}"
    kernels = NeuronGroup(2 * size**2 * maps, "w : 1", clock=clock, name="kernels")
    kernels.w = np.random.default_rng(1).uniform(-0.2, 0.6, len(kernels))
    synapses = Synapses(
        one, two, "k : integer (constant)\nw : 1 (linked)", on_pre="v_post += w", clock=clock, name="syn"
    )
    row, column = (f"({a}_pre + {padding} - {stride} * {a}_post)" for a in "yx")
    synapses.connect(f"{row} >= 0 and {row} < {size} and {column} >= 0 and {column} < {size}")
    synapses.k = f"((map_pre * {size} + {row}) * {size} + {column}) * {maps} + map_post"
    synapses.w = linked_var(kernels, "w", index="k")
    return [one, two, kernels, synapses]


def strided_convolution():
    return convolution(stride=2, padding=2)


def stdp():
    rule = "dapre/dt = -apre / (20*ms) : 1 (event-driven)\ndapost/dt = -apost / (20*ms) : 1 (event-driven)\nw : 1"
    return pair("g_post += w\napre += 0.05\nw = clip(w + apost, 0, 0.5)", rule,
                on_post="apost -= 0.05\nw = clip(w + apre, 0, 0.5)")  # fmt: skip


def summed():
    objects = pair("s += 1", "ds/dt = -s / (5*ms) : 1 (clock-driven)\nx_post = 0.05 * s * (1 - v_post) : 1 (summed)")
    objects[1] = two = NeuronGroup(
        15, "dv/dt = (20*x - v) / tau : 1\nx : 1", threshold="v > 0.5", reset="v = 0", method="euler",
        namespace={"tau": 10 * ms}, clock=objects[0].clock, name="two")  # fmt: skip
    synapses = Synapses(objects[0], two, "ds/dt = -s / (5*ms) : 1 (clock-driven)\nx_post = 0.05 * s : 1 (summed)",
                        on_pre="s += 1", method="exact", clock=objects[0].clock, name="syn", namespace={"ms": ms})  # fmt: skip
    synapses.connect()
    return [objects[0], two, synapses]


def hodgkin_huxley(method: str):
    equations = """
        dv/dt = (drive * 6 - 36 * n**4 * (v + 77) - 120 * m**3 * h * (v - 50) - 0.3 * (v + 54.4)) / ms : 1
        dm/dt = (0.1 * (v + 40) / (1 - exp(-(v + 40) / 10)) * (1 - m) - 4 * exp(-(v + 65) / 18) * m) / ms : 1
        dh/dt = (0.07 * exp(-(v + 65) / 20) * (1 - h) - h / (1 + exp(-(v + 35) / 10))) / ms : 1
        dn/dt = (0.01 * (v + 55) / (1 - exp(-(v + 55) / 10)) * (1 - n) - 0.125 * exp(-(v + 65) / 80) * n) / ms : 1
        drive : 1
    """
    cells = group(equations, dt=0.02 * ms, threshold="v > 0", refractory="v > 0", method=method)
    cells.v, cells.h, cells.n, cells.m = -65, 0.6, 0.3, 0.05
    return [cells]


def izhikevich():
    cells = group("dv/dt = (0.04*v**2 + 5*v + 140 - u + 10*drive) / ms : 1\ndu/dt = 0.02*(0.2*v - u) / ms : 1\ndrive : 1",
                  threshold="v >= 30", reset="v = -65\nu += 8", method="euler")  # fmt: skip
    cells.v, cells.u = -65, -13
    return [cells]


def adex():
    equations = """
        dv/dt = (-(v + 70) + 2 * exp((v + 50) / 2) + 20 * drive - w) / tau : 1
        dw/dt = (2 * (v + 70) - w) / tau_a : 1
        drive : 1
    """
    cells = group(equations, dt=0.1 * ms, threshold="v > -30", reset="v = -60\nw += 5", method="euler")
    cells.v = -70
    return [cells]


def units():
    cells = group("dv/dt = (-70*mV + drive * 20*mV - v) / tau : volt (unless refractory)\ndrive : 1", threshold="v > -55*mV",
                  reset="v = -70*mV", refractory=2 * ms, method="exact")  # fmt: skip
    cells.v = -70 * mV
    return [cells]


def conductance():
    cells = group("dv/dt = (-v + ge * (5 - v) + drive) / tau : 1 (unless refractory)\ndge/dt = -ge / (5*ms) : 1\ndrive : 1",
                  **SPIKES, refractory=2 * ms, method="rk2")  # fmt: skip
    synapses = Synapses(cells, cells, on_pre="ge_post += 0.02", name="syn", clock=cells.clock)
    synapses.connect(j="k for k in range(i - 2, i + 3)", skip_if_invalid=True)
    return [cells, synapses]


def timed():
    current = TimedArray(np.random.default_rng(4).uniform(0, 3, (20, N)), dt=10 * ms, name="current")
    return [group("dv/dt = (current(t, i) - v) / tau : 1", **SPIKES, method="euler", namespace={"current": current})]


def regular_and_custom_events():
    cells = group(LIF + "\nhits : 1\nn_spikes : integer", threshold="v > 1", reset="v = 0\nn_spikes += 1", method="exact",
                  events={"tick": "t_in_timesteps % 50 == 49", "half": "v > 0.5"})  # fmt: skip
    cells.run_on_event("tick", "v = 0\nhits = 0")
    cells.run_on_event("half", "hits += 1")
    cells.run_regularly("drive = clip(drive + 0.01 * hits, 0, 3)", dt=cells.clock.dt)
    return [cells]


CASES: dict[str, Callable[[], list]] = {
    "LIF, exact": lif,
    "LIF, euler": lambda: lif(method="euler"),
    "LIF, rk2": lambda: lif(method="rk2"),
    "LIF, rk4": lambda: lif(method="rk4"),
    "LIF, exponential Euler": lambda: lif(method="exponential_euler"),
    "subtractive reset": lambda: lif(reset="v -= 1"),
    "refractory": lambda: lif(refractory=3 * ms),
    "refractory by condition": lambda: lif(refractory="t - lastspike < 3.2*ms - 0.5*dt"),
    "volts": units,
    "adaptive threshold": lambda: [group(LIF + "\nda/dt = -a / tau_a : 1", threshold="v > 1 + a", reset="v = 0\na += 0.2",
                                         method="exact", refractory=1 * ms)],
    "conductances, recurrent and sparse": conductance,
    "Izhikevich": izhikevich,
    "Hodgkin-Huxley, exponential Euler": lambda: hodgkin_huxley("exponential_euler"),
    "Hodgkin-Huxley, rk4": lambda: hodgkin_huxley("rk4"),
    "AdEx": adex,
    "all to all": lambda: pair("g_post += w"),
    "one delay": lambda: pair("g_post += w", delay=2 * ms),
    "delays of each": delays_of_each,
    "one to one": lambda: pair("g_post += 20 * w", connect={"j": "k for k in range(i, i + 1) if k < 15"}),
    "sparse": lambda: pair("g_post += 20 * w", n_target=300,
                           connect={"j": "k for k in range(i - 1, i + 1)", "skip_if_invalid": True}),
    "at random": lambda: pair("g_post += 30 * w", connect={"i": [0, 1, 1, 5, 19, 19], "j": [3, 3, 4, 9, 14, 14]}),
    "product of both sides": lambda: pair("g_post += 2 * w * drive_pre * (1 - v_post)"),
    "recurrent with delay": recurrent,
    "convolution": convolution,
    "convolution with strides": strided_convolution,
    "STDP": stdp,
    "summed variable": summed,
    "timed array": timed,
    "events and regular code": regular_and_custom_events,
}  # fmt: skip


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
        cells.v = params.v_rest
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
    model, n = MODELS["diehl-cook"], 2
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


def part_of_a_group():
    (cells,) = lif()
    return [cells, *behind_inputs(cells[2:7])[1:]]


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
        (part_of_a_group, ["syn", "subgroup"]),
    ],
    ids=["Python", "clocks", "generator", "random", "own potential", "assignment", "subgroup"],
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
