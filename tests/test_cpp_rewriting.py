"""Each rewriting of generated statements happens where it is right, and not where it is not; exp is the exponential."""

import brian2
import numpy as np
import pytest
from brian2 import Clock, NeuronGroup, ms
from numpy.testing import assert_allclose

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.cpp.rewriting import (
    buffer_writes,
    by_precision,
    in_precision,
    indirect,
    is_stateful,
    never_refractory,
    once_a_run,
    shared_condition,
    split_refractory,
    without_lookups,
)
from equispike.models.control import stop_when
from equispike.models.diehl_cook import initial_state

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))

REFRACTORY_UPDATE = """
    char not_refractory = _ptr_array_G_not_refractory[_idx];
    double v = _ptr_array_G_v[_idx];
    if(!not_refractory)
        not_refractory = false || (! ((t - lastspike) < _lio_1));
    else
        not_refractory = true || (! ((t - lastspike) < _lio_1));
    const double _v = _lio_2 * v;
    if(not_refractory)
        v = _v;
    _ptr_array_G_not_refractory[_idx] = not_refractory;
    _ptr_array_G_v[_idx] = v;
"""


def test_pure_functions_may_be_called_twice_random_numbers_and_unknown_functions_not():
    assert not is_stateful("x = exp(- (y)) * _clip(z, 0, 1);\nif(not_refractory)\nv = (a + b);")
    for call in ("_rand(_vectorisation_idx)", "_timedarray(t, i)", "stop_when(x)"):
        assert is_stateful(f"x = {call};")


def test_what_depends_on_constants_and_the_time_step_is_computed_once():
    code = """
        const double dt = _ptr_array_clock_dt[0];
        const double t = _ptr_array_clock_t[0];
        const double _lio_1 = exp(1.0f*(- dt)/tau);
        const double _lio_2 = _lio_1 * gain;
        const double _lio_3 = t - dt;
        const double _lio_4 = _lio_3 * gain;
        const double _lio_5 = _rand(_vectorisation_idx);
        const double shared = _ptr_array_G_shared[0];
        const double _lio_6 = shared * gain;
    """
    fixed = [line.split()[3] for line in once_a_run(code) if line.startswith("static")]
    assert fixed == ["dt", "_lio_1", "_lio_2"]


def test_refractory_neurons_are_set_apart():
    split = split_refractory(REFRACTORY_UPDATE)
    assert split.flags == "_ptr_array_G_not_refractory"
    assert split.written == ["_ptr_array_G_v"]
    assert "char not_refractory = true;" in split.free
    assert not any("_ptr_array_G_not_refractory" in line for line in split.free)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_lio_2 * v", "_lio_2 * v + _randn(_vectorisation_idx)"),  # a second evaluation draws other numbers
        ("_ptr_array_G_v[_idx] = v;", "_ptr_array_H_v[_linked_idx] = v;"),  # neurons may write the same element
        ("true || ", ""),  # might become refractory
        ("char not_refractory = _ptr_array_G_not_refractory[_idx];", ""),
    ],
)
def test_refractory_neurons_are_not_set_apart_where_it_might_matter(old, new):
    assert old in REFRACTORY_UPDATE
    assert split_refractory(REFRACTORY_UPDATE.replace(old, new)) is None


def test_a_threshold_may_forget_refractoriness_only_as_a_factor():
    load = "const char not_refractory = _ptr_array_G_not_refractory[_idx];\n"
    branches = "char _cond;\nif(!not_refractory)\n    _cond = (v > 1) && false;\nelse\n    _cond = (v > 1) && true;"
    for condition in (branches, "const char _cond = (v > 1) && not_refractory;"):
        assert never_refractory(load + condition)[0] == "const char not_refractory = true;"
    for condition in (
        "const char _cond = (v > 1) || (! not_refractory);",
        branches.replace("(v > 1)", "(v > not_refractory)"),
    ):
        assert never_refractory(load + condition)[0] == load.strip()


def test_the_shared_factor_of_a_condition():
    assert shared_condition("const char _cond = (step >= step_next) && _lio_1;") == "_lio_1"
    assert shared_condition("const char _cond = _lio_2 && (n > 0);") == "_lio_2"
    assert shared_condition("const char _cond = _lio_1;") == "_lio_1"
    assert shared_condition("const char _cond = (n > 0) || _lio_1;") is None


def test_lookups_go_and_stores_are_held_back():
    code = """
        const int32_t _postsynaptic_idx = _ptr_array_S__synaptic_post[_idx];
        double w = _ptr_array_S_w[_idx];
        w = _clip(w - 0.1, 0, 1);
        _ptr_array_G_ge[_postsynaptic_idx] = ge_post;
        _ptr_array_S_w[_idx] = w;
    """
    assert len(without_lookups(code)) == 4
    buffered = buffer_writes(without_lookups(code))
    assert buffered.arrays == ["_ptr_array_S_w"]
    assert buffered.code[-2:] == ["_new_ptr_array_S_w[_k] = w;", "_changed_ptr_array_S_w |= w != _ptr_array_S_w[_idx];"]
    assert "_ptr_array_G_ge[_postsynaptic_idx] = ge_post;" in buffered.code
    assert buffer_writes("_ptr_array_G_ge[_postsynaptic_idx] = ge_post;") is None


def test_lookups_of_neighbours_are_set_apart():
    code = """
        const int32_t _postsynaptic_idx = _ptr_array_S__synaptic_post[_idx];
        const int32_t _presynaptic_idx = _ptr_array_S__synaptic_pre[_idx];
        const int32_t kernel = _ptr_array_S_kernel[_idx];
        const int32_t k = _ptr_array_S_k[_idx];
        const double w = _ptr_array_kernels_w[kernel];
        _ptr_array_S_k[_idx] = k;
    """
    split = indirect(
        code, "_presynaptic_idx", {"_ptr_array_S_kernel", "_ptr_array_S__synaptic_pre", "_ptr_array_S__synaptic_post"}
    )
    assert split.lookups == [("_postsynaptic_idx", "_ptr_array_S__synaptic_post"), ("kernel", "_ptr_array_S_kernel")]
    assert [line.split(" = ")[0] for line in split.code] == [
        "const int32_t k",
        "const double w",
        "_ptr_array_S_k[_idx]",
    ]
    assert indirect("v_post += w;", "_presynaptic_idx", set()) is None


def test_single_precision_spares_the_time(monkeypatch):
    scalar = ["const double dt = _ptr_array_clock_dt[0];", "const double _lio_1 = exp(1.0f*(- dt)/tau);"]
    vector = [
        "const double lastspike = _ptr_array_G_lastspike[_idx];",
        "const double since = t - lastspike;",
        "const double _v = (0.5 * v) * exp(dt * _lio_1) + 1e-3;",
        "const char late = since > 0.25;",
    ]
    unchanged = in_precision(scalar, vector)
    assert (unchanged.scalar, unchanged.vector) == (scalar, vector)
    monkeypatch.setitem(brian2.prefs, "core.default_float_dtype", np.float32)
    code = in_precision(scalar, vector)
    assert code.scalar == [scalar[0], "const float _lio_1 = exp(1.0f*(- (float)dt)/tau);"]
    assert code.vector == [
        *vector[:2],
        "const float _v = (0.5f * v) * exp((float)dt * _lio_1) + 1e-3f;",
        vector[3],
    ]


def test_slow_variables_stay_double_in_single_precision(monkeypatch):
    scalar = ["const double dt = _ptr_array_clock_dt[0];", "const double _lio_1 = exp(- dt/tau);"]
    update = [
        "double theta = _ptr_array_G_theta[_idx];",
        "float v = _ptr_array_G_v[_idx];",
        "const float _theta = _lio_1 * theta;",
        "theta = _theta;",
        "if(v > 0)",
        "v = 0.5 * v;",
        "else",
        "v = 0.0;",
        "_ptr_array_G_theta[_idx] = theta;",
        "_ptr_array_G_v[_idx] = v;",
    ]
    assert by_precision(update) == [update]
    monkeypatch.setitem(brian2.prefs, "core.default_float_dtype", np.float32)
    code = in_precision(scalar, update)
    assert code.scalar == [scalar[0], "const double _lio_1 = exp(1.0*- dt/tau);"]
    slow, fast = by_precision(code.vector)
    assert slow == [update[0], "const double _theta = _lio_1 * theta;", update[3], update[8]]
    assert fast == [update[1], update[4], "v = 0.5f * v;", "else", "v = 0.0f;", update[9]]
    compared = in_precision([], [update[0], "const char _cond = v > theta;"]).vector
    assert compared[0] == "const float theta = (float)_ptr_array_G_theta[_idx];"


@needs_compiler
@pytest.mark.parametrize(("backend", "epsilon"), [("cpp", 2.2e-16), ("cpp-float32", 1.2e-7)])
def test_exp(backend, epsilon):
    least, most = (-87.3, 88.3) if backend == "cpp-float32" else (-708.0, 709.4)
    x = np.concatenate(
        [np.linspace(least, most, 1000), np.linspace(-1e-3, 1e-3, 21), [0, -1e6, 1e6, np.inf, -np.inf, np.nan]]
    )

    def build():
        namespace = {"stop_when": stop_when}
        group = NeuronGroup(len(x), "x : 1\ny : 1", name="g", namespace=namespace, clock=Clock(1 * ms, name="c"))
        group.run_regularly("y = exp(x)", name="computing")
        stopper = NeuronGroup(1, "", name="stopper", namespace=namespace, clock=group.clock)
        stopper.run_regularly("_ = stop_when(True)", name="stopping", when="end")
        return BuiltNetwork((group, stopper), namespace, ("g.x", "g.y"), {})

    result = BACKENDS[backend].compile(build).run({"g.x": x}, {}, {}, 0)
    y, exact = result.state["g.y"].astype(float), np.exp(result.state["g.x"].astype(float))
    assert_allclose(y[:-6], exact[:-6], rtol=4 * epsilon)
    zero, very_negative, very_positive, infinite, minus_infinite, nan = y[-6:]
    assert (zero, very_positive, infinite) == (1, np.inf, np.inf)
    assert (very_negative, minus_infinite) == (0, 0)
    assert np.isnan(nan)


@needs_compiler
def test_single_precision_computes_the_same_but_for_rounding(network, tiny):
    raster = np.random.default_rng(0).random((2 * tiny.n_steps_present, tiny.n_input)) < 0.03
    state = initial_state(tiny, 0)
    double, single = (network(name, tiny, 2, "raster").run(state, raster) for name in ("cpp", "cpp-float32"))
    assert single.state["inputs_exc.w"].dtype == np.float32
    assert len(double.records["exc_spikes"]["i"]) > 5
    assert single.records["exc_spikes"]["i"].tolist() == double.records["exc_spikes"]["i"].tolist()
    assert_allclose(single.state["inputs_exc.w"], double.state["inputs_exc.w"], rtol=1e-4)
    # A step changes theta by 5e-8 of itself, half of what float32 resolves.
    assert_allclose(single.state["exc.theta"], double.state["exc.theta"], rtol=1e-9)
