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
    found = planned(SWEEP + "figures:\n  - {kind: map, x: n_exc, y: neuron.tau_mem, z: accuracy, readout: vote}\n")
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
        # What would fail after the training.
        ("images: 100", "chunk-images: abc", 3, "whole number, not 'abc'"),
        ("images: 100", "chunk-images: 1000000000", 7, "--chunk-images must be at most"),
        ("images: 100", "source: /nonexistent", 3, "learns from images"),
        ("label-images: 50", "label-images: few", 10, "whole number, not 'few'"),
        ("label-images: 50", "split: nope", 10, "one of test, validation, not 'nope'"),
        ("label-images: 50", "split: validation", 10, "nothing is held out"),
        ("label-images: 50", "readout: svm", 10, "has no readout svm"),
        ("label-images: 50", "set: n_exc=3", 10, "n_exc cannot be chosen"),
        ("label-images: 50", "set: n_exc", 10, "--set needs key=value"),
        (
            "evaluate: {label-images: 50}",
            "figures:\n  - {kind: scatter, y: accuracy, name: ../../../X}",
            11,
            "cannot be called",
        ),
        ("evaluate: {label-images: 50}", "figures:\n  - {kind: scatter, y: acuracy}", 11, "no number of the table"),
        ("evaluate: {label-images: 50}", "figures:\n  - {kind: scatter, y: energy}", 11, "no number of the table"),
        (
            "evaluate: {label-images: 50}",
            "figures:\n  - {kind: scatter, y: accuracy, readout: svm}",
            11,
            "no readout 'svm'",
        ),
        ("evaluate: {label-images: 50}", "figures:\n  - {x: n_exc, y: accuracy}", 11, "average over neuron.tau_mem"),
        ("evaluate: {label-images: 50}", "figures:\n  - {kind: anytime}", 11, "needs a line 'measure: [anytime]'"),
        ("evaluate: {label-images: 50}", "resources: {partition: a b}", 10, "not 'a b'"),
        # What would take for ever.
        (
            "evaluate: {label-images: 50}",
            "random: {draws: 1000000000, axes: {n_exc: {from: 1, to: 9}}}",
            10,
            "at most 100,000",
        ),
        ("[4, 9]", f"{list(range(1, 400))}\n  t_rest: {list(range(1, 400))}", 6, "these are 318,402 combinations"),
        ("seeds: [0, 1]", "seeds: [" + ",".join(map(str, range(25_001))) + "]", 9, "these are 100,004 runs"),
        ("seeds: [0, 1]", "seeds: " + "9" * 5000, 9, "more than 18 digits"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in SWEEP
    with pytest.raises(EquispikeError) as caught:
        planned(SWEEP.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(f"a.yaml:{line}:") and words in message, message


def test_features_come_from_a_run_that_is_there() -> None:
    with pytest.raises(EquispikeError, match=r"^a\.yaml:3: /nonexistent is not a run folder"):
        planned("system: lif-readout\ndata: digits\nsource: /nonexistent\n")


def test_a_search_is_checked_before_its_first_trial(equispike) -> None:
    search = "search: {trials: 3, maximise: READOUT, axes: {learning_rate: {from: FROM, to: 1}}}"
    text = f"system: softmax\ndata: digits\nimages: 300\nholdout: 300\n{search}\n"
    for readout, low, words in (
        ("vote", "0.1", "there is no readout 'vote'"),
        ("largest output", "-1", "out of range"),
    ):
        Path("a.yaml").write_text(text.replace("READOUT", readout).replace("FROM", low))
        assert words in equispike("sweep", "a.yaml", "--dry-run").sentence


GROWING = "a: &a [x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GROWING, "more than 200,000 values"),
        ("a: &a [*a]", "more than 20 deep"),
        ("a: " + "[" * 100_000, "more than 20 deep"),
        ("? [a, b]\n: c", "a key must be a word"),
        ("a: " + "x" * 300_000, "larger than 300,000 bytes"),
    ],
    ids=["aliases", "recursion", "depth", "key", "size"],
)
def test_files_that_nobody_writes_are_refused_at_once(equispike, text: str, words: str) -> None:
    Path("a.yaml").write_text(text)
    assert words in equispike("sweep", "a.yaml", "--dry-run").sentence
    assert words in equispike("train", "diehl-cook", "--config", "a.yaml", "--out", "new").sentence
    assert "larger than" in equispike("sweep", "/dev/zero", "--dry-run").sentence


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


def test_a_partition_is_one_of_the_cluster(equispike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, words in (("sbatch", "true"), ("sinfo", "echo 'debug* up'; echo 'long up'")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for partition, code in (("long", 0), ("short", 2)):
        Path("a.yaml").write_text(SWEEP + f"resources: {{partition: {partition}}}\n")
        outcome = equispike("sweep", "a.yaml", "--profile", "slurm", "--dry-run")
        assert outcome.code == code, outcome.err
    assert "no partition short; there are: debug, long" in outcome.sentence


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
