"""The convolutional STDP network against a blind implementation and hand-made cases; its parameters; its training."""

import blind_conv_stdp as blind
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_runs import small_spec

from equispike.models.codegen import BACKENDS
from equispike.models.conv_stdp import ConvStdpParams, Shape, as_kernels, as_state, build, initial_state
from equispike.models.errors import EquispikeError
from equispike.protocols.data import load
from equispike.protocols.encoding.on_off_cells import encode
from equispike.protocols.procedures.base import TESTING
from equispike.protocols.procedures.layerwise import convergence
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))

#: A network of three layers, one of them padded, that numpy can run.
SMALL = ConvStdpParams().updated(
    {
        "layers": [
            {"conv": {"maps": 4, "size": "5", "threshold": 8, "n_winners": 3, "padding": 1}},
            {"pool": {"size": 3, "stride": 2}},
            {"conv": {"maps": 6, "size": 3, "threshold": 4, "n_winners": 4, "inhibition_radius": 1}},
        ]
    }
)


@pytest.fixture(scope="module")
def digits():
    return load("digits", None)


def kernels(name: str) -> str:
    """The name of a layer's weights in the state of a network."""
    return f"{name}_kernels.w"


def blind_layers(params):
    layers = []
    for name, layer in params.by_name.items():
        fields = {key: getattr(layer, key) for key in layer.keys()}
        kind = blind.Conv if name.startswith("conv") else blind.Pool
        layers.append(kind(**{key: value for key, value in fields.items() if key in kind.__dataclass_fields__}))
    return layers


def blind_weights(params, state):
    return {
        k: as_kernels(params, name, state[kernels(name)]).copy()
        for k, name in enumerate(params.names)
        if name in params.conv_names
    }


def learned(backend, params, state, latencies, name):
    """Weights and winners (image, neuron) after showing ``latencies`` (n, n_input) to a layer."""
    n = len(latencies)
    program = BACKENDS[backend].compile(lambda: build(params, n, learning=name))
    names = params.conv_names[: params.conv_names.index(name) + 1]
    weights = {kernels(each): state[kernels(each)] for each in names}
    result = program.run(weights, {"latencies": latencies.astype(float)}, {}, 0)
    image = np.round(result.records["winners"]["t"] / 1e-3).astype(int) // (params.n_bins + params.conv(name).n_rounds)
    return result.state[kernels(name)], image, result.records["winners"]["i"]


@needs_compiler
@pytest.mark.parametrize("name", ["conv1", "conv2"])
def test_a_blind_implementation_learns_the_same_from_200_images(name, digits):
    params = ConvStdpParams().updated({"conv1.doubling_interval": 50, "conv1.threshold": 6, "conv2.threshold": 4})
    state = initial_state(params, 0)
    if name == "conv2":  # with a first layer that has learned
        rng = np.random.default_rng(1)
        state[kernels("conv1")] = rng.random(state[kernels("conv1")].size) ** 2
    latencies = encode(params, digits.train_images[:200])
    # Without half of the spikes no two patches are alike. Of places that see the same, the last digits would choose.
    latencies[np.random.default_rng(2).random(latencies.shape) < 0.5] = params.n_bins
    index = params.names.index(name)
    shape = (200, params.height, params.width, -1)
    w, winners = blind.train_layer(
        blind_layers(params), blind_weights(params, state), index, latencies.reshape(shape), params.n_bins
    )
    size = params.shapes[name]
    expected = [(k, (y * size.width + x) * size.maps + m) for k, each in enumerate(winners) for y, x, m in each]
    learned_w, image, neuron = learned("cpp", params, state, latencies, name)
    assert len(expected) > 500
    assert sorted(expected) == sorted(zip(image, neuron, strict=True))
    assert_allclose(learned_w, as_state(w), rtol=0, atol=1e-12)


@needs_compiler
def test_backends_agree(digits):
    state = initial_state(SMALL, 0)
    latencies = encode(SMALL, digits.train_images[:4])
    for name in SMALL.conv_names:
        (w, *winners), (other_w, *others) = (learned(b, SMALL, state, latencies, name) for b in ("numpy", "cpp"))
        assert_array_equal(winners, others)
        assert_allclose(w, other_w, rtol=0, atol=1e-15)


@pytest.mark.parametrize("grid", [1, 2])
def test_features_agree_with_a_blind_implementation(grid, digits):
    state = initial_state(SMALL, 3)
    spec = small_spec("conv-stdp", {"grid": grid}, 10, chunk_images=2).replaced(params=SMALL)
    features = spec.procedure().respond(state, digits.test_images[:3], phase=TESTING)
    latencies = encode(SMALL, digits.test_images[:3]).reshape(3, 28, 28, 2)
    expected = blind.features(blind_layers(SMALL), blind_weights(SMALL, state), latencies, SMALL.n_bins, grid)
    assert expected.max() > 1
    assert_allclose(features, expected, rtol=1e-6)


def test_one_input_one_winner_by_hand():
    """Two inputs of a 2 x 2 kernel fire in bins 1 and 2; the threshold of 1 is crossed in bin 2, before the third input."""
    params = ConvStdpParams().updated(
        {
            "height": 2,
            "width": 2,
            "n_bins": 4,
            "layers": [{"conv": {"maps": 2, "size": 2, "threshold": 1.0, "padding": 0}}],
        }
    )
    latencies = np.full((1, 8), 4)
    latencies[0, [0, 3, 5]] = [1, 2, 3]  # cells are numbered (y, x, ON or OFF)
    w = np.full((2, 2, 2, 2), 0.6)
    w[..., 1] = 0.4  # the second map stays below the threshold
    after, image, neuron = learned("numpy", params, {"conv1_kernels.w": as_state(w)}, latencies, "conv1")
    assert (image.tolist(), neuron.tolist()) == ([0], [0])
    expected = w.copy()
    expected[..., 0] = 0.6 - 0.003 * 0.6 * 0.4
    expected[0, 0, 0, 0] = expected[1, 0, 1, 0] = 0.6 + 0.004 * 0.6 * 0.4  # kernels are (cell, dy, dx, map)
    assert_allclose(as_kernels(params, "conv1", after), expected, rtol=1e-12)


def test_rates_double_and_stop_doubling():
    params = ConvStdpParams().updated({"height": 1, "width": 1, "n_bins": 1, "layers": "conv", "conv1.size": 1,
                                       "conv1.maps": 1, "conv1.padding": 0, "conv1.threshold": 0.1, "conv1.doubling_interval": 2,
                                       "conv1.a_plus_max": 0.01})  # fmt: skip
    latencies = np.array([[0, 1]] * 6)
    w, image, _ = learned("numpy", params, {"conv1_kernels.w": np.array([0.5, 0.5])}, latencies, "conv1")
    assert image.tolist() == list(range(6))
    expected = 0.5
    for a_plus in (0.004, 0.004, 0.008, 0.008, 0.01, 0.01):
        expected += a_plus * expected * (1 - expected)
    assert_allclose(w[0], expected, rtol=1e-12)


def test_layers_and_their_parameters():
    params = ConvStdpParams().updated({"layers": "conv-pool-conv-pool-conv", "conv2.maps": "7", "conv3.size": 2})
    assert params.names == ["conv1", "pool1", "conv2", "pool2", "conv3"]
    assert params.shapes["conv2"] == Shape(12, 12, 7)
    assert params.shapes["conv3"] == Shape(7, 7, 100)
    assert params.kernel_shape("conv3") == (7, 2, 2, 100)
    assert ConvStdpParams().updated(params.as_text()) == params
    assert SMALL.shapes["pool1"] == Shape(12, 12, 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"conv3.maps": 5}, ["conv3.maps", "conv1, pool1, conv2"]),
        ({"conv1.mapps": 5}, ["mapps", "maps"]),
        ({"layers": "conv-dense"}, ["dense", "conv-pool-conv"]),
        ({"layers": "pool-conv"}, ["begin and end with conv"]),
        ({"conv1.size": 40}, ["conv1", "smaller kernels"]),
        ({"dog_size": 4}, ["odd"]),
        ({"n_binns": 4}, ["n_binns", "n_bins"]),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(EquispikeError) as error:
        ConvStdpParams().updated(settings)
    assert all(word in str(error.value) for word in words)


def test_images_of_another_size_are_refused(digits):
    spec = small_spec("conv-stdp", {}, 10).replaced(params=SMALL.updated({"width": 20}))
    with pytest.raises(EquispikeError, match="width=28"):
        spec.check(digits)


@needs_compiler
def test_training_resumes_with_the_same_bits_and_stops_at_convergence(tmp_path, digits):
    params = SMALL.updated({"conv1.a_plus": 0.4, "conv1.a_minus": 0.4, "conv1.a_plus_max": 1})
    spec = small_spec("conv-stdp", {"convergence": 0.03}, 60, backend="cpp", chunk_images=20).replaced(params=params)
    whole = RunFolder.create(tmp_path / "whole")
    train(spec, digits, whole)
    metrics = whole.read_metrics()
    conv1 = metrics[metrics["metric"] == "conv1.convergence"]
    assert conv1["value"].iloc[-1] < 0.03 < conv1["value"].iloc[0]
    assert conv1["images"].iloc[-1] < 60
    assert metrics.loc[metrics["metric"] == "conv2.convergence", "images"].tolist() == [20, 40, 60]
    weights = whole.read_arrays("arrays.npz")
    assert convergence(as_state(weights["conv1.w"])) == conv1["value"].iloc[-1]

    class Killed(Exception):
        pass

    def kill(progress):
        raise Killed

    resumed = RunFolder.create(tmp_path / "resumed")
    for _ in range(3):
        with pytest.raises(Killed):
            train(spec, digits, resumed, kill)
    train(spec, digits, resumed)
    for name, w in resumed.read_arrays("arrays.npz").items():
        assert_array_equal(w, weights[name])
    assert resumed.read_metrics().equals(metrics)
