"""Constants and variables mean on every backend what Brian2 resolved them to, whatever they are called and typed.

One program holds several networks drawn at random, because compiling takes longer than running:
``EQUISPIKE_PROGRAMS=50 pytest tests/test_names_and_types.py`` draws 500 of each kind.
"""

import os
import re
from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import Clock, NeuronGroup, Synapses, ms
from numpy.testing import assert_allclose

from equispike.models.built_network import BuiltNetwork, RunResult
from equispike.models.codegen import BACKENDS
from equispike.models.control import stop_when
from equispike.models.errors import EquispikeError

COMPILED = [
    pytest.param(
        name, marks=pytest.mark.skipif(BACKENDS[name].why_not() is not None, reason=str(BACKENDS[name].why_not()))
    )
    for name in ("cpp-stock", "cpp", "jax")
]
PROGRAMS = range(int(os.environ.get("EQUISPIKE_PROGRAMS", "1")))
NETWORKS = 10 if len(PROGRAMS) > 1 else 4
#: Locals of generated C++ and JAX code, variables that groups have or might have, names of other groups.
NASTY = [
    "N", "I", "w", "theta", "epsilon", "dt_", "t_", "last", "n_steps", "x", "y", "k", "n", "s", "i_", "j_",
    "count", "size", "spikes", "events", "clock", "network", "brian", "std", "main", "equispike", "constants",
    "seed", "lastspike", "rate", "v0", "tau_", "gamma", "y0", "j1", "key", "state", "step", "prepare", "on",
    "number", "jnp", "np", "lane", "g1", "s2", "h0", "idx", "cond", "vectorisation", "lio_1", "src",
    "tgt", "pre", "post", "source", "target", "N_pre", "N_post", "first", "block", "stop",
]  # fmt: skip
N_STEPS = 200


def run(backend: str, build, constants=None) -> RunResult:
    return BACKENDS[backend].compile(build).run({}, {}, constants or {}, 1)


def assert_same(backend: str, build, constants=None) -> None:
    expected, found = run("numpy", build, constants).state, run(backend, build, constants).state
    assert any(np.abs(values).max() > 0.1 for values in expected.values())
    for name, values in expected.items():
        assert_allclose(found[name], values, rtol=1e-9, err_msg=name)


def ended(net: list, namespace: dict, clock: Clock) -> None:
    """End a run after N_STEPS."""
    end = NeuronGroup(1, "", namespace=namespace, clock=clock, name="end")
    end.run_regularly("_ = stop_when(t_in_timesteps >= n_in_all - 1)", when="end")
    net.append(end)


def named(seed: int, backend: str) -> tuple[BuiltNetwork, dict[str, float]]:
    """Networks whose constants have nasty names; some groups have a variable, or a namespace, with the same names."""
    rng = np.random.default_rng(seed)
    # JAX programs have names that end with an underscore for themselves, and networks with them are refused.
    possible = [name for name in NASTY if backend != "jax" or not name.endswith("_")]
    names = [str(name) for name in rng.choice(possible, NETWORKS, replace=False)]
    clock = Clock(0.1 * ms, name="c")
    shared = {"stop_when": stop_when, "n_in_all": N_STEPS, "n_steps": N_STEPS, "tau": 10 * ms}
    shared |= {name: 0.05 + 0.01 * k for k, name in enumerate(names) if name != "n_steps"}
    net, state = [], []
    for k, name in enumerate(names):
        own = shared if rng.random() < 0.6 else {**shared, name: 0.33}
        is_variable = (
            name not in ("N", "N_pre", "N_post", "n_steps", "lastspike")
            and not name.endswith("_")
            and rng.random() < 0.3
        )
        value = "n_steps / 1000" if name == "n_steps" else name
        model = f"dv/dt = (1.3 + 0.1 * i - v + {value}) / tau : 1" + (f"\n{name} : 1" if is_variable else "")
        spiking = NeuronGroup(3, model, threshold=f"v > 1 - {value} / 10", reset=f"v = -{value}", method="euler", namespace=own,
                              clock=clock, name=f"a{k}")  # fmt: skip
        counting = NeuronGroup(3, "q : 1", namespace=shared, clock=clock, name=f"b{k}")
        synapses = Synapses(spiking, counting, "u : 1", on_pre=f"u += 1\nq_post += u * {value}", namespace=own, clock=clock,
                            name=f"ab{k}")  # fmt: skip
        synapses.connect()
        net += [spiking, counting, synapses]
        state += [f"b{k}.q", f"a{k}.v"]
    ended(net, shared, clock)
    given = {name: 0.25 for name in names[::2] if name != "n_steps"}
    return BuiltNetwork(tuple(net), shared, tuple(state), {}, {}), given


@pytest.mark.parametrize("backend", COMPILED)
@pytest.mark.parametrize("seed", PROGRAMS)
def test_constants_are_what_brian2_resolved_them_to(backend: str, seed: int) -> None:
    for constants in ({}, named(seed, backend)[1]):
        assert_same(backend, lambda: named(seed, backend)[0], constants)


@dataclass(frozen=True)
class _Writer:
    """Code that changes a variable ``n`` of synapses during a run."""

    on_pre: str = ""
    on_post: str = ""
    regularly: str = ""


WRITERS = [
    _Writer(on_pre="n += 1"),
    _Writer(on_post="n += 1"),
    _Writer(regularly="n = n + 1"),
    _Writer(on_pre="n = int(n < 5)", on_post="n += 2"),
    _Writer(),
]
CONNECTIONS = [{"i": np.arange(6), "j": np.arange(6)}, {}, {"condition": "i != j"}, {"j": "i"}, {"condition": "(i + j) % 3 > 0"},
               {"i": [5, 0, 3, 3], "j": [1, 1, 0, 4]}]  # fmt: skip


def _as_truth_value(code: str) -> str:
    return re.sub(r"n \+= 2", "n = True", re.sub(r"n \+= 1|n = n \+ 1|n = int\(n < 5\)", "n = not n", code))


def typed(seed: int) -> BuiltNetwork:
    """Synapses with whole numbers and truth values that some code changes and other code reads."""
    rng = np.random.default_rng(seed)
    clock = Clock(0.1 * ms, name="c")
    shared = {"stop_when": stop_when, "n_in_all": N_STEPS, "n_steps": N_STEPS, "tau": 10 * ms}
    net, state = [], []
    for k in range(NETWORKS):
        writer, dtype = rng.choice(WRITERS), str(rng.choice(["integer", "boolean", "1"]))
        a, b = (
            NeuronGroup(6, f"dv/dt = ({drive} + 0.05 * i - v) / tau : 1", threshold="v > 1", reset="v = 0", method="exact",
                        namespace=shared, clock=clock, name=f"{side}{k}") for side, drive in (("a", 1.5), ("b", 1.3))
        )  # fmt: skip
        as_type = _as_truth_value if dtype == "boolean" else str
        on_post = f"{as_type(writer.on_post)}\nw += 0.01 * int(n) + 0.001"
        synapses = Synapses(a, b, f"n : {dtype}\nw : 1", on_pre=as_type(writer.on_pre) or "w += 0.1", on_post=on_post,
                            namespace=shared, clock=clock, name=f"s{k}")  # fmt: skip
        synapses.connect(**CONNECTIONS[rng.integers(len(CONNECTIONS))])
        if writer.regularly:
            synapses.run_regularly(as_type(writer.regularly), clock=clock)
        net += [a, b, synapses]
        state.append(f"s{k}.w")
    ended(net, shared, clock)
    return BuiltNetwork(tuple(net), shared, tuple(state), {}, {})


@pytest.mark.parametrize("backend", [each for each in COMPILED if each.values[0] != "jax"])
@pytest.mark.parametrize("seed", PROGRAMS)
def test_variables_of_synapses_are_read_as_they_are_now(backend: str, seed: int) -> None:
    assert_same(backend, lambda: typed(seed))


GIVEN = [  # built with, given, what the run has
    (0.5, np.float32(0.25), 0.25),
    (0.5, 2, 2.0),
    (np.float64(0.5), True, 1.0),
    (2, np.int32(3), 3),
    (2, 3.0, 3),
    (np.int32(2), 3, 3),
    (True, False, 0),
    (True, np.bool_(False), 0),
    (np.float32(0.5), 0.1, np.float32(0.1)),
]


def with_constant(value: object) -> BuiltNetwork:
    clock, net = Clock(0.1 * ms, name="c"), []
    shared = {"stop_when": stop_when, "n_in_all": 10, "n_steps": 10, "c0": value}
    group = NeuronGroup(1, "x : 1", namespace=shared, clock=clock, name="g")
    group.run_regularly("x = 1.0 * c0", clock=clock)
    net.append(group)
    ended(net, shared, clock)
    return BuiltNetwork(tuple(net), shared, ("g.x",), {}, {})


@pytest.mark.parametrize("backend", ["numpy", *(each for each in COMPILED if each.values[0] in ("cpp", "jax"))])
def test_a_number_that_is_given_keeps_the_type_that_it_was_built_with(backend: str) -> None:
    for built, given, expected in GIVEN:
        (found,) = run(backend, lambda built=built: with_constant(built), {"c0": given}).state["g.x"]
        assert found == expected, (built, given)


@pytest.mark.parametrize(
    ("built", "given", "sentence"),
    [
        (2, {"c0": 2.5}, "c0 is 2.5, but the network was built with a whole number"),
        (True, {"c0": 2}, "c0 is 2, but the network was built with a truth value"),
        (0.5, {"c0": 3 * ms}, "units other than those it was built with"),
        (0.5, {"c0": "three"}, "which is not a number"),
        (0.5, {"C0": 1.0}, "has no number C0"),
    ],
)
def test_a_number_of_another_kind_is_refused(built: object, given: dict, sentence: str) -> None:
    with pytest.raises(EquispikeError, match=sentence):
        run("numpy", lambda: with_constant(built), given)


def test_what_is_declared_constant_and_changed_is_refused() -> None:
    def build() -> BuiltNetwork:
        parts = with_constant(1.0)
        group = NeuronGroup(
            2, "v : 1", threshold="v < 1", namespace=parts.namespace, clock=parts.objects[0].clock, name="p"
        )
        synapses = Synapses(group, group, "n : integer (constant)\nw : 1", on_pre="n += 1", on_post="w += n",
                            namespace=parts.namespace, clock=group.clock, name="s")  # fmt: skip
        synapses.connect()
        return BuiltNetwork((*parts.objects, group, synapses), parts.namespace, ("s.w",), {}, {})

    with pytest.raises(EquispikeError, match=r"s_pre changes s_n, which is declared \(constant\)"):
        BACKENDS["cpp"].compile(build)


def test_synapses_onto_synapses() -> None:
    """Each astrocyte-like synapse takes a tenth off the weights of one neuron's synapses at that neuron's spikes."""

    def build() -> BuiltNetwork:
        clock, net = Clock(0.1 * ms, name="c"), []
        shared = {"stop_when": stop_when, "n_in_all": 500, "n_steps": 500, "tau": 10 * ms}
        a = NeuronGroup(10, "dv/dt = (1.5 + 0.05 * i - v) / tau : 1", threshold="v > 1", reset="v = 0", method="exact",
                        namespace=shared, clock=clock, name="a")  # fmt: skip
        s = Synapses(
            a, a, "w : 1\nhome : integer (constant)", on_pre="w += 0.1", namespace=shared, clock=clock, name="s"
        )
        s.connect(condition="(i + j) % 3 == 0")
        s.home = "i"
        glia = Synapses(a, s, on_pre="w_post *= 0.9", namespace=shared, clock=clock, name="glia")
        glia.connect("i == home_post")
        net += [a, s, glia]
        ended(net, shared, clock)
        return BuiltNetwork(tuple(net), shared, ("s.w",), {}, {})

    for backend in ("cpp-stock", "cpp"):
        assert_same(backend, build)
