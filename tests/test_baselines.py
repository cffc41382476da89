"""Ordinary networks compute what their names say, and are kept as spiking ones are."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_runs import saved_run

from equispike import models
from equispike.models.ann import MlpParams
from equispike.models.errors import EquispikeError
from equispike.protocols import baselines
from equispike.protocols.data import load
from equispike.protocols.gradients.frames import frames


def test_lenet5_has_the_numbers_of_its_description() -> None:
    lenet5 = models.get_model("lenet5")
    arrays = lenet5.initial_state(lenet5.params(), 0)
    # 6 (25 + 1), 16 (6 25 + 1), 120 (400 + 1), 84 (120 + 1), 10 (84 + 1)
    assert sum(values.size for values in arrays.values()) == 156 + 2416 + 48_120 + 10_164 + 850
    found = baselines.respond(lenet5.params(), arrays, load("digits").test_images[:2])
    shapes = {name: values.shape[1:] for name, values in found.items()}
    assert shapes["input1"] == (1, 28, 28) and shapes["layer1"] == (6, 28, 28)
    assert shapes["input2"] == (6, 14, 14) and shapes["layer2"] == (16, 10, 10)
    assert shapes["input3"] == (400,) and list(shapes)[-1] == "layer5"


def test_a_multilayer_perceptron_is_products_and_rectifications() -> None:
    params, images = MlpParams().updated({"layers": "784,7,5,10"}), load("digits").test_images[:20]
    arrays = models.get_model("mlp").initial_state(params, 3)
    x = images.reshape(20, -1) / 255
    for layer in (1, 3):
        x = np.maximum(x @ arrays[f"layers.{layer}.weight"].T + arrays[f"layers.{layer}.bias"], 0)
    x = x @ arrays["layers.5.weight"].T + arrays["layers.5.bias"]
    np.testing.assert_allclose(baselines.scores(params, arrays, images), x, atol=1e-5)


@pytest.mark.parametrize("name", ["softmax", "linear-svm"])
def test_baseline_trains_evaluates_and_predicts(equispike, name: str) -> None:
    outcome = equispike("baseline", name, "--images", 1300, "--holdout", 137, "--out", "run")
    assert outcome.code == 0 and "137 validation images" in outcome.out
    assert equispike("evaluate", "run").code == 0
    evaluation = json.loads(Path("run/evaluation-test.json").read_text())
    guesses = np.load("run/evaluation-test.npz")["guesses"]
    assert evaluation["accuracy"]["largest output"] == (guesses == load("digits").test_labels).mean() > 0.5
    with np.load("run/arrays.npz") as arrays:
        scores = frames(models.get_model(name).params(), load("digits").test_images)[:, 0] @ arrays["layers.1.weight"].T
        assert ((scores + arrays["layers.1.bias"]).argmax(1) == guesses).all()
    assert equispike("figures", "run").code == 0 and Path("run/figures/confusion-test.png").is_file()


def test_what_cannot_be_trained_is_refused(equispike) -> None:
    assert "spiking-mlp is no baseline" in equispike("baseline", "spiking-mlp").sentence
    assert "equispike baseline mlp" in equispike("train", "mlp").sentence
    assert "20-10 is for 20 inputs" in equispike("baseline", "softmax", "--set", "layers=20,10").sentence
    assert "has 1 class" in equispike("baseline", "mlp", "--set", "layers=784,5,1").sentence
    assert "unknown parameter 'epochs'" in equispike("baseline", "linear-svm", "--set", "epochs=3").sentence
    assert not Path("runs").exists()
    with pytest.raises(EquispikeError, match="no equations"):
        models.get_model("mlp").build(MlpParams(), 1)


def test_features_do_not_come_from_ordinary_networks(equispike) -> None:
    saved_run("run", "mlp", layers="784,5,10")
    assert "features come from diehl-cook and conv-stdp" in equispike(
        "train", "lif-readout", "--features", "run", "--out", "readout"
    ).sentence  # fmt: skip
