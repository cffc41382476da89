"""Deep spiking networks: their layers, training that resumes exactly, evaluation and verification in Brian2."""

from __future__ import annotations

import dataclasses
import shutil

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import models
from models.codegen import BACKENDS
from models.codegen.jax import differentiable
from models.codegen.jax.connections import Convolution
from models.deep import ConvLayer, DenseLayer, SpikingCnnParams, SpikingMlpParams, SpikingRnnParams
from models.diehl_cook import DiehlCookParams
from models.errors import EquispikeError
from protocols import gradients
from protocols.data import Recordings, load
from protocols.features import FeatureSource, scale_of, with_features
from protocols.gradients.frames import frames, shifted, varied
from protocols.gradients.training import OPTIMISERS
from protocols.predicting import predict
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec
from protocols.training import train as train_presenting

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
    spec = spec_of(name, "numpy", layers=layers, encoding="events", n_steps=12, w_gain=40)
    found = gradients.verify(spec, models.get_model(name).initial_state(spec.params, 1), recorded(3))
    assert found["mismatches"] == 0 and found["spikes"] > 20  # type: ignore[operator]


@pytest.mark.parametrize("key", ["readout", "encoding"])
def test_what_a_readout_and_an_encoding_are(key):
    """A class of its own for each of two pixels: scores by hand, from potentials that decay by exp(-1) a step."""
    settings = {"layers": "2,2", "n_steps": 3, "tau_out": "1*ms", "encoding": "latency", "v_threshold": 0.7}
    image, decay = np.array([[[255, 64]]], np.uint8), np.exp(-1)  # spikes in steps 0 and 2
    state = {"classes_in.w": np.array([2.0, 0, 0, 2.0]), "classes.b": np.zeros(2)}

    def tie(v):
        return 0.5 + 0.5 * v / (0.7 + abs(v))

    expected = {
        # Spikes arrive after the update of their step.
        "mean": [2 * (1 + decay + decay**2) / 3, 2 / 3],
        "max": [2, 2],
        "last": [2 * decay**2, 2],
        # The threshold comes before arrivals: class 0 fires in step 1 (0.74), class 1 never and ends above threshold.
        "spikes": [1 + tie((2 * decay - 0.7) * decay), tie(2)],
    }
    if key == "readout":
        for readout, scores in expected.items():
            params = models.get_model("spiking-mlp").params().updated(settings | {"readout": readout})
            found, _ = gradients.show(TrainingSpec("spiking-mlp", params, "digits", 1, 0, "numpy"), state, image)
            assert found[0] == pytest.approx(scores), readout
    else:
        for encoding, values in (("current", [1, 64 / 255]), ("latency", [0, 2]), ("poisson", [0.2, 0.2 * 64 / 255])):
            params = models.get_model("spiking-mlp").params().updated(settings | {"encoding": encoding})
            assert frames(params, image)[0, 0] == pytest.approx(values), encoding


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


def test_poisson_input_is_learned(tmp_path, digits):
    spec = dataclasses.replace(
        spec_of("spiking-mlp", "numpy", encoding="poisson", layers="784,30,10", w_gain=3, learning_rate=0.01, shift=0),
        n_images=5000,
    )
    run = RunFolder.create(tmp_path / "run")
    progress = gradients.train(spec, digits, run)
    assert progress.latest()["validation_accuracy"] > 0.6
    assert run.read_json("run.json")["verified"]["mismatches"] == 0


@pytest.fixture(scope="module")
def counts(digits, tmp_path_factory) -> RunFolder:
    """A small network of Diehl & Cook, trained on few images."""
    params = DiehlCookParams().updated(
        {"n_exc": 10, "n_spikes_min": 0, "t_present": "20*ms", "t_rest_simulated": "5*ms", "intensity_init": 8}
    )
    run = RunFolder.create(tmp_path_factory.mktemp("runs") / "dc")
    train_presenting(TrainingSpec("diehl-cook", params, "digits", 4, 0, "numpy", chunk_images=50), digits, run)
    return run


def readout_spec(**options) -> TrainingSpec:
    params = models.get_model("lif-readout").params().updated({"layers": "10,10"} | options)
    return TrainingSpec(
        "lif-readout", params, "digits", 400, 0, "numpy", holdout=20, chunk_images=400, features="../dc"
    )


def test_a_readout_learns_from_features_that_are_made_once(counts, digits, tmp_path, monkeypatch):
    few = dataclasses.replace(
        digits, train_images=digits.train_images[:60], train_labels=digits.train_labels[:60],
        test_images=digits.test_images[:20], test_labels=digits.test_labels[:20],
    )  # fmt: skip
    shutil.copytree(counts.path, tmp_path / "dc")
    run, spec = RunFolder.create(tmp_path / "readout"), readout_spec(learning_rate=0.02)
    gradients.train(spec, few, run)
    features = run.read_arrays("features-train.npz")["features"]
    assert features.shape == (60, 10) and features.sum() > 20 and (features == np.rint(features)).all()
    record = run.read_json("run.json")
    assert record["verified"]["mismatches"] == 0 and record["verified"]["spikes"] > 0
    gradients.evaluate(run, few, split="validation")
    assert not run.has("features-test.npz")
    assert list(gradients.evaluate(run, few).accuracy) == ["spike count"]
    assert predict(run, few.test_images[:2])["proportion"].shape == (2, 10)
    assert gradients.verify_run(run, few, n_images=5)["mismatches"] == 0 and run.has("verification-numpy.json")
    shutil.rmtree(tmp_path / "dc")  # what was made of it is enough
    gradients.evaluate(run, few)
    with pytest.raises(EquispikeError, match="is gone"):
        predict(run, few.test_images[:2])


def test_a_training_on_features_resumes_whenever_it_was_killed(counts, digits, tmp_path, monkeypatch):
    few = dataclasses.replace(digits, train_images=digits.train_images[:60], train_labels=digits.train_labels[:60])
    shutil.copytree(counts.path, tmp_path / "dc")
    spec = dataclasses.replace(readout_spec(), chunk_images=200)
    whole, resumed = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "resumed")
    gradients.train(spec, few, whole)

    class Killed(Exception):
        pass

    def kill(*arguments, **options):
        raise Killed

    for place in ("protocols.features.FeatureSource.extract", "protocols.gradients.training.Trainer.of"):
        with monkeypatch.context() as patch:
            patch.setattr(place, kill)
            with pytest.raises(Killed):
                gradients.train(spec, few, resumed)
        assert RunFolder.open(resumed.path).read_json("run.json")["status"] == "training"
    with pytest.raises(Killed):
        gradients.train(spec, few, resumed, kill)
    gradients.train(spec, few, resumed)
    for key, values in resumed.read_arrays("arrays.npz").items():
        assert_array_equal(values, whole.read_arrays("arrays.npz")[key])


def test_silent_features_are_named(counts):
    with pytest.raises(EquispikeError, match="the same for all images"):
        scale_of(np.zeros((50, 10), np.float32), readout_spec())


def test_features_of_a_run_that_was_trained_anew_are_refused(counts, digits, tmp_path):
    shutil.copytree(counts.path, tmp_path / "dc")
    run = RunFolder.create(tmp_path / "readout")
    source = RunFolder(tmp_path / "dc")
    run.write_json("run.json", {"features": FeatureSource.open(source.path).checksum()})
    arrays = source.read_arrays("arrays.npz")
    source.write_arrays("arrays.npz", arrays | {"w": arrays["w"] * 1.01})
    with pytest.raises(EquispikeError, match="not the run any more"):
        with_features(digits, readout_spec(), run, "train")


def test_features_of_other_data_are_refused(counts, digits):
    other = dataclasses.replace(digits, name="letters", checksum="0")
    with pytest.raises(EquispikeError, match="trained on digits, not on the letters"):
        FeatureSource.open(counts.path).blank(other)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_optimisers_go_downhill_and_shrink_weights(optimiser):
    found = OPTIMISERS[optimiser](0.1, 0.5, {"a.w": True, "a.b": False})
    values = {"a.w": jnp.array(1.0), "a.b": jnp.array(1.0)}
    for gradient, expected in ((1.0, (-1, -1)), (0.0, (-1, 0))):
        updates, _ = found.update(dict.fromkeys(values, jnp.array(gradient)), found.init(values), values)
        assert tuple(np.sign(updates[key]) for key in values) == expected


def test_features_are_not_moved():
    params, features = SpikingMlpParams().updated({"layers": "4,10"}), np.arange(12, dtype=np.float32).reshape(3, 4)
    assert_array_equal(varied(params, features, np.random.default_rng(0))[:, 0], features)


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
