"""Parameters: what is wrong is refused in one sentence that says what would be right; text and values are the same."""

import dataclasses

import numpy as np
import pytest
from brian2 import Hz, amp, ms, mV, nA, second, volt
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.errors import EquispikeError
from equispike.models.params import Params, param, parse_value

PARAMS = DiehlCookParams()


def refusal(**settings: object) -> str:
    with pytest.raises(EquispikeError) as error:
        PARAMS.updated(settings)
    return str(error.value)


def test_unknown_key_names_the_known_ones_and_the_nearest():
    message = refusal(**{"neuron.tau_men": "100*ms"})
    assert "unknown parameter 'neuron.tau_men' (did you mean 'neuron.tau_mem'?)" in message
    assert "did you mean 'neuron.tau_mem'?" in refusal(tau_men="100*ms")
    assert all(key in message for key in PARAMS.keys())


def test_a_key_like_no_other_gets_no_suggestion():
    assert "did you mean" not in refusal(qqqq=1)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("neuron.tau_mem", "100*mV", "neuron.tau_mem needs a value in ms, such as neuron.tau_mem=100*ms"),
        ("neuron.tau_mem", "100", "neuron.tau_mem needs a value in ms, such as neuron.tau_mem=100*ms"),
        ("neuron.tau_mem", "soon", "neuron.tau_mem needs a value in ms, such as neuron.tau_mem=100*ms, but got 'soon'"),
        ("neuron.tau_mem", "100 ms", "cannot read the value '100 ms'"),
        ("neuron.tau_mem", "100*ms + 1*mV", "cannot read the value '100*ms + 1*mV'"),
        ("neuron.tau_mem", "__import__('os')", "cannot read the value"),
        ("neuron.tau_mem", "1/0*ms", "cannot read the value"),
        ("neuron.tau_mem", "0*ms", "neuron.tau_mem = 0*ms is out of range: more than 0*ms"),
        ("neuron.tau_mem", "1e999*ms", "out of range"),
        ("n_exc", "0", "n_exc = 0 is out of range: at least 1"),
        ("n_exc", "2.5", "n_exc must be a whole number, but is 2.5"),
        ("n_exc", "3*mV", "n_exc needs a plain number"),
        ("rate_scale", "-1*Hz", "rate_scale = -1*Hz is out of range: at least 0*Hz"),
        ("rule.nu_post", "-0.1", "rule.nu_post = -0.1 is out of range: at least 0"),
        ("rule", "tripplet", "rule = 'tripplet' is not one of: pair-stdp"),
        ("t_rest", "1*ms", "must last at least neuron.t_refractory"),
        ("delay_max", "10*ms", "delay_max needs rest=full"),
        ("intensity_max", "1000", "exceeds one spike a step"),
    ],
)
def test_what_is_wrong_is_said(key, value, expected):
    assert expected in refusal(**{key: value})


def test_the_default_values_are_refused_when_wrong_as_well():
    with pytest.raises(EquispikeError, match="n_exc"):
        DiehlCookParams(n_exc=-3)


def test_values_with_units_are_arithmetic():
    assert parse_value("255/8*Hz") == 31.875 * Hz
    assert parse_value("-65*mV") == -65 * mV
    assert parse_value("2**3") == 8
    assert parse_value(" pre-and-post ") == "pre-and-post"


def test_a_unit_may_be_another_of_the_same_kind():
    assert float(PARAMS.updated({"neuron.tau_mem": "0.2*second"}).part_params("neuron").tau_mem) == 0.2


def test_params_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PARAMS.n_exc = 5
    assert PARAMS.updated({"n_exc": 5}).n_exc == 5
    assert PARAMS.n_exc == 400


def test_text_of_the_defaults_gives_the_defaults():
    assert same(PARAMS.updated(PARAMS.as_text()), PARAMS)


# as_text writes twelve digits: what a person would type comes back exactly, in the unit it was typed in.
decimals = st.integers(1, 10**6).map(lambda n: n / 1000)


@given(
    st.fixed_dictionaries(
        {
            "neuron.tau_mem": decimals.map(lambda x: x * ms),
            "neuron.v_rest": decimals.map(lambda x: -x * mV),
            "rate_scale": st.floats(0, 60).map(lambda x: x * Hz),
            "rule.nu_post": st.floats(0, 1e6),
            "n_exc": st.integers(1, 100_000),
            "rule": st.sampled_from(["diehl-cook-triplet", "diehl-cook-pre-and-post"]),
        }
    )
)
def test_text_is_read_back(settings):
    params = PARAMS.updated(settings)
    again = PARAMS.updated(params.as_text())
    assert again.as_text() == params.as_text()
    for key in ("n_exc", "rule"):
        assert getattr(again, key) == getattr(params, key)
    for slot, key in (("", "rate_scale"), ("rule", "nu_post"), ("neuron", "tau_mem"), ("neuron", "v_rest")):
        one, other = (float(getattr(each.part_params(slot) if slot else each, key)) for each in (again, params))
        assert one == (other if key == "nu_post" else pytest.approx(other, rel=1e-11))


def same(one: DiehlCookParams, other: DiehlCookParams) -> bool:
    return one.as_text() == other.as_text() and one == other


def test_several_values():
    assert_array_equal(parse_value("[1, 2, 5]*ms"), [1, 2, 5] * ms)
    assert_array_equal(parse_value("[1*ms, 2*second]"), [0.001, 2] * second)
    assert_array_equal(parse_value("linspace(0, 5, 6)*nA"), np.arange(6) * nA)
    assert_array_equal(parse_value("geomspace(1*mV, 100*mV, 3)"), np.geomspace(1e-3, 0.1, 3) * volt)
    assert_array_equal(parse_value("logspace(0, 2, 3)"), [1, 10, 100])
    assert_array_equal(parse_value("2 - [1, 2]"), [1, 0])


@pytest.mark.parametrize(
    "text",
    ["linspace(0,5)*nA", "linspace(0,5,2.5)", "linspace(0,5,10**9)", "linspace(0*nA,5*ms,3)", "arange(3)", "[]", "[1,[2]]",
     "[1*ms,2*mV]", "linspace([1,2],3,3)", "linspace(0,1,num=3)", "(1,2)", "{1}", "[x for x in y]", "lambda: 1", "1 if 2 else 3",
     "logspace(0*ms,1,3)", "linspace(0,1,True)", "ms.dim", "[1]*'a'"],
)  # fmt: skip
def test_nothing_else_is_read(text):
    with pytest.raises(EquispikeError, match="cannot read the value"):
        parse_value(text)


@given(st.text(alphabet="0123456789.,()[]*+-/ linspacegeomV_'\"x", max_size=30))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        parse_value(text)
    except EquispikeError as error:
        assert "\n" not in str(error).replace(text.strip(), "")


@dataclasses.dataclass(frozen=True)
class Sweep(Params):
    current: object = param(np.array([1.0, 2.0]) * nA, "currents", "test", unit=nA, minimum=0, maximum=1e9)
    number: object = param(np.array([1.0, 2.0]), "numbers", "test")


@given(
    st.one_of(
        st.lists(decimals, min_size=1, max_size=6),
        st.tuples(decimals, decimals, st.integers(4, 50)).map(lambda each: np.linspace(*each)),
        st.tuples(decimals, decimals, st.integers(4, 50)).map(lambda each: np.geomspace(*each)),
    )
)
def test_several_values_are_read_back(values):
    sweep = Sweep().updated({"current": np.array(values) * nA, "number": values})
    again = Sweep().updated(sweep.as_text())
    assert again.as_text() == sweep.as_text()
    assert_allclose(again.current / nA, values, rtol=1e-11)
    assert_allclose(again.number, values, rtol=1e-11)


def test_what_is_wrong_with_several_values_is_said():
    def refused(**settings):
        with pytest.raises(EquispikeError) as error:
            Sweep().updated(settings)
        return str(error.value)

    assert "current needs a value in nA, such as current=[1,2]*nA" in refused(current="[1,2]*ms")
    assert "current holds -1, which is out of range: at least 0*nA" in refused(current="[1,-1]*nA")
    assert "neuron.tau_mem takes one value" in refusal(**{"neuron.tau_mem": "[1,2]*ms"})
    assert Sweep().updated({"current": "3*nA"}).current.shape == (1,)
    assert_array_equal(Sweep().updated({"current": ["1*nA", "2*uA"]}).current, [1e-9, 2e-6] * amp)  # as a file has it
    with pytest.raises(ValueError, match="read-only"):
        Sweep().current[0] = 5 * nA


def test_a_notebook_shows_a_table() -> None:
    @dataclasses.dataclass(frozen=True)
    class Shown(Params):
        tau: float = param(20 * ms, "decay of x < 1", "a paper", unit=ms, minimum=0)

    assert "<tr><td>tau</td><td>20*ms</td><td>at least 0*ms</td><td>decay of x &lt; 1</td><td>a paper</td></tr>" in (
        Shown()._repr_html_()
    )
