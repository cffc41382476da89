"""Operations that one can count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import saved_run, small_spec

from equispike.protocols.data import Dataset, load
from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.measuring.workload import workload
from equispike.protocols.procedures import ann


def images_of(*pixels: list[int]) -> Dataset:
    images = np.array(pixels, np.uint8).reshape(len(pixels), -1, 1)
    labels = np.zeros(len(pixels), np.uint8)
    return Dataset("tiny", images, labels, images, labels, "", "")


def structure(system: str, **settings: object):
    """What the network of ``system`` is made of before its training."""
    procedure = small_spec(system, settings, 1, chunk_images=1).procedure()
    network = procedure.spec.network
    state = network.initial_state(procedure.spec.params, 0)
    return procedure.structure(procedure.state(network.arrays_of(procedure.spec.params, state)))


def test_an_ann_by_hand(tmp_path) -> None:
    arrays = {
        "layers.1.weight": np.array([[1, 0, 2], [-1, 3, 0]], np.float32),  # from each input: 2, 1 and 1 weights
        "layers.1.bias": np.zeros(2, np.float32),
        "layers.3.weight": np.array([[1, 1], [1, 0]], np.float32),  # from each hidden unit: 2 and 1
        "layers.3.bias": np.ones(2, np.float32),
    }
    # hidden units get 1 and -1, then 2 / 5 and 3: (on, off) and (on, on)
    run = saved_run(tmp_path / "run", "mlp", layers="3,2,2")
    run.write_arrays("arrays.npz", arrays)
    load = workload(TrainedRun(run, images_of([255, 0, 0], [0, 255, 51])), 2)
    first, second = load.operations
    assert (first.dense, first.effective) == (6, (2 + 1 + 1) / 2)
    assert (second.dense, second.effective) == (4, (2 + 2 + 1) / 2)
    assert load.activation_sparsity == 1 / 4 and load.total("AC") == 0
    assert load.as_json()["energy"] == pytest.approx(4.6e-12 * 4.5)


@given(size=st.integers(1, 5), padding=st.integers(0, 2), side=st.integers(5, 8), seed=st.integers(0, 99))
def test_places_that_a_convolution_reaches(size: int, padding: int, side: int, seed: int) -> None:
    padding = min(padding, size - 1)
    kernels = np.random.default_rng(seed).integers(-1, 2, (3, size, size))
    out = side + 2 * padding - size + 1
    expected = np.zeros((side, side), int)
    for row in range(out):
        for column in range(out):
            for dy in range(size):
                for dx in range(size):
                    y, x = row + dy - padding, column + dx - padding
                    if 0 <= y < side and 0 <= x < side:
                        expected[y, x] += np.count_nonzero(kernels[:, dy, dx])
    assert (ann._reached(kernels, out, out, padding) == expected.ravel()).all()


def test_lenet5_by_hand() -> None:
    built = structure("lenet5")
    # Of 28 pixels, in one dimension: all 5 places reach 24 of them, 4 and 3 the outer two at both ends.
    assert [each.n_synapses for each in built.projections] == [6 * (24 * 5 + 2 * (3 + 4)) ** 2, 6 * 16 * 25 * 100,
                                                               400 * 120, 120 * 84, 84 * 10]  # fmt: skip
    assert built.projections[0].fan_out[0] == 6 * 9 and built.projections[0].fan_out[14 * 28 + 14] == 6 * 25


def test_a_spiking_network_by_hand(tmp_path) -> None:
    """Accumulations are the spikes that were recorded, times the weights that are not zero."""
    run = saved_run(tmp_path / "run", "spiking-mlp", layers="784,12,10", init_scale=4, encoding="poisson")
    arrays = run.read_arrays("arrays.npz")
    classes_in = arrays["classes_in.w"].reshape(12, 10)
    classes_in[:6, :4] = 0
    run.write_arrays("arrays.npz", arrays)
    data, n = load("digits"), 5
    trained = TrainedRun(run, data)
    recording = trained.procedure.record(trained.state, data.test_images[:n])
    hidden = recording.counts("hidden1").sum(axis=0)
    found = workload(trained, n)
    by_name = {each.projection: each for each in found.operations}
    assert by_name["hidden1_in"].kind == by_name["classes_in"].kind == "AC"
    assert by_name["hidden1_in"].effective == pytest.approx(len(recording.spikes["pixels"].step) * 12 / n)
    assert by_name["classes_in"].effective == pytest.approx((hidden[:6].sum() * 6 + hidden[6:].sum() * 10) / n)
    assert by_name["classes_in"].dense == 120 * 16
    assert found.neuron_updates == (12 + 10) * 16 and found.parameters == 784 * 12 + 120 + 10
    assert found.activation_sparsity == pytest.approx(1 - hidden.sum() / (n * 12 * 16))
    assert found.acs_by_step.sum() == pytest.approx(found.total("AC"))


def test_currents_are_multiplied_once_a_frame(tmp_path) -> None:
    run = saved_run(tmp_path / "run", "spiking-mlp", layers="784,12,10")
    data = load("digits")
    found = workload(TrainedRun(run, data), 5)
    nonzero = np.count_nonzero(data.test_images[:5]) / 5
    assert found.total("MAC") == pytest.approx(12 * nonzero)
    assert found.macs_by_step[0] == pytest.approx(12 * nonzero) and not found.macs_by_step[1:].any()


def test_what_counts_in_diehl_and_cooks_network_and_in_convolutions() -> None:
    built = structure("diehl-cook", n_exc=5)
    found = {each.name: (each.kind, each.n_synapses) for each in built.projections}
    assert found == {"inputs_exc": ("AC", 784 * 5), "inhibition": ("AC", 5 * 4)}  # not what counts spikes
    built = structure("conv-stdp", width=12, height=12)
    sources = {each.source for each in built.projections}
    assert sources == {"input", "pool1"} and set(built.neurons) == {"conv1", "conv2"}  # neither pooling nor competition
