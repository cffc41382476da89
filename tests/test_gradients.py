"""Deep spiking networks: their layers, training that resumes exactly, evaluation and verification in Brian2."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import models
from models.codegen import BACKENDS
from models.codegen.jax import differentiable
from models.codegen.jax.connections import Convolution
from models.deep import ConvLayer, DenseLayer, SpikingCnnParams, SpikingMlpParams, SpikingRnnParams
from models.errors import EquispikeError
from protocols import gradients
from protocols.data import load
from protocols.gradients.frames import shifted
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))
SMALL = {
    "spiking-mlp": {"layers": "784,20,10", "w_gain": 10},
    "spiking-cnn": {"layers": "28x28,3C5S2,4C3,10", "w_gain": 3},
    "spiking-rnn": {"layers": "28,20,10", "input_gain": 20},
}


@pytest.fixture(scope="module")
def digits():
    return load("digits", None)


def spec_of(name: str, backend: str, **options) -> TrainingSpec:
    params = models.get_model(name).params().updated(SMALL[name] | options)
    return TrainingSpec(name, params, "digits", 3000, 0, backend, holdout=300, chunk_images=1000)


def test_layers():
    params = SpikingCnnParams().updated({"layers": "28x28,8C5S2,6C3,50,10"})
    assert params.hidden == [ConvLayer(8, 5, 2, 12, 12), ConvLayer(6, 3, 1, 10, 10), DenseLayer(50)]
    assert (params.input_shape, params.n_classes) == ((28, 28, 1), 10)


@pytest.mark.parametrize(
    ("params", "settings", "words"),
    [
        (SpikingMlpParams, {"layers": "784;800;10"}, ["784;800;10", "784,800,10"]),
        (SpikingMlpParams, {"layers": "784,8C5,10"}, ["8C5", "28x28"]),
        (SpikingCnnParams, {"layers": "28x28,8C30,10"}, ["nothing is left"]),
        (SpikingMlpParams, {"layers": "784,1"}, ["1 class"]),
        (SpikingRnnParams, {"n_steps": 30}, ["n_steps = 30", "n_rows = 28"]),
    ],
)
def test_bad_layers_are_named(params, settings, words):
    with pytest.raises(EquispikeError) as error:
        params().updated(settings)
    assert all(word in str(error.value) for word in words)


def test_images_of_another_size_and_too_few_classes_are_refused(digits, tmp_path):
    with pytest.raises(EquispikeError, match="100 pixels, but digits has 784"):
        spec_of("spiking-mlp", "numpy", layers="100,10").check(digits)
    with pytest.raises(EquispikeError, match="10 classes"):
        gradients.train(spec_of("spiking-mlp", "numpy", layers="784,9"), digits, RunFolder.create(tmp_path / "run"))


def test_convolutions_are_found():
    params = SpikingCnnParams().updated(SMALL["spiking-cnn"])
    program = differentiable(models.get_model("spiking-cnn").build(params, 1), inputs=["frames"])
    found = [thing for thing in program._functions.values() if isinstance(thing, Convolution)]
    assert [(each.before, each.after, each.stride) for each in found] == [
        ((28, 28, 1), (12, 12, 3), 2),
        ((12, 12, 3), (10, 10, 4), 1),
    ]


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("backend", ["numpy", pytest.param("cpp", marks=needs_compiler)])
def test_brian_and_the_program_have_the_same_spikes(name, backend, digits):
    spec = spec_of(name, backend)
    state = models.get_model(name).initial_state(spec.params, 1)
    found = gradients.verify(spec, state, digits.train_images[: 5 if backend == "numpy" else 20])
    assert found["mismatches"] == 0
    assert found["spikes"] > 100  # type: ignore[operator]
    assert found["largest_score_difference"] < 1e-12  # type: ignore[operator]


def test_verification_notices_other_dynamics(digits, monkeypatch):
    spec, other = spec_of("spiking-mlp", "numpy", w_gain=4), spec_of("spiking-mlp", "numpy", w_gain=4, tau_mem="6*ms")
    state = models.get_model("spiking-mlp").initial_state(spec.params, 1)
    program = differentiable(
        models.get_model("spiking-mlp").build(other.params, 1),
        inputs=["frames"],
        trainable=list(state),
        dtype=np.float64,
    )
    monkeypatch.setattr("protocols.gradients.verifying.differentiable", lambda *args, **options: program)
    assert gradients.verify(spec, state, digits.train_images[:3])["mismatches"] > 0  # type: ignore[operator]


@needs_compiler
def test_training_resumes_with_the_same_bits_and_learns(tmp_path, digits):
    spec = spec_of("spiking-mlp", "cpp", dropout=0.1, learning_rate=0.01, w_gain=2, shift=1)
    whole, resumed = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "resumed")
    gradients.train(spec, digits, whole)

    class Killed(Exception):
        pass

    def kill(progress):
        raise Killed

    for _ in range(2):
        with pytest.raises(Killed):
            gradients.train(spec, digits, resumed, kill)
    gradients.train(spec, digits, resumed)
    weights = whole.read_arrays("arrays.npz")
    for key, values in resumed.read_arrays("arrays.npz").items():
        assert_array_equal(values, weights[key])
    assert resumed.read_metrics().equals(whole.read_metrics())
    assert whole.read_json("run.json")["verified"]["mismatches"] == 0
    progress = gradients.Progress.load(whole)
    outcome = gradients.evaluate(whole, digits, split="validation")
    assert outcome.accuracy["mean potential"] > 0.5
    # Brian2 in double precision and the program in single precision agree but for near ties.
    assert abs(outcome.accuracy["mean potential"] - progress.latest()["validation_accuracy"]) < 0.02


def test_shifted_images():
    images = np.zeros((50, 5, 5), np.uint8)
    images[:, 2, 2] = 9
    moved = shifted(images, 1, np.random.default_rng(0))
    rows, columns = np.nonzero(moved)[1:]
    assert len(rows) == 50
    assert {*rows} == {*columns} == {1, 2, 3}
    assert_array_equal(shifted(images, 0, np.random.default_rng(0)), images)
