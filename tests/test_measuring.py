"""Measures of trained runs of every kind, from the command line."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_runs import saved_run

from equispike.protocols.data import load
from equispike.protocols.measuring.anytime import anytime
from equispike.protocols.measuring.responses import responses
from equispike.protocols.measuring.robustness import LEVELS, robustness
from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.measuring.workload import workload
from equispike.protocols.procedures.base import TESTING


def few_images(n: int = 20):
    data = load("digits")
    return dataclasses.replace(data, test_images=data.test_images[:n], test_labels=data.test_labels[:n])


@pytest.mark.parametrize("readout", ["mean", "max", "last", "spikes"])
def test_a_network_that_is_stopped_at_the_end_answers_as_one_that_is_not(tmp_path: Path, readout: str) -> None:
    run = saved_run(tmp_path / "run", "spiking-mlp", layers="784,12,10", init_scale=4, readout=readout, n_steps=6)
    data, tested = few_images(), TrainedRun(run, few_images())
    found = anytime(tested, workload(tested, 20), 20)
    assert found["step"].tolist() == [1, 2, 3, 4, 5, 6] and found["time"].iloc[-1] == pytest.approx(6e-3)
    scores = tested.procedure.respond(tested.state, data.test_images, phase=TESTING)
    assert found["correct"].iloc[-1] == (scores.argmax(1) == data.test_labels).sum()
    # one that was built with so few steps does the same
    shorter = tested.spec.replaced(params=tested.spec.params.updated({"n_steps": 3}))
    scores = shorter.procedure().respond(tested.state, data.test_images, phase=TESTING)
    assert found["correct"].iloc[2] == (scores.argmax(1) == data.test_labels).sum()
    assert found["acs"].is_monotonic_increasing and found["macs"].nunique() == 1


def test_robustness_begins_with_no_damage_and_loses_all_with_all_synapses(tmp_path: Path, monkeypatch) -> None:
    run = saved_run(tmp_path / "run", "mlp", layers="784,12,10")
    data, arrays = few_images(), run.read_arrays("arrays.npz")
    monkeypatch.setitem(LEVELS, "synapse loss", (0.5, 1.0))
    found = robustness(TrainedRun(run, data), 20)
    x = data.test_images.reshape(20, -1) / 255
    hidden = np.maximum(x @ arrays["layers.1.weight"].T + arrays["layers.1.bias"], 0)
    scores = hidden @ arrays["layers.3.weight"].T + arrays["layers.3.bias"]
    assert found["correct"].iloc[0] == (scores.argmax(1) == data.test_labels).sum()
    assert found.groupby("damage", sort=False).size().to_dict() == {"none": 1} | {k: len(v) for k, v in LEVELS.items()}
    biases = (arrays["layers.3.bias"] + np.maximum(arrays["layers.1.bias"], 0) @ np.zeros((12, 10))).argmax()
    assert found["correct"].iloc[-1] == (data.test_labels == biases).sum()


def test_every_kind_of_layer_can_be_lost(tmp_path: Path) -> None:
    """All weights behind the lost units, and no others."""
    runs = {
        "spiking-cnn": {"layers": "28x28,2C5S2,3C5S2,6,10"},
        "spiking-rnn": {"layers": "28,8,10"},
        "lenet5": {},
        "conv-stdp": {"conv1.maps": 3, "conv2.maps": 4},
        "diehl-cook": {"n_exc": 8},
    }
    axes = {}
    for name, settings in runs.items():
        tested = TrainedRun(saved_run(tmp_path / name, name, **settings), few_images())
        units = tested.procedure.structure(tested.state).units(tested.procedure.classes)
        axes[name] = {each.array: (each.group, each.shape[each.axis]) for each in units}
        assert all(np.prod(each.shape) == tested.state[each.array].size for each in units)
    assert axes["spiking-cnn"] == {"hidden2_kernels.w": ("hidden1", 2), "hidden3_in.w": ("hidden2", 3),
                                   "classes_in.w": ("hidden3", 6)}  # fmt: skip
    assert axes["spiking-rnn"] == {"classes_in.w": ("hidden1", 8), "recurrent.w": ("hidden1", 8)}
    assert [n for _, n in axes["lenet5"].values()] == [6, 16, 120, 84]
    assert axes["conv-stdp"] == {"conv1_kernels.w": ("conv1", 3), "conv2_kernels.w": ("conv2", 4)}
    assert axes["diehl-cook"] == {"inputs_exc.w": ("exc", 8)}


def test_responses_leave_the_input_out(tmp_path: Path) -> None:
    data = few_images()
    for name, layers in (("spiking-mlp", {"hidden1": 12}), ("mlp", {"layer1": 12, "layer2": 10})):
        found = responses(TrainedRun(saved_run(tmp_path / name, name, layers="784,12,10"), data), 20)
        assert (found.pop("labels") == data.test_labels).all()
        assert {layer: values.shape for layer, values in found.items()} == {k: (20, n) for k, n in layers.items()}


def test_measure_compare_and_draw(equispike, monkeypatch) -> None:
    for damage, levels in LEVELS.items():
        monkeypatch.setitem(LEVELS, damage, levels[:2])
    for name in ("spiking-mlp", "mlp"):
        saved_run(f"runs/{name}", name, layers="784,12,10")
        assert equispike("evaluate", f"runs/{name}").code == 0
        outcome = equispike("measure", f"runs/{name}", "--images", 20)
        assert outcome.code == 0, outcome.err
    outcome = equispike("compare", "runs", "--out", "results/comparison.csv", "--figures", "figures")
    assert outcome.code == 0, outcome.err
    table = pd.read_csv("results/comparison.csv")
    assert table["kind"].tolist() == ["ANN", "spiking"] and table["effective_macs"].gt(0).all()
    assert ((table["accuracy_low"] < table["accuracy"]) & (table["accuracy"] < table["accuracy_high"])).all()
    similarity = pd.read_csv("results/similarity.csv")
    assert len(similarity) == 9 and similarity[similarity["one"] == similarity["other"]]["cka"].round(9).eq(1).all()
    drawn = {path.stem for path in Path("figures").glob("*.pdf")}
    assert drawn == {"anytime", "robustness", "costs", "overview", "similarity", "selectivity"}


def test_measuring_a_run_that_cannot_be(equispike) -> None:
    assert "is not a run folder" in equispike("measure", "nothing").sentence
    run = saved_run("run", "diehl-cook", n_exc=8, t_present="20*ms", n_spikes_min=0)
    assert "has no labels yet: run equispike evaluate" in equispike("measure", "run", "--what", "robustness").sentence
    (run.path / "arrays.npz").unlink()
    assert "not fully trained" in equispike("measure", "run").sentence
