"""Our C++ templates against Brian2's own: the same spikes, in examples everybody knows and in networks drawn at random."""

from collections.abc import Callable

import numpy as np
import pytest
from brian2 import (
    Clock,
    Hz,
    NeuronGroup,
    PoissonGroup,
    Quantity,
    SpikeMonitor,
    Synapses,
    TimedArray,
    linked_var,
    ms,
    mV,
    nS,
    second,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen import BACKENDS
from equispike.models.control import stop_when

pytestmark = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))


class Description:
    """A network being described, which ends after ``n_steps`` steps of ``dt``."""

    def __init__(self, n_steps: int, dt: Quantity = 0.1 * ms, **namespace: object) -> None:
        self.namespace = {"stop_when": stop_when, "n_steps_in_all": n_steps, **namespace}
        self.common = {"namespace": self.namespace, "clock": Clock(dt, name="step_clock")}
        stopper = NeuronGroup(1, "", name="stopper", **self.common)
        stopper.run_regularly("_ = stop_when(t_in_timesteps + 1 >= n_steps_in_all)", name="stopping", when="end")
        self.objects = [stopper]

    def neurons(self, n: int, equations: str, *, name: str = "neurons", **options) -> NeuronGroup:
        group = NeuronGroup(n, equations, name=name, **options, **self.common)
        self.objects.append(group)
        return group

    def synapses(self, source, target, model: str = "", *, name: str = "synapses", **options) -> Synapses:
        synapses = Synapses(source, target, model, name=name, **options, **self.common)
        self.objects.append(synapses)
        return synapses

    def parts(self, state: tuple[str, ...], *groups: NeuronGroup) -> BuiltNetwork:
        monitors = {f"{group.name}_spikes": SpikeMonitor(group, name=f"{group.name}_spikes") for group in groups}
        self.objects += monitors.values()
        return BuiltNetwork(tuple(self.objects), self.namespace, state, {}, monitors)


def cuba() -> BuiltNetwork:
    """Vogels & Abbott 2005, current-based, as in Brian2's examples (1 000 neurons)."""
    net = Description(2000, taum=20 * ms, taue=5 * ms, taui=10 * ms, Vt=-50 * mV, Vr=-60 * mV, El=-49 * mV,
                      we=(60 * 0.27 / 10 * 4) * mV, wi=(-20 * 4.5 / 10 * 4) * mV)  # fmt: skip
    equations = """
        dv/dt = (ge + gi - (v - El)) / taum : volt (unless refractory)
        dge/dt = -ge / taue : volt
        dgi/dt = -gi / taui : volt
    """
    P = net.neurons(1000, equations, threshold="v > Vt", reset="v = Vr", refractory=5 * ms, method="exact")
    P.v = "Vr + rand() * (Vt - Vr)"
    net.synapses(P, P, on_pre="ge_post += we * int(i < 800) + wi * int(i >= 800)").connect(p=0.02)
    return net.parts(("neurons.v",), P)


def coba() -> BuiltNetwork:
    """Vogels & Abbott 2005, conductance-based, as in Brian2's examples (1 000 neurons)."""
    net = Description(1000, taum=20 * ms, taue=5 * ms, taui=10 * ms, Vt=-50 * mV, Vr=-60 * mV, El=-60 * mV, Ee=0 * mV,
                      Ei=-80 * mV, gl=10 * nS, we=24 * nS, wi=268 * nS, drive=20 * mV)  # fmt: skip
    equations = """
        dv/dt = (gl * (El - v + drive) + ge * (Ee - v) + gi * (Ei - v)) / (gl * taum) : volt (unless refractory)
        dge/dt = -ge / taue : siemens
        dgi/dt = -gi / taui : siemens
    """
    P = net.neurons(1000, equations, threshold="v > Vt", reset="v = Vr", refractory=5 * ms, method="exponential_euler")
    P.v = "Vr + rand() * (Vt - Vr)"
    excitatory = net.synapses(P, P, on_pre="ge_post += we * int(i < 800)", name="excitatory")
    inhibitory = net.synapses(P, P, on_pre="gi_post += wi * int(i >= 800)", name="inhibitory")
    excitatory.connect(p=0.02)
    inhibitory.connect(p=0.02)
    return net.parts(("neurons.v",), P)


def stdp() -> BuiltNetwork:
    """Song, Miller & Abbott 2000 as in Brian2's examples: event-driven traces on the synapses, Poisson input."""
    net = Description(20_000, taum=10 * ms, taupre=20 * ms, taupost=20 * ms, Ee=0 * mV, vt=-54 * mV, vr=-60 * mV, El=-74 * mV,
                      taue=5 * ms, gmax=0.01, dApre=0.01 * 0.01, dApost=-0.01 * 0.01 * 1.05)  # fmt: skip
    inputs = PoissonGroup(1000, rates=15 * Hz, name="inputs", clock=net.common["clock"])
    net.objects.append(inputs)
    equations = """
        dv/dt = (ge * (Ee - v) + El - v) / taum : volt
        dge/dt = -ge / taue : 1
    """
    neurons = net.neurons(1, equations, threshold="v > vt", reset="v = vr", method="euler")
    model = """
        w : 1
        dApre/dt = -Apre / taupre : 1 (event-driven)
        dApost/dt = -Apost / taupost : 1 (event-driven)
    """
    on_pre = "ge += w\nApre += dApre\nw = clip(w + Apost, 0, gmax)"
    synapses = net.synapses(
        inputs, neurons, model, on_pre=on_pre, on_post="Apost += dApost\nw = clip(w + Apre, 0, gmax)"
    )
    synapses.connect()
    synapses.w = "rand() * gmax"
    return net.parts(("synapses.w",), neurons, inputs)


def adaptive_lif() -> BuiltNetwork:
    """Brian2's adaptive threshold example, without connections."""
    net = Description(10_000, dvt=2 * mV, tau_v=10 * ms, tau_vt=15 * ms, sigma=5 * mV, v_drive=15 * mV)
    equations = """
        dv/dt = (v_drive * i / N * 2 - v) / tau_v : volt
        dvt/dt = (10 * mV - vt) / tau_vt : volt
    """
    net.namespace["mV"] = mV
    P = net.neurons(100, equations, threshold="v > vt", reset="v = 0 * mV\nvt += dvt", method="euler")
    P.vt = 10 * mV
    return net.parts(("neurons.v", "neurons.vt"), P)


def izhikevich() -> BuiltNetwork:
    """Izhikevich 2003 with noise, all-to-all and instantaneous."""
    net = Description(500, 1 * ms, ms=ms)
    equations = """
        dv/dt = (0.04 * v**2 + 5 * v + 140 - u + I + I_noise) / ms : 1
        du/dt = a * (b * v - u) / ms : 1
        a : 1
        b : 1
        c : 1
        d : 1
        I : 1
        I_noise : 1
    """
    P = net.neurons(200, equations, threshold="v >= 30", reset="v = c\nu += d\nI = 0", method="euler")
    P.v, P.a, P.b = -65, "0.02 + 0.08 * int(i >= 160) * rand()", "0.2 + int(i >= 160) * (0.05 - 0.05 * rand())"
    P.c, P.d = "-65 + 15 * int(i < 160) * rand()**2", "8 - 6 * int(i >= 160) - 6 * int(i < 160) * rand()**2"
    P.u = "b * v"
    P.run_regularly("I_noise = (5 - 3 * int(i >= 160)) * randn()\nI = 0", name="noise")
    synapses = net.synapses(P, P, "w : 1", on_pre="I_post += w")
    synapses.connect()
    synapses.w = "5 * (0.5 * int(i < 160) - int(i >= 160)) * rand()"
    return net.parts(("neurons.v",), P)


def heterogeneous_delays() -> BuiltNetwork:
    """Every synapse with a delay of its own: nothing that our template could do."""
    net = Description(3000, tau=10 * ms)
    source = net.neurons(50, "dv/dt = (1.2 + 0.02 * i - v) / tau : 1", name="source", threshold="v > 1", reset="v = 0",
                         refractory=2 * ms, method="exact")  # fmt: skip
    target = net.neurons(40, "dv/dt = -v / tau : 1 (unless refractory)", name="target", threshold="v > 1", reset="v = 0",
                         refractory=3 * ms, method="exact")  # fmt: skip
    synapses = net.synapses(source, target, "w : 1", on_pre="v_post += w")
    synapses.connect()
    synapses.w = "0.05 + 0.05 * rand()"
    synapses.pre.delay = "(1 + 9 * rand()) * 1 * msecond"
    net.namespace["msecond"] = ms
    return net.parts(("target.v",), source, target)


def conditions_and_linked_variables() -> BuiltNetwork:
    """Refractoriness used in equations, a threshold with a random part, a linked variable, a function of time."""
    current = TimedArray(np.array([0.9, 1.4, 1.1, 1.9]), dt=30 * ms, name="current")
    net = Description(1200, tau=10 * ms, current=current)
    equations = """
        dv/dt = (current(t) + 0.01 * i - v) / tau : 1 (unless refractory)
        du/dt = (0.1 * v - u + 0.2 * int(not_refractory)) / tau : 1
        scale : 1 (linked)
    """
    leader = net.neurons(1, "scale : 1", name="leader")
    leader.scale = 1.1
    P = net.neurons(70, equations, threshold="v > scale + u", reset="v = 0\nu += 0.1", refractory="(1 + 0.1 * i) * 1 * msecond",
                    method="rk4")  # fmt: skip
    net.namespace["msecond"] = ms
    P.scale = linked_var(leader, "scale")
    Q = net.neurons(70, "x : 1", name="chance", threshold="rand() < 0.01 + 0.001 * int(x > 2)", reset="x = 0")
    net.synapses(P, Q, on_pre="x_post += 1").connect(j="i")
    return net.parts(("neurons.v", "neurons.u", "chance.x"), P, Q)


#: Each network, and the template its synapses' presynaptic code must get from us.
def convolution(n_maps: int = 10) -> BuiltNetwork:
    """Kernels of 3 x 3 shared by all places, with maps as neighbours: runs of synapses without a lookup each."""
    net = Description(3_000, taum=5 * ms)
    inputs = PoissonGroup(144, rates=50 * Hz, name="inputs", clock=net.common["clock"])
    kernels = net.neurons(9 * n_maps, "w : 1", name="kernels")
    kernels.w = "0.2 + 0.6 * rand()"
    neurons = net.neurons(100 * n_maps, "dv/dt = -v / taum : 1", threshold="v > 1", reset="v = 0", method="exact")
    net.objects.append(inputs)
    row, column = f"(i // 12 - k // {3 * n_maps})", f"(i % 12 - (k // {n_maps}) % 3)"
    synapses = net.synapses(
        inputs, neurons, "kernel : integer (constant)\nw : 1 (linked)", on_pre="v_post += w", delay=0.2 * ms
    )
    synapses.connect(
        j=f"({row} * 10 + {column}) * {n_maps} + k % {n_maps} for k in range({9 * n_maps}) "
        f"if {row} >= 0 and {row} < 10 and {column} >= 0 and {column} < 10"
    )
    place = f"(j // {n_maps})"
    synapses.kernel = f"((i // 12 - {place} // 10) * 3 + i % 12 - {place} % 10) * {n_maps} + j % {n_maps}"
    synapses.w = linked_var(kernels, "w", index="kernel")
    return net.parts((), neurons, inputs)


def convolution_of_few_maps() -> BuiltNetwork:
    """Runs too short to be worth it."""
    return convolution(3)


EXAMPLES: dict[Callable[[], BuiltNetwork], str] = {
    cuba: "synapses_pattern",
    coba: "synapses_pattern",
    stdp: "synapses_pattern",
    adaptive_lif: "",
    izhikevich: "synapses_pattern",
    heterogeneous_delays: "synapses",
    conditions_and_linked_variables: "synapses_pattern",
    convolution: "synapses_pattern",
    convolution_of_few_maps: "synapses_pattern",
}


def assert_same(build: Callable[[], BuiltNetwork], seed: int = 1, least_spikes: int = 50) -> None:
    ours, stock = (BACKENDS[name].compile(build).run({}, {}, {}, seed) for name in ("cpp", "cpp-stock"))
    for name, record in stock.records.items():
        assert len(record["i"]) >= least_spikes, name
        for key, values in record.items():
            assert_allclose(ours.records[name][key], values, rtol=0, atol=0, err_msg=f"{name}.{key}")
    for name, values in stock.state.items():
        assert_allclose(ours.state[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("build", EXAMPLES, ids=lambda build: build.__name__)
def test_same_spikes(build):
    assert_same(build)


@pytest.mark.parametrize("build", EXAMPLES, ids=lambda build: build.__name__)
def test_template_of_the_synapses(build):
    decisions = BACKENDS["cpp"].explain(build)
    assert {d.template for d in decisions if d.template in ("synapses", "synapses_pattern")} == {EXAMPLES[build]} - {""}
    assert not any(d.is_ours for d in BACKENDS["cpp-stock"].explain(build))


CONNECTIONS = {
    "all-to-all": {},
    "all-but-self": {"condition": "i != j"},
    "one-to-one": {"j": "i"},
    "convolution": {"j": "k for k in range(i - 2, i + 3)", "skip_if_invalid": True},
    "by target": {"i": "j"},
    "random": {"p": 0.3},
    "twice": {"n": 2},
    "listed": {"i": [3, 1, 1, 0], "j": [0, 2, 2, 5]},
}
RULES = {
    "relay": ("", "v_post += 0.1", ""),
    "weights": ("w : 1", "v_post += w", ""),
    "depression": ("w : 1", "v_post += w\nw = clip(w - 0.02 * x_post, 0, 1)", ""),
    "both": ("w : 1", "v_post += w\nw = clip(w - 0.01 * x_post, 0, 0.5)", "w = clip(w + 0.02 * x_pre, 0, 0.5)"),
    "onto the source": ("w : 1", "v_post += w\ny_pre += 0.01 * w", "y_post += 1"),
}
DELAYS = {"none": None, "shared": 0.3 * ms, "own": "rand() * 1 * msecond"}

pathways = st.lists(
    st.tuples(st.sampled_from(list(CONNECTIONS)), st.sampled_from(list(RULES)), st.sampled_from(list(DELAYS))),
    min_size=8,
    max_size=8,
    unique=True,
)


def random_network(sizes: tuple[int, int], chosen: list[tuple[str, str, str]]) -> BuiltNetwork:
    """Two groups of neurons, and between and within them the chosen (connection, rule, delay)."""
    net = Description(1500, tau=10 * ms, tau_x=20 * ms, second=second, msecond=ms)
    equations = """
        dv/dt = (drive - v) / tau : 1 (unless refractory)
        dx/dt = -x / tau_x : 1
        dy/dt = -y / tau_x : 1
        drive : 1
    """
    groups = []
    for name, n in zip(("one", "two"), sizes, strict=True):
        group = net.neurons(
            n, equations, name=name, threshold="v > 1", reset="v = 0\nx += 1", refractory=1 * ms, method="exact"
        )
        group.drive = "0.9 + 0.4 * rand()"
        groups.append(group)
    for k, (connection, rule, delay) in enumerate(chosen):
        source, target = groups[k % 2], groups[(k // 2) % 2]
        model, on_pre, on_post = RULES[rule]
        options = {"delay": DELAYS[delay]} if delay == "shared" else {}
        synapses = net.synapses(source, target, model, name=f"s{k}", on_pre=on_pre, on_post=on_post, **options)
        synapses.connect(**CONNECTIONS[connection])
        if "w" in model:
            synapses.w = "0.02 * rand()"
        if delay == "own":
            synapses.pre.delay = DELAYS[delay]
    weights = tuple(f"s{k}.w" for k, (_, rule, _) in enumerate(chosen) if RULES[rule][0])
    return net.parts((*weights, "one.v", "two.v", "one.y", "two.y"), *groups)


# Without shrinking: every example is two programs to compile.
@settings(max_examples=3, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(n=st.integers(6, 150), chosen=pathways)
def test_same_spikes_in_random_networks(n, chosen):
    assert_same(lambda: random_network((n, n), chosen), seed=n, least_spikes=n)
