"""Networks trained by gradients from the command line, from training to pictures and refusals."""

import shutil
from pathlib import Path

import pytest
from command_line import CPP
from PIL import Image

from equispike.models.codegen import BACKENDS
from equispike.protocols.data import load
from equispike.protocols.run_folder import RunFolder

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason="no C++ compiler")


@pytest.mark.parametrize(
    ("system", "settings", "figures"),
    [
        ("spiking-mlp", ("layers=784,12,10", "init_scale=4"), {"learning", "weights", "confusion-test", "raster"}),
        ("spiking-cnn", ("layers=28x28,3C5S4,10", "init_scale=4"), {"learning", "weights", "confusion-test", "raster"}),
        ("spiking-rnn", ("layers=28,12,10", "input_gain=20"), {"learning", "confusion-test", "raster"}),
    ],
)
def test_from_training_by_gradients_to_figures_and_predictions(equispike, system, settings, figures) -> None:
    pairs = [word for pair in settings for word in ("--set", pair)]
    words = ("--images", 400, "--chunk-images", 200, "--backend", "numpy", "--out", "run")
    trained = equispike("train", system, *pairs, *words)
    assert trained.code == 0 and "0 of" in trained.out and "400/400 images" in trained.err
    assert equispike("evaluate", "run", "--test-images", 20).code == 0
    assert RunFolder.open("run").read_arrays("activity.npz")["hidden1.counts"].sum() > 0
    drawn = equispike("figures", "run")
    assert drawn.code == 0 and not drawn.err
    assert {path.stem for path in Path("run/figures").glob("*.png")} == figures
    Image.fromarray(load("digits").test_images[0]).save("digit.png")
    assert "digit.png" in equispike("predict", "run", "digit.png").out
    assert "layers" in equispike("list", system).out
    assert "train anew" in equispike("train", "--resume", "run", "--images", 500).sentence


@needs_compiler
def test_from_features_of_a_run_to_figures_and_predictions(equispike) -> None:
    assert equispike(*CPP, "--images", 20, "--out", "run").code == 0
    words = (
        "train",
        "lif-readout",
        "--source",
        "run",
        "--images",
        3000,
        "--chunk-images",
        1500,
        "--backend",
        "numpy",
    )
    trained = equispike(*words, "--holdout", 37, "--out", "readout")
    assert trained.code == 0 and "features of the train images: 1437/1437" in trained.err
    assert RunFolder.open("readout").read_json("run.json")["config"]["params"]["layers"] == "16,10"
    assert RunFolder.open("readout").read_json("run.json")["config"]["source"] == "../run"
    found = equispike("verify", "readout", "--images", 10)
    assert found.code == 0 and "0 of" in found.out
    assert equispike("figures", "readout").code == 0
    assert {path.stem for path in Path("readout/figures").glob("*.png")} == {"learning"}
    Image.fromarray(load("digits").test_images[0]).save("digit.png")
    assert "digit.png" in equispike("predict", "readout", "digit.png").out
    assert "begun with source" in equispike("train", "--resume", "readout", "--source", "other").sentence
    assert "features come from diehl-cook and conv-stdp" in equispike(*words[:2], "--source", "readout").sentence
    assert "for 5 inputs, but digits has 16" in equispike(*words, "--set", "layers=5,10", "--out", "new").sentence
    assert "constant currents" in equispike(*words, "--set", "encoding=latency", "--out", "new").sentence
    in_double = equispike("verify", "readout", "--images", 10, "--backend", "cpp-float32")
    assert in_double.code == 0 and "Brian2 (cpp)" in in_double.out and "0 of" in in_double.out
    assert "nothing to compare" in equispike("verify", "run").sentence
    assert not Path("new").exists()
    shutil.move("run", "elsewhere")
    assert "is gone" in equispike("predict", "readout", "digit.png").sentence


def test_a_mismatch_ends_with_one(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        equispike(
            "train", "spiking-mlp", "--set", "layers=784,5,10", "--images", 100, "--backend", "numpy", "--out", "run"
        ).code
        == 0
    )
    found = {"backend": "numpy", "mismatches": 1, "spikes": 9, "images": 3, "largest_score_difference": 0.1}
    monkeypatch.setattr("equispike.protocols.verifying.verify", lambda *args, **options: found)
    outcome = equispike("verify", "run")
    assert outcome.code == 1 and "1 of 9 spikes" in outcome.out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("train", "spiking-mlp", "--set", "layers=784+10"), "does not look like 784,800,10"),
        (("train", "spiking-mlp", "--set", "layers=100,10"), "100 inputs, but digits has 784 (28 x 28)"),
        (("train", "spiking-mlp", "--set", "encoding=events"), "encoding=events is for recordings"),
        (("train", "spiking-mlp", "--set", "encoding=poisson", "--set", "rate_max=2000*Hz"), "one spike a step"),
        (("train", "spiking-rnn", "--set", "encoding=events"), "spiking-rnn sees rows"),
        (("train", "lif-readout"), "--source runs/dc400"),
        (("train", "lif-readout", "--source", "nothing"), "nothing is not a run folder"),
        (("train", "lif-readout", "--set", "layers=400,20,10", "--source", "."), ". is not a run folder"),
        (("train", "diehl-cook", "--source", "nothing"), "diehl-cook learns from images"),
        (("train", "spiking-mlp", "--set", "layers=784,5"), "digits has 10 classes, but the network has 5"),
        (("verify", "nothing"), "nothing is not a run folder"),
        (("train", "spiking-mlp", "--set", "beta=0"), "out of range"),
    ],
)
def test_bad_words_for_networks_trained_by_gradients(equispike, words: tuple, hint: str) -> None:
    assert hint in equispike(*words).sentence
