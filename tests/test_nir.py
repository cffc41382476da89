"""Exported networks: facts of the graph, and the same spikes in simulators that know nothing but the file."""

import sys
from pathlib import Path

import numpy as np
import pytest
from small_runs import saved_run

from equispike.protocols.data import load
from equispike.protocols.exporting import export
from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.procedures.base import TESTING
from equispike.protocols.run_folder import RunFolder
from equispike.scripts.studies.layered_in_sinabs import chain, compare, inputs, maps_last

nir = pytest.importorskip("nir")

NETWORKS = {
    "mean potential": ("spiking-mlp", {"layers": "784,30,10", "init_scale": 4}),
    "two hidden layers, spike count": ("spiking-mlp", {"layers": "784,30,20,10", "init_scale": 4, "readout": "spikes"}),
    "no hidden layer": ("spiking-mlp", {"layers": "784,10", "init_scale": 6, "readout": "spikes"}),
    "latencies": ("spiking-mlp", {"layers": "784,30,10", "init_scale": 4, "encoding": "latency"}),
    "convolutions": ("spiking-cnn", {"layers": "28x28,4C5S3,6C3S2,10", "init_scale": 6, "readout": "spikes"}),
}
N = 6


def brian2(run: RunFolder) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The input of some images, and Brian2's spikes (n, n_steps, neurons) of each layer."""
    trained, images = TrainedRun(run, load("digits")), load("digits").test_images[:N]
    recording = trained.procedure.record(trained.state, images)
    return inputs(trained.spec.params, images), {name: recording.raster(name) for name in recording.spikes}


def simulated(graph, values: np.ndarray) -> dict[str, np.ndarray]:
    """Spikes of each LIF node and potentials of each LI node (n, n_steps, neurons), by NIR's equations.

    Between time steps they are solved exactly; a spike is an impulse of R dt / tau, which comes after the threshold.
    """
    dt, n_steps = float(graph.metadata["dt"]), int(graph.metadata["n_steps"])
    signal, impulses = values, graph.metadata["encoding"] != "current"
    signal, found = signal.reshape(*signal.shape[:2], *graph.nodes["input"].input_type["input"]), {}
    for name in chain(graph)[1:-1]:
        node = graph.nodes[name]
        if isinstance(node, nir.Flatten):
            signal = signal.reshape(*signal.shape[:2], -1)
        elif isinstance(node, nir.Affine):
            signal, bias = signal @ node.weight.T.astype(float), node.bias
        elif isinstance(node, nir.Conv2d):
            windows = np.lib.stride_tricks.sliding_window_view(signal, node.weight.shape[2:], (3, 4))
            windows = windows[:, :, :, :: int(node.stride[0]), :: int(node.stride[1])]
            signal, bias = np.einsum("ntcyxij,mcij->ntmyx", windows, node.weight.astype(float)), node.bias[0]
        else:
            decay, fires = np.exp(-dt / node.tau.astype(float)), isinstance(node, nir.LIF)
            v, output = np.zeros(signal[:, 0].shape), np.zeros(signal.shape)
            for step in range(n_steps):
                current = node.r * (bias if impulses else signal[:, step] + bias)
                v = decay * v + (1 - decay) * (node.v_leak + current)
                if fires:
                    output[:, step] = v > node.v_threshold
                    v -= node.v_threshold * output[:, step]
                if impulses:
                    v += node.r * dt / node.tau * signal[:, step]
                if not fires:
                    output[:, step] = v
            signal, impulses, found[name] = output, True, maps_last(output)
    return found


def test_what_is_written(tmp_path) -> None:
    run = saved_run(tmp_path / "run", "spiking-mlp", layers="784,3,10", tau_mem="4*ms", v_threshold=2.0)
    export(run, tmp_path / "network.nir")
    graph, arrays = nir.read(tmp_path / "network.nir"), run.trained_arrays()
    assert chain(graph) == ["input", "hidden1_in", "hidden1", "classes_in", "classes", "output"]
    hidden, classes = graph.nodes["hidden1"], graph.nodes["classes"]
    assert isinstance(hidden, nir.LIF) and isinstance(classes, nir.LI)
    np.testing.assert_array_equal(hidden.tau, np.float32([0.004] * 3))
    np.testing.assert_array_equal(hidden.v_threshold, [2, 2, 2])
    # Steps of 1 ms: the current is R I = 4 W x / 4, a spike of the hidden layer 10 w dt / tau = w, the bias 10 b / 10.
    np.testing.assert_array_equal(hidden.r, [4, 4, 4])
    np.testing.assert_array_equal(4 * graph.nodes["hidden1_in"].weight, arrays["hidden1_in.w"].reshape(784, 3).T)
    np.testing.assert_array_equal(graph.nodes["classes_in"].weight, arrays["classes_in.w"].reshape(3, 10).T)
    np.testing.assert_allclose(classes.r * graph.nodes["classes_in"].bias, arrays["classes.b"], rtol=1e-6)
    about = graph.metadata
    assert about["dt"] == 0.001 and about["n_steps"] == 16 and about["readout"] == "mean"
    assert about["decay_hidden"] == np.exp(-1 / 4) and about["data_checksum"] == load("digits").checksum


@pytest.mark.parametrize("name", NETWORKS)
def test_spikes_follow_from_the_file(tmp_path, name) -> None:
    model, settings = NETWORKS[name]
    run = saved_run(tmp_path / "run", model, **settings)
    export(run, tmp_path / "network.nir")
    values, spikes = brian2(run)
    found = simulated(nir.read(tmp_path / "network.nir"), values)
    layers = [layer for layer in found if layer in spikes]
    assert layers and all(spikes[layer].any() for layer in layers)
    for layer in layers:
        np.testing.assert_array_equal(found[layer], spikes[layer])
    trained = TrainedRun(run, load("digits"))
    if trained.spec.params.readout == "mean":
        scores = trained.procedure.respond(trained.state, load("digits").test_images[:N], phase=TESTING)
        np.testing.assert_allclose(found["classes"].mean(1), scores, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["two hidden layers, spike count", "latencies", "convolutions"])
def test_sinabs_spikes_where_brian2_does(tmp_path, name) -> None:
    pytest.importorskip("sinabs", reason="pip install sinabs, which brings PyTorch, to compare with another simulator")
    model, settings = NETWORKS[name]
    spikes, _ = compare(saved_run(tmp_path / "run", model, **settings), load("digits"), N)
    assert spikes and all(n > 0 and different == 0 for n, different in spikes.values())


def test_from_the_command_line(equispike) -> None:
    saved_run("run", "spiking-mlp", layers="784,3,10")
    outcome = equispike("export", "run", "--out", "network.nir")
    assert outcome.code == 0 and "hidden1 - classes_in" in outcome.out
    Path("nowhere").touch()
    assert "cannot be written" in equispike("export", "run", "--out", "nowhere/network.nir").sentence


@pytest.mark.parametrize(
    ("model", "settings", "why"),
    [
        ("spiking-rnn", {}, "adaptive thresholds"),
        ("diehl-cook", {"n_exc": 2}, "conductances"),
        ("conv-stdp", {}, "compete"),
    ],
)
def test_what_nir_cannot_describe_is_refused(equispike, tmp_path, model, settings, why) -> None:
    saved_run("run", model, **settings)
    assert why in equispike("export", "run", "--out", "network.nir").sentence
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_missing_package_is_named(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    saved_run("run", "spiking-mlp", layers="784,3,10")
    monkeypatch.setitem(sys.modules, "nir", None)
    assert (
        "nir cannot be imported: pip install 'equispike[exchange]'"
        in equispike("export", "run", "--out", "a.nir").sentence
    )
