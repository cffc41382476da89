"""Mistakes in a neuron, rule or network of one's own are one sentence with its name; what is legal in Brian2 works."""

from pathlib import Path

import pandas as pd
import pytest

from equispike.models.errors import EquispikeError
from equispike.protocols.experiments.running import run_experiment

NEURON = """
from dataclasses import dataclass
from brian2 import Quantity, ms, mV
from equispike.models.neurons.base import Neuron, NeuronParams
from equispike.models.params import param

@dataclass(frozen=True)
class MyParams(NeuronParams):
    tau_mine: Quantity = param(10 * ms, "time constant", "chosen here", unit=ms, minimum=0, exclusive=True)
    {parameter}

MINE = Neuron(
    name="mine",
    citation="none",
    params=MyParams,
    **{{**dict(
        equations="dv/dt = (i_ext - v) / tau_mine : 1 (unless refractory)\\ni_ext : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory="t - lastspike < 2*ms - 0.5 * dt",
        method="exponential_euler",
        input="i_ext",
        current=2.0,
    ), **{changes!r}}},
)
"""


def rates(folder: Path, changes: dict, parameter: str = "", duration: str = "300*ms") -> pd.DataFrame:
    path = folder / "my.py"
    path.write_text(NEURON.format(changes=changes, parameter=parameter))
    settings = {"fi-curve.current": "[0,1.5,3]", "fi-curve.duration": duration, "fi-curve.settling": "50*ms"}
    return run_experiment(f"{path}:MINE", "fi-curve", settings, "numpy", out=folder / "run").table


def parameter(name: str) -> str:
    return f'{name}: float = param(1.0, "mine", "chosen here")'


MISTAKES = {
    "misspelt": (
        {"equations": "dv/dt = (i_ext - u) / tau_mine : 1\ni_ext : 1"},
        "",
        'The identifier "u" could not be resolved',
    ),
    "undefined": ({"reset": "v = v_reset"}, "", '"v_reset" could not be resolved'),
    "units": ({"equations": "dv/dt = (i_ext - v) : 1\ni_ext : 1"}, "", "does not have the expected unit hertz"),
    "syntax": ({"equations": "dv/dt = = v : 1\ni_ext : 1"}, "", "invalid syntax in '= v"),
    "no v": ({"equations": "du/dt = -u / tau_mine : 1\ni_ext : 1"}, "", "mine has no variable v: its equations define"),
    "no such input": ({"input": "I"}, "", "mine has no variable I: its equations define"),
    "no input": ({"input": ""}, "", "it has no input for a current"),
    "method": ({"method": "magic"}, "", "No state updater"),
    "N": ({}, parameter("N"), "a parameter named N, which is a variable of cells: rename one of them"),
    "t": ({}, parameter("t"), "a parameter named t, which is a variable of cells"),
    "v": ({}, parameter("v"), "a parameter named v, which is a variable of cells"),
    "n_steps": (
        {},
        parameter("n_steps"),
        "a parameter named n_steps, which means something else to the network around it",
    ),
    "learning": ({}, parameter("learning"), "a parameter named learning, which means something else"),
    "e": ({}, parameter("e"), "a parameter named e, which means something else to Brian2: rename it"),
    "ms": ({}, parameter("ms"), "a parameter named ms, which means something else to Brian2"),
    "exp": ({}, parameter("exp"), "a parameter named exp, which means something else to Brian2"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_the_name_and_nothing_is_left(tmp_path: Path, mistake: str) -> None:
    changes, declared, words = MISTAKES[mistake]
    with pytest.raises(EquispikeError) as caught:
        rates(tmp_path, changes, declared)
    assert words in str(caught.value) and "mine" in str(caught.value).lower()
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


LEGAL = {
    "at least": {"threshold": "v >= 1"},
    "turned round": {"threshold": "1 < v"},
    "and": {"threshold": "v > 1 and i_ext > 0"},
    "or": {"threshold": "v > 1 or v < -1"},
    "not": {"threshold": "not (v <= 1)"},
    "random": {"threshold": "v > 1 + 0 * rand()"},
    "no refractory time": {"refractory": False},
}


@pytest.mark.parametrize("what", LEGAL)
def test_what_brian2_takes_gives_the_rate_of_the_closed_form(tmp_path: Path, what: str) -> None:
    """Drive i: tau ln(i / (i - 1)) from reset to threshold, after 2 ms of refractoriness."""
    from math import log

    table = rates(tmp_path, LEGAL[what])
    held = 0.0 if what == "no refractory time" else 2.0
    for rate, drive in zip(table["rate_Hz"][1:], (1.5, 3.0), strict=True):
        assert rate == pytest.approx(1000 / (10 * log(drive / (drive - 1)) + held), rel=0.02)
    assert table["rate_Hz"][0] == 0


def test_a_refractory_time_may_be_a_quantity(tmp_path: Path) -> None:
    path = tmp_path / "my.py"
    text = NEURON.format(changes={}, parameter="").replace('"t - lastspike < 2*ms - 0.5 * dt"', "2 * ms")
    path.write_text(text)
    settings = {"fi-curve.current": "[3]", "fi-curve.duration": "300*ms", "fi-curve.settling": "50*ms"}
    table = run_experiment(f"{path}:MINE", "fi-curve", settings, "numpy", out=tmp_path / "run").table
    assert table["rate_Hz"][0] == pytest.approx(165.2, rel=0.02)
