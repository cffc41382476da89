"""The C++ backend: one build a structure, everything else at run time; what goes wrong is said in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Clock, Function, NeuronGroup, ms
from numpy.testing import assert_allclose
from sectioned import sectioned

from equispike.models import diehl_cook
from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen import BACKENDS, get_backend
from equispike.models.codegen.cpp import backend as cpp
from equispike.models.control import stop_when
from equispike.models.diehl_cook import frozen_state, initial_state
from equispike.models.errors import EquispikeError

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))

# Every number that a running network of the default rule and inhibition depends on.
CHANGED = {
    "v_rest": "-64*mV",
    "v_reset": "-66*mV",
    "v_threshold": "-53*mV",
    "tau_mem": "25*ms",
    "t_refractory": "3*ms",
    "e_exc": "1*mV",
    "e_inh": "-95*mV",
    "tau_ge": "1.5*ms",
    "tau_gi": "3*ms",
    "theta_offset": "21*mV",
    "theta_plus": "0.1*mV",
    "tau_theta": "1000*ms",
    "w_inh_exc": "10",
    "w_total": "13",
    "w_max": "0.6",
    "nu_pre": "0.01",
    "nu_post": "0.05",
    "tau_x_pre": "15*ms",
    "tau_x_post": "25*ms",
    "tau_y_post": "30*ms",
    "rate_scale": "40*Hz",
    "intensity_init": "3",
    "t_present": "80*ms",
    "t_rest": "100*ms",
    "t_rest_simulated": "10*ms",
}


@pytest.fixture
def net(network, tiny):
    return network("cpp", tiny, 2, "poisson")


@pytest.fixture
def pixels(tiny):
    return np.random.default_rng(3).choice([0, 200, 255], size=(2, tiny.n_input))


@pytest.fixture
def state(tiny):
    return initial_state(tiny, 5)


def assert_identical(one, other):
    for name, value in one.state.items():
        assert value.tobytes() == other.state[name].tobytes(), name
    for name, record in one.records.items():
        for key, value in record.items():
            assert value.tobytes() == other.records[name][key].tobytes(), f"{name}.{key}"


def differs(one, other):
    return any(not np.array_equal(value, other.state[name]) for name, value in one.state.items())


@needs_compiler
def test_other_numbers_need_no_other_program(net, tiny, monkeypatch):
    """Compiled once: the same structure is not built again, be its parameters as they may, whatever else is alive."""

    def not_again(source):
        pytest.fail("built a second time")

    other = BACKENDS["numpy"].compile(lambda: diehl_cook.build(tiny, 2, record_spikes=True))
    monkeypatch.setattr(cpp, "_make", not_again)
    for params in (tiny, tiny.updated(sectioned(CHANGED))):
        program = BACKENDS["cpp"].compile(lambda params=params: diehl_cook.build(params, 2, record_spikes=True))
        assert program._directory == net.program._directory
    del other


@needs_compiler
def test_every_parameter_has_its_effect(net, pixels, state):
    base = net.run(state, pixels)
    assert len(base.records["exc_spikes"]["i"]) > 5
    without = [key for key, value in CHANGED.items() if not differs(base, net.run(state, pixels, **{key: value}))]
    assert without == []


@needs_compiler
def test_all_parameters_changed_is_what_numpy_computes(network, tiny, net, pixels, state):
    ours = net.run(state, pixels, seed=4, **CHANGED)
    theirs = network("numpy", tiny, 2, "poisson").run(state, pixels, seed=4, **CHANGED)
    assert len(ours.records["exc_spikes"]["i"]) > 5
    for name, value in theirs.state.items():
        assert_allclose(ours.state[name], value, rtol=1e-11, atol=1e-300, err_msg=name)


@needs_compiler
def test_compiled_with_a_parameter_or_run_with_it(net, tiny, pixels, state):
    params = tiny.updated(sectioned(CHANGED))
    program = BACKENDS["cpp"].compile(lambda: diehl_cook.build(params, 2, record_spikes=True))
    assert_identical(program.run(state, {"pixels": pixels}, {}, 4), net.run(state, pixels, seed=4, **CHANGED))


@needs_compiler
def test_same_seed_same_bits_other_seed_other_spikes(net, pixels, state):
    first, again, other = (net.run(state, pixels, seed=seed) for seed in (1, 1, 2))
    assert_identical(first, again)
    assert first.records["input_spikes"]["t"].tolist() != other.records["input_spikes"]["t"].tolist()


@needs_compiler
def test_images_and_weights_are_inputs(net, tiny, pixels, state):
    base = net.run(state, pixels)
    assert differs(base, net.run(state, pixels[::-1]))
    assert differs(base, net.run(initial_state(tiny, 6), pixels))
    blank = net.run(state, np.zeros_like(pixels))
    assert len(blank.records["input_spikes"]["i"]) == 0
    assert blank.state["inputs_exc.w"].tolist() == state["inputs_exc.w"].tolist()


@needs_compiler
def test_wrong_shapes_are_refused(net, tiny, pixels, state):
    with pytest.raises(ValueError, match="pixels has shape"):
        net.run(state, pixels[:1])
    with pytest.raises((ValueError, EquispikeError)):
        net.run(frozen_state(tiny, state["inputs_exc.w"][:-1], state["exc.theta"]), pixels)


def counter(stop_when: Function = stop_when) -> BuiltNetwork:
    """The smallest of networks: one number that counts time steps and stops at 3."""
    names = {"stop_when": stop_when, "goal": 3.0}
    group = NeuronGroup(1, "n : 1", name="counter", namespace=names, clock=Clock(1 * ms, name="counter_clock"))
    group.run_regularly("n += 1\n_ = stop_when(n >= goal)", name="counting")
    return BuiltNetwork((group,), names, ("counter.n",), {})


RACER = """
import sys, time
from pathlib import Path
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.cpp import backend as cpp
from test_cpp_backend import counter

make, folder = cpp._make, Path(sys.argv[1])

def make_and_wait(source):  # until both have built
    make(source)
    Path(folder, sys.argv[2]).touch()
    deadline = time.monotonic() + 120
    while len(list(folder.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)

cpp._make, cpp.COMPILE_FLAGS = make_and_wait, ["-w", "-O0", "-std=c++17"]
print(BACKENDS["cpp"].compile(counter).run({}, {}, {"goal": 5.0}, 0).state["counter.n"][0])
"""


@needs_compiler
def test_two_processes_build_the_same_at_once(tmp_path):
    here = Path(__file__).parent
    env = os.environ | {"EQUISPIKE_CACHE": str(tmp_path / "cache"), "PYTHONPATH": f"{here.parent}{os.pathsep}{here}"}
    built = tmp_path / "built"
    built.mkdir()
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, built, name], env=env, stdout=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    assert [racer.communicate()[0].split()[-1] for racer in racers] == ["5.0", "5.0"]
    assert len(list(built.iterdir())) == 2
    (program,) = (tmp_path / "cache" / "programs").iterdir()
    assert (program / "main").exists()
    assert not list(program.rglob("*.o"))


@needs_compiler
def test_code_that_does_not_compile(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path))
    broken = Function(lambda condition: 0.0, arg_units=[bool], return_unit=1, stateless=False)
    broken.implementations.add_implementation("cpp", "double stop_when(const bool c) { return no_such_thing; }")
    with pytest.raises(EquispikeError, match="did not compile") as error:
        BACKENDS["cpp"].compile(lambda: counter(broken))
    (log,) = (tmp_path / "programs").iterdir()  # and nothing else
    assert str(log) in str(error.value)
    assert "no_such_thing" in log.read_text()
    assert isinstance(brian2.get_device(), brian2.devices.RuntimeDevice)


@pytest.mark.parametrize(("name", "value", "missing"), [("PATH", "", "g++"), ("CXX", "no-such-c++", "no-such-c++")])
def test_no_compiler(monkeypatch, name, value, missing):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv(name, value)
    for backend in ("cpp", "cython"):
        with pytest.raises(EquispikeError, match=f"backend {backend}: '.*' was not found: install .*numpy$") as error:
            get_backend(backend)
        assert missing in str(error.value)
    assert get_backend("numpy").name == "numpy"


def test_unknown_backend():
    with pytest.raises(EquispikeError, match="unknown backend 'fortran'; the backends are: cpp, "):
        get_backend("fortran")
