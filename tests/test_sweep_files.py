"""What a sweep file asks for, and what is wrong in one, with its line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import get_system
from equispike.scripts.workflow.axes import ranges
from equispike.scripts.workflow.located import Located
from equispike.scripts.workflow.plan import Plan, plan
from equispike.scripts.workflow.sweep_file import open_sweep

SWEEP = """\
system: diehl-cook
data: digits
images: 100
fixed:
  neuron.theta_plus: 0.05*mV
grid:
  n_exc: [4, 9]
  neuron.tau_mem: [50*ms, 100*ms]
seeds: [0, 1]
evaluate: {label-images: 50}
"""


def planned(text: str) -> Plan:
    Path("a.yaml").write_text(text)
    return plan(open_sweep(Path("a.yaml")))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_combination_and_seed_is_a_run() -> None:
    found = planned(SWEEP)
    points = [(run.settings["n_exc"], run.settings["neuron.tau_mem"], run.seed) for run in found.runs.values()]
    assert points == [(n, tau, seed) for n in ("4", "9") for tau in ("50*ms", "100*ms") for seed in (0, 1)]
    run = next(iter(found.runs.values()))
    assert run.id.startswith("n_exc=4_neuron.tau_mem=50ms_s0-")
    assert [step.name for step in run.steps] == ["train", "evaluate"]
    assert run.steps[0].words == ["diehl-cook", "--data=digits", "--images=100", "--set=n_exc=4",
                                  "--set=neuron.tau_mem=50*ms", "--set=neuron.theta_plus=0.05*mV", "--seed=0"]  # fmt: skip
    assert len(found.builds) == 2  # one a size: time constants are read when a program runs


def test_a_change_touches_what_depends_on_it() -> None:
    before = planned(SWEEP)
    other_tau = planned(SWEEP.replace("100*ms]", "200*ms]"))
    assert len(before.runs.keys() & other_tau.runs.keys()) == 4
    evaluated = planned(SWEEP.replace("label-images: 50", "label-images: 60"))
    assert before.runs.keys() == evaluated.runs.keys()
    for one, other in zip(before.runs.values(), evaluated.runs.values(), strict=True):
        assert (
            one.steps[0].key == other.steps[0].key and one.steps[1].key != other.steps[1].key and one.key != other.key
        )
    with_measures = SWEEP + "measure: [workload]\n"
    assert planned(with_measures + "resources: {cpus: 2, memory: 3 GB}\n").runs == planned(with_measures).runs


def test_a_plan_comes_back_from_its_file() -> None:
    found = planned(SWEEP + "figures:\n  - {x: n_exc, y: accuracy, lines: readout}\n")
    found.write(Path())
    assert Plan.open(Path()) == found


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("diehl-cook", "diehl-cock", 1, "unknown system"),
        ("data: digits", "data: digit", 2, "digit"),
        ("images: 100", "images: many", 3, "whole number"),
        ("images: 100", "images: 0", 3, "at least 1"),
        ("images: 100", "picture: 100", 3, "unknown entry 'picture'"),
        ("neuron.theta_plus: 0.05*mV", "neuron.theta_plus: 0.05*ms", 5, "neuron.theta_plus needs a value in mV"),
        ("neuron.theta_plus: 0.05*mV", "neuron.theta_pluss: 1", 5, "did you mean 'neuron.theta_plus'"),
        ("[4, 9]", "[]", 7, "n_exc is empty"),
        ("[4, 9]", "[4, 0]", 7, "out of range"),
        ("[4, 9]", "[4, 4]", 7, "planned twice"),
        ("[50*ms, 100*ms]", "[50*ms, 0.05*second]", 7, "planned twice"),
        ("neuron.tau_mem: [50*ms, 100*ms]", "neuron.tau_mem: 50*ms\n  n_exc: 3", 9, "comes twice"),
        ("neuron.tau_mem: [50*ms, 100*ms]", "neuron.theta_plus: [0.1*mV, 0.2*mV]", 8, "fixed as well"),
        ("seeds: [0, 1]", "seeds: [0, -1]", 9, "at least 0"),
        ("seeds: [0, 1]", "seeds: [0, 0]", 9, "a seed is there twice"),
        ("label-images", "label-image", 10, "unknown entry 'label-image'"),
        ("evaluate: {label-images: 50}", "resources: {memory: 2}", 10, "a number and a unit"),
        ("evaluate: {label-images: 50}", "figures:\n  - {x: t_rest, y: accuracy}", 11, "t_rest is no axis"),
        ("evaluate: {label-images: 50}", "figures:\n  - {kind: pie}", 11, "unknown kind of figure"),
        ("evaluate: {label-images: 50}", "measure: [speed]", 10, "unknown measure"),
        ("evaluate: {label-images: 50}", "a: [b", 11, "not YAML"),
        ("evaluate: {label-images: 50}", "backend: cuba", 10, "unknown backend"),
        ("images: 100", "holdout: 5000", 7, "leaves nothing to train on"),
        (
            "evaluate: {label-images: 50}",
            "random: {draws: 3, axes: {rule.w_max: {from: 1, to: 0.5}}}",
            10,
            "from a smaller to a larger",
        ),
        (
            "evaluate: {label-images: 50}",
            "random: {draws: 3, axes: {neuron.tau_ge: {from: 1*mV, to: 2*mV}}}",
            10,
            "in ms",
        ),
        ("evaluate: {label-images: 50}", "search: {trials: 3, maximise: vote, axes: {}}", 10, "axes is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in SWEEP
    with pytest.raises(EquispikeError) as caught:
        planned(SWEEP.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(f"a.yaml:{line}:") and words in message, message


def test_the_command_refuses_before_anything_runs(equispike) -> None:
    assert "cannot read the sweep file" in equispike("sweep", "none.yaml").sentence
    Path("a.yaml").write_text(SWEEP.replace("[4, 9]", "[]"))
    assert "a.yaml:7" in equispike("sweep", "a.yaml").sentence
    Path("a.yaml").write_text(SWEEP)
    Path("file").touch()
    assert "cannot be written" in equispike("sweep", "a.yaml", "--out", "file/sweep").sentence
    assert "is no profile" in equispike("sweep", "a.yaml", "--profile", "moon").sentence
    Path("b.yaml").write_text(SWEEP + "resources: {cpus: 3}\n")
    assert "needs 3 cores" in equispike("sweep", "b.yaml", "--cores", "2").sentence
    assert not Path("runs").exists() or not any(Path("runs").rglob("run.json"))


@given(st.floats(0, 1), st.booleans())
def test_drawn_values_lie_on_their_axis(part: float, log: bool) -> None:
    system = get_system("diehl-cook")
    entries = {"from": Located("50*ms", "a:1"), "to": Located("0.2*second", "a:1")}
    entries |= {"scale": Located("log", "a:1")} if log else {}
    (axis,) = ranges(Located({"neuron.tau_mem": Located(entries, "a:1")}, "a:1"), system)
    value = system.settled({"neuron.tau_mem": axis.at(part).value})[0].filled["neuron"].tau_mem
    expected = 50 * 4**part if log else 50 + 150 * part
    assert float(value) * 1000 == pytest.approx(expected, rel=1e-5)


def test_a_latin_hypercube_has_one_draw_in_each_part_of_each_axis() -> None:
    axes = "{n_exc: {from: 1, to: 1001}, neuron.tau_mem: {from: 0*ms, to: 100*ms}}"
    found = planned(f"system: diehl-cook\ndata: digits\nlatin-hypercube: {{draws: 10, seed: 3, axes: {axes}}}\n")
    sizes = [int(run.settings["n_exc"]) for run in found.runs.values()]
    times = [float(run.settings["neuron.tau_mem"].removesuffix("*ms")) for run in found.runs.values()]
    assert sorted(np.floor((np.array(sizes) - 1) / 100)) == list(range(10))
    assert sorted(np.floor(np.array(times) / 10)) == list(range(10))


def test_settings_of_network_and_training_are_axes_alike() -> None:
    axes = "{convergence: {from: 0.01, to: 0.1}, conv1.threshold: {from: 5, to: 20}}"
    text = f"system: conv-stdp\ndata: digits\nevaluate: {{set: [grid=2]}}\nrandom: {{draws: 2, axes: {axes}}}\n"
    for run in planned(text).runs.values():
        assert {"convergence", "conv1.threshold"} == run.settings.keys()
        assert run.steps[1].words == ["--set=grid=2"]


def test_anns_are_evaluated_and_need_no_programs() -> None:
    (run,) = planned("system: softmax\ndata: digits\n").runs.values()
    assert [step.name for step in run.steps] == ["train", "evaluate"] and run.build == ""
