"""Deep spiking networks: their layers, training that resumes exactly, evaluation and verification in Brian2."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_runs import small_spec

from equispike.models.codegen import BACKENDS
from equispike.models.codegen.jax import differentiable
from equispike.models.codegen.jax.connections import Convolution
from equispike.models.errors import EquispikeError
from equispike.models.layered import (
    ConvLayer,
    DenseLayer,
    SpikingCnnParams,
    SpikingMlpParams,
    SpikingRnnParams,
    build,
    initial_state,
)
from equispike.protocols.data import Recordings, load
from equispike.protocols.evaluating import evaluate
from equispike.protocols.procedures.base import TESTING
from equispike.protocols.procedures.gradients.frames import frames, shifted, varied
from equispike.protocols.procedures.gradients.optimisation import OPTIMISERS
from equispike.protocols.procedures.gradients.params import GradientParams
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training import Progress, train

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
    return small_spec(name, SMALL[name] | options, 3000, backend=backend, holdout=300, chunk_images=1000)


def verified(spec: TrainingSpec, samples) -> dict:
    """What verification finds of a network that has not learned."""
    return spec.procedure().verify(initial_state(spec.params, 1), samples)


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
        train(spec_of("spiking-mlp", "numpy", layers="784,9"), digits, RunFolder.create(tmp_path / "run"))


def test_convolutions_are_found():
    params = SpikingCnnParams().updated(SMALL["spiking-cnn"])
    program = differentiable(build(params, 1), inputs=["frames"])
    found = [thing for thing in program._functions.values() if isinstance(thing, Convolution)]
    assert [(each.before, each.after, each.stride) for each in found] == [
        ((28, 28, 1), (12, 12, 3), 2),
        ((12, 12, 3), (10, 10, 4), 1),
    ]


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("backend", ["numpy", pytest.param("cpp", marks=needs_compiler)])
def test_brian_and_the_program_have_the_same_spikes(name, backend, digits):
    found = verified(spec_of(name, backend), digits.train_images[: 5 if backend == "numpy" else 20])
    assert found["mismatches"] == 0
    assert found["spikes"] > 100
    assert found["largest_score_difference"] < 1e-12


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
    found = verified(spec_of(name, "numpy", **options), digits.train_images[:4])
    assert found["mismatches"] == 0
    assert found["spikes"] > 20
    assert found["largest_score_difference"] < 1e-12


def recorded(n: int, t_max: int = 30_000) -> Recordings:
    """Random events: 40 a recording."""
    rng = np.random.default_rng(0)
    ends = np.arange(0, 40 * n + 1, 40)
    pixel, t = rng.integers(0, 34 * 34 * 2, 40 * n).astype(np.uint16), rng.integers(0, t_max, 40 * n).astype(np.int32)
    return Recordings(pixel, t, ends[:-1], ends[1:], (34, 34, 2))


@pytest.mark.parametrize(("name", "layers"), [("spiking-mlp", "34x34x2,20,10"), ("spiking-cnn", "34x34x2,3C5S4,10")])
def test_the_same_spikes_on_recordings(name, layers):
    spec = spec_of(name, "numpy", layers=layers, encoding="events", n_steps=12, init_scale=40)
    found = verified(spec, recorded(3))
    assert found["mismatches"] == 0 and found["spikes"] > 20


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
    procedure = small_spec("spiking-mlp", PAIR | {"readout": readout}, 1).procedure()
    state = {"classes_in.w": np.array([2.0, 0, 0, 2.0]), "classes.b": np.zeros(2)}
    found = procedure.respond(state, TWO_PIXELS, phase=TESTING)
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
    state = initial_state(spec.params, 1)
    program = differentiable(
        build(other.params, 1),
        inputs=["frames"],
        trainable=list(state),
        dtype=np.float64,
    )
    monkeypatch.setattr(
        "equispike.protocols.procedures.gradients.verifying.differentiable", lambda *args, **options: program
    )
    assert verified(spec, digits.train_images[:3])["mismatches"] > 0


@needs_compiler
def test_training_resumes_with_the_same_bits_and_learns(tmp_path, digits):
    spec = spec_of("spiking-mlp", "cpp", dropout=0.1, learning_rate=0.01, init_scale=2, shift=1)
    whole, resumed = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "resumed")
    train(spec, digits, whole)

    class Killed(Exception):
        pass

    def kill(progress):
        raise Killed

    for _ in range(2):
        with pytest.raises(Killed):
            train(spec, digits, resumed, kill)
    train(spec, digits, resumed)
    weights = whole.read_arrays("arrays.npz")
    for key, values in resumed.read_arrays("arrays.npz").items():
        assert_array_equal(values, weights[key])
    assert resumed.read_metrics().equals(whole.read_metrics())
    assert whole.read_json("run.json")["verified"]["mismatches"] == 0
    progress = Progress.load(whole, TrainingSpec.of_run(whole).procedure())
    outcome = evaluate(whole, digits, split="validation")
    assert outcome.accuracy["mean potential"] > 0.5
    # Brian2 in double precision and the program in single precision agree but for near ties.
    assert abs(outcome.accuracy["mean potential"] - progress.latest()["validation_accuracy"]) < 0.02


def test_poisson_input_is_learned(tmp_path, digits):
    spec = spec_of(
        "spiking-mlp", "numpy", encoding="poisson", layers="784,30,10", init_scale=3, learning_rate=0.01, shift=0
    ).replaced(n_images=5000)
    run = RunFolder.create(tmp_path / "run")
    progress = train(spec, digits, run)
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
    params = SpikingCnnParams().updated({"layers": "34x34x2,3C5S4,10", "encoding": "events", "n_steps": 4})
    own = GradientParams().updated({"shift": 2})
    moved = varied(params, own, recorded(3), np.random.default_rng(0)).reshape(3, 4, 34, 34, 2)
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
