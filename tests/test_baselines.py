"""ANNs compute what their names say, and are kept as spiking ones are."""

from pathlib import Path

import numpy as np
import pytest
from small_runs import saved_run

from equispike.models.ann import LENET5, Lenet5Params, MlpParams, SoftmaxParams, initial_state
from equispike.protocols.data import load
from equispike.protocols.evaluations import chosen
from equispike.protocols.procedures.ann import outputs
from equispike.protocols.procedures.gradients.frames import frames
from equispike.protocols.run_folder import RunFolder


def test_lenet5_has_the_numbers_of_its_description() -> None:
    arrays = LENET5.initial_state(Lenet5Params(), 0)
    # 6 (25 + 1), 16 (6 25 + 1), 120 (400 + 1), 84 (120 + 1), 10 (84 + 1)
    assert sum(values.size for values in arrays.values()) == 156 + 2416 + 48_120 + 10_164 + 850
    found = outputs(Lenet5Params(), arrays, load("digits").test_images[:2])
    shapes = {name: values.shape[1:] for name, values in found.items()}
    assert shapes["input1"] == (1, 28, 28) and shapes["layer1"] == (6, 28, 28)
    assert shapes["input2"] == (6, 14, 14) and shapes["layer2"] == (16, 10, 10)
    assert shapes["input3"] == (400,) and list(shapes)[-1] == "layer5"


def test_a_multilayer_perceptron_is_products_and_rectifications() -> None:
    params, images = MlpParams().updated({"layers": "784,7,5,10"}), load("digits").test_images[:20]
    arrays = initial_state(params, 3)
    x = images.reshape(20, -1) / 255
    for layer in (1, 3):
        x = np.maximum(x @ arrays[f"layers.{layer}.weight"].T + arrays[f"layers.{layer}.bias"], 0)
    x = x @ arrays["layers.5.weight"].T + arrays["layers.5.bias"]
    np.testing.assert_allclose(outputs(params, arrays, images)["layer3"], x, atol=1e-5)


@pytest.mark.parametrize("name", ["softmax", "linear-svm"])
def test_its_guesses_are_those_of_its_weights(equispike, name: str) -> None:
    outcome = equispike("train", name, "--images", 1300, "--holdout", 137, "--out", "run")
    assert outcome.code == 0, outcome.err
    assert equispike("evaluate", "run").code == 0
    kept = chosen(RunFolder.open("run"), "test")
    evaluation, guesses = kept.record, kept.guesses()["largest output"]
    assert evaluation["accuracy"]["largest output"] == (guesses == load("digits").test_labels).mean() > 0.5
    with np.load("run/arrays.npz") as arrays:
        scores = frames(SoftmaxParams(), load("digits").test_images)[:, 0] @ arrays["layers.1.weight"].T
        assert ((scores + arrays["layers.1.bias"]).argmax(1) == guesses).all()
    assert equispike("figures", "run").code == 0 and Path("run/figures/confusion-test.png").is_file()


def test_what_cannot_be_trained_is_refused(equispike) -> None:
    assert "an ANN runs on no backend of Brian2" in equispike("train", "mlp", "--backend", "numpy").sentence
    assert "20 inputs, but digits has 784" in equispike("train", "softmax", "--set", "layers=20,10").sentence
    assert "has 1 class" in equispike("train", "mlp", "--set", "layers=784,5,1").sentence
    assert "epochs = 3 is out of range" in equispike("train", "linear-svm", "--set", "epochs=3").sentence
    assert "omit --chunk-images" in equispike("train", "linear-svm", "--chunk-images", 50).sentence
    assert not Path("runs").exists()


def test_features_do_not_come_from_anns(equispike) -> None:
    saved_run("run", "mlp", layers="784,5,10")
    assert "features come from diehl-cook and conv-stdp" in equispike(
        "train", "lif-readout", "--source", "run", "--out", "readout"
    ).sentence  # fmt: skip
