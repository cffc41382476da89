"""Deep spiking networks: their layers, training that resumes exactly, evaluation and verification in Brian2."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from equispike import models
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.jax import differentiable
from equispike.models.codegen.jax.connections import Convolution
from equispike.models.errors import EquispikeError
from equispike.models.layered import ConvLayer, DenseLayer, SpikingCnnParams, SpikingMlpParams, SpikingRnnParams
from equispike.protocols import gradients
from equispike.protocols.data import Recordings, load
from equispike.protocols.gradients.frames import frames, shifted, varied
from equispike.protocols.gradients.training import OPTIMISERS
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))
SMALL = {
    "spiking-mlp": {"layers": "784,20,10", "init_scale": 10},
    "spiking-cnn": {"layers": "28x28,3C5S2,4C3,10", "init_scale": 3},
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
    with pytest.raises(EquispikeError, match="100 inputs, but digits has 784"):
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


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *(("spiking-mlp", {"encoding": encoding}) for encoding in ("latency", "poisson")),
        *(("spiking-mlp", {"readout": readout}) for readout in ("max", "last", "spikes")),
        ("spiking-mlp", {"layers": "784,10", "readout": "spikes", "encoding": "latency"}),
        ("spiking-cnn", {"encoding": "poisson"}),
        ("spiking-rnn", {"encoding": "poisson", "rate_max": "500*Hz", "readout": "last"}),
    ],
)
def test_the_same_spikes_for_every_encoding_and_readout(name, options, digits):
    spec = spec_of(name, "numpy", **options)
    state = models.get_model(name).initial_state(spec.params, 1)
    found = gradients.verify(spec, state, digits.train_images[:4])
    assert found["mismatches"] == 0
    assert found["spikes"] > 20  # type: ignore[operator]
    assert found["largest_score_difference"] < 1e-12  # type: ignore[operator]


def recorded(n: int, t_max: int = 30_000) -> Recordings:
    """Random events: 40 a recording."""
    rng = np.random.default_rng(0)
    ends = np.arange(0, 40 * n + 1, 40)
    pixel, t = rng.integers(0, 34 * 34 * 2, 40 * n).astype(np.uint16), rng.integers(0, t_max, 40 * n).astype(np.int32)
    return Recordings(pixel, t, ends[:-1], ends[1:], (34, 34, 2))


@pytest.mark.parametrize(("name", "layers"), [("spiking-mlp", "34x34x2,20,10"), ("spiking-cnn", "34x34x2,3C5S4,10")])
def test_the_same_spikes_on_recordings(name, layers):
    spec = spec_of(name, "numpy", layers=layers, encoding="events", n_steps=12, init_scale=40)
    found = gradients.verify(spec, models.get_model(name).initial_state(spec.params, 1), recorded(3))
    assert found["mismatches"] == 0 and found["spikes"] > 20  # type: ignore[operator]


#: A class of its own for each of two inputs, which spike in steps 0 and 2; potentials decay by exp(-1) a step.
PAIR = {"layers": "2,2", "n_steps": 3, "tau_out": "1*ms", "encoding": "latency", "v_threshold": 0.7}
TWO_PIXELS = np.array([[[255, 64]]], np.uint8)


def tie(v: float) -> float:
    return 0.5 + 0.5 * v / (0.7 + abs(v))


@pytest.mark.parametrize(
    ("readout", "scores"),
    [
        # Spikes arrive after the update of their step.
        ("mean", [2 * (1 + np.exp(-1) + np.exp(-2)) / 3, 2 / 3]),
        ("max", [2, 2]),
        ("last", [2 * np.exp(-2), 2]),
        # The threshold comes before arrivals: class 0 fires in step 1 (0.74), class 1 never and ends above threshold.
        ("spikes", [1 + tie((2 * np.exp(-1) - 0.7) * np.exp(-1)), tie(2)]),
    ],
)
def test_what_a_readout_is(readout, scores):
    params = SpikingMlpParams().updated(PAIR | {"readout": readout})
    state = {"classes_in.w": np.array([2.0, 0, 0, 2.0]), "classes.b": np.zeros(2)}
    found, _ = gradients.show(TrainingSpec("spiking-mlp", params, "digits", 1, 0, "numpy"), state, TWO_PIXELS)
    assert found[0] == pytest.approx(scores)


@pytest.mark.parametrize(
    ("encoding", "values"), [("current", [1, 64 / 255]), ("latency", [0, 2]), ("poisson", [0.2, 0.2 * 64 / 255])]
)
def test_what_an_encoding_is(encoding, values):
    params = SpikingMlpParams().updated(PAIR | {"encoding": encoding})
    assert frames(params, TWO_PIXELS)[0, 0] == pytest.approx(values)


def test_verification_notices_other_dynamics(digits, monkeypatch):
    spec, other = (
        spec_of("spiking-mlp", "numpy", init_scale=4),
        spec_of("spiking-mlp", "numpy", init_scale=4, tau_mem="6*ms"),
    )
    state = models.get_model("spiking-mlp").initial_state(spec.params, 1)
    program = differentiable(
        models.get_model("spiking-mlp").build(other.params, 1),
        inputs=["frames"],
        trainable=list(state),
        dtype=np.float64,
    )
    monkeypatch.setattr("equispike.protocols.gradients.verifying.differentiable", lambda *args, **options: program)
    assert gradients.verify(spec, state, digits.train_images[:3])["mismatches"] > 0  # type: ignore[operator]


@needs_compiler
def test_training_resumes_with_the_same_bits_and_learns(tmp_path, digits):
    spec = spec_of("spiking-mlp", "cpp", dropout=0.1, learning_rate=0.01, init_scale=2, shift=1)
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


def test_poisson_input_is_learned(tmp_path, digits):
    spec = dataclasses.replace(
        spec_of(
            "spiking-mlp", "numpy", encoding="poisson", layers="784,30,10", init_scale=3, learning_rate=0.01, shift=0
        ),
        n_images=5000,
    )
    run = RunFolder.create(tmp_path / "run")
    progress = gradients.train(spec, digits, run)
    assert progress.latest()["validation_accuracy"] > 0.6
    assert run.read_json("run.json")["verified"]["mismatches"] == 0


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_optimisers_go_downhill_and_shrink_weights(optimiser):
    found = OPTIMISERS[optimiser](0.1, 0.5, {"a.w": True, "a.b": False})
    values = {"a.w": jnp.array(1.0), "a.b": jnp.array(1.0)}
    for gradient, expected in ((1.0, (-1, -1)), (0.0, (-1, 0))):
        updates, _ = found.update(dict.fromkeys(values, jnp.array(gradient)), found.init(values), values)
        assert tuple(np.sign(updates[key]) for key in values) == expected


def test_shifted_recordings_are_moved_as_wholes():
    params = (
        models.get_model("spiking-cnn")
        .params()
        .updated({"layers": "34x34x2,3C5S4,10", "encoding": "events", "n_steps": 4, "shift": 2})
    )
    moved = varied(params, recorded(3), np.random.default_rng(0)).reshape(3, 4, 34, 34, 2)
    still = frames(params, recorded(3)).reshape(3, 4, 34, 34, 2)
    for one, other in zip(moved, still, strict=True):
        shifts = [np.roll(other, (y, x), axis=(1, 2)) for y in range(-2, 3) for x in range(-2, 3)]
        inside = [(one == each)[:, 2:-2, 2:-2].all() for each in shifts]
        assert sum(inside) == 1
    assert (moved != still).any()


def test_shifted_images():
    images = np.zeros((50, 5, 5), np.uint8)
    images[:, 2, 2] = 9
    moved = shifted(images, 1, np.random.default_rng(0))
    rows, columns = np.nonzero(moved)[1:]
    assert len(rows) == 50
    assert {*rows} == {*columns} == {1, 2, 3}
    assert_array_equal(shifted(images, 0, np.random.default_rng(0)), images)
