"""Recorded spike trains: what is recorded, what a NIX file gives back, and statistics that one can check by hand."""

import dataclasses
import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from small_runs import saved_run

from equispike.analysis.spike_trains import layer_statistics
from equispike.models.errors import EquispikeError
from equispike.protocols import spike_trains
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.data import load
from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.procedures.base import TESTING

neo = pytest.importorskip("neo")
pq = pytest.importorskip("quantities")
pytest.importorskip("nixio")
pytest.importorskip("elephant")

#: A network of Diehl & Cook that shows each image twice.
DIEHL_COOK = {"n_exc": 8, "t_present": "40*ms", "n_spikes_min": 10_000, "intensity_max": 3.0, "inhibition": "neurons"}


def test_statistics_by_hand() -> None:
    """Three presentations of 10 ms; neuron 0 spikes three times, once and never, neuron 1 three times, neuron 2 never."""
    times, index = np.array([1, 2, 3, 3, 5, 6, 10]), np.array([0, 1, 0, 1, 0, 1, 0])
    train = neo.SpikeTrain(
        times * 1e-3, units="s", t_stop=0.03, name="a", n_neurons=3, array_annotations={"index": index}
    )
    block, segment = neo.Block(), neo.Segment()
    block.segments.append(segment)
    segment.spiketrains.append(train)
    segment.epochs.append(neo.Epoch([0, 10, 20] * pq.ms, [10, 10, 10] * pq.ms, labels=["1", "2", "3"]))
    [found] = layer_statistics(block)
    assert (found.name, found.n_neurons, found.n_spiked) == ("a", 3, 2)
    # 7 spikes of 3 neurons in 30 ms. Intervals: 2, 2 and 1, 3 ms: standard deviation over mean 0 and 1 / 2, local variation
    # 0 and 3 * (2 / 4)**2. Counts: 3, 1, 0 (mean 4 / 3, variance 14 / 9) and 3, 0, 0 (1 and 2).
    expected = [7 / 3, 7 / 3 / 0.03, (0 + 1 / 2) / 2, (0 + 3 / 4) / 2, (7 / 6 + 2) / 2]
    np.testing.assert_allclose(dataclasses.astuple(found)[3:], expected)


def test_a_silent_layer_has_no_statistics_and_no_fault(equispike) -> None:
    saved_run("run", "spiking-mlp", layers="784,12,10", v_threshold=1e6)
    outcome = equispike("spikes", "run", "--out", "spikes.nix", "--images", 2)
    assert outcome.code == 0, outcome.err
    with neo.io.NixIO("spikes.nix", "ro") as file:
        [found] = layer_statistics(file.read_all_blocks()[0])
    assert (found.name, found.n_spiked, found.per_presentation, found.rate) == ("hidden1", 0, 0, 0)
    assert np.isnan([found.cv, found.lv, found.fano]).all()


def test_an_nwb_file_has_a_unit_per_neuron(equispike) -> None:
    pynwb = pytest.importorskip("pynwb")
    saved_run("run", "spiking-mlp", layers="784,12,10", init_scale=4, readout="spikes", dt="0.5*ms", encoding="poisson")
    for out in ("spikes.nix", "spikes.nwb"):
        outcome = equispike("spikes", "run", "--out", out, "--images", 2)
        assert outcome.code == 0, outcome.err
    with neo.io.NixIO("spikes.nix", "ro") as file:
        [segment] = file.read_all_blocks()[0].segments
    with pynwb.NWBHDF5IO("spikes.nwb", "r") as file:
        found = file.read()
        units = {row["_name"]: np.asarray(row["spike_times"]) for _, row in found.units.to_dataframe().iterrows()}
        assert (
            found.epochs["start_time"][:].tolist() == [0, 0.008] and "system spiking-mlp" in found.session_description
        )
    assert units.keys() >= {f"hidden1_{k}" for k in range(12)} | {f"classes_{k}" for k in range(10)}
    for train in segment.spiketrains:
        for neuron in range(train.annotations["n_neurons"]):
            times = train.magnitude[train.array_annotations["index"] == neuron]
            np.testing.assert_allclose(units[f"{train.name}_{neuron}"], times)


def test_a_nix_file_gives_back_what_was_recorded(equispike) -> None:
    run = saved_run(
        "run", "spiking-mlp", layers="784,12,10", init_scale=4, readout="spikes", dt="0.5*ms", encoding="poisson"
    )
    outcome = equispike("spikes", "run", "--out", "spikes.nix", "--images", 3, "--split", "validation")
    assert outcome.code == 0 and "hidden1" in outcome.out
    with neo.io.NixIO("spikes.nix", "ro") as file:
        [block] = file.read_all_blocks()
    assert (
        block.name == "run" and block.annotations["system"] == "spiking-mlp" and block.annotations["dt"] == 0.5 * pq.ms
    )
    assert block.annotations["data_checksum"] == load("digits").checksum
    [segment] = block.segments
    counts = {train.name: len(train) for train in segment.spiketrains}
    images, labels = load("digits").train_images[-37:][:3], load("digits").train_labels[-37:][:3]
    trained = TrainedRun(run, load("digits"))
    recording = trained.procedure.record(trained.state, images)
    assert counts == {name: len(spikes.step) for name, spikes in recording.spikes.items()}
    scores = trained.procedure.respond(trained.state, images, phase=TESTING)  # spikes, and a fraction that settles ties
    assert counts["classes"] == np.floor(scores).sum() and counts["hidden1"] > 0
    hidden = next(train for train in segment.spiketrains if train.name == "hidden1")
    assert hidden.t_stop == 3 * 16 * 0.5 * pq.ms and hidden.annotations["n_neurons"] == 12
    assert set(hidden.array_annotations["index"]) <= set(range(12))
    steps = hidden.rescale("ms").magnitude / 0.5
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    [epoch] = segment.epochs
    np.testing.assert_allclose(epoch.times.rescale("ms").magnitude, [0, 8, 16])
    np.testing.assert_allclose(epoch.durations.rescale("ms").magnitude, 8)
    assert list(epoch.labels) == [str(label) for label in labels]


def test_repeated_images_of_diehl_cook(tmp_path) -> None:
    """Every presentation is there; the last one of each image has the spikes that an evaluation counts."""
    run = saved_run(tmp_path / "run", "diehl-cook", **DIEHL_COOK)
    data = load("digits")
    trained = TrainedRun(run, data)
    spec = trained.spec
    [segment] = spike_trains.record(run, data, n_images=4).segments
    [epoch] = segment.epochs
    image, n_steps = epoch.array_annotations["image"], spec.params.n_steps
    assert list(image) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert list(epoch.array_annotations["intensity"]) == [2, 3] * 4
    assert list(epoch.labels) == [str(data.test_labels[each]) for each in image]
    np.testing.assert_allclose(np.diff(epoch.times.magnitude), n_steps * 0.0005)
    np.testing.assert_allclose(epoch.durations.magnitude, 0.04)
    assert [train.name for train in segment.spiketrains] == ["inputs", "exc", "inh"]
    exc = segment.spiketrains[1]
    counts = np.zeros((len(image), 8))
    np.add.at(counts, (np.rint(exc.magnitude / 0.0005).astype(int) // n_steps, exc.array_annotations["index"]), 1)
    evaluated = trained.procedure.respond(trained.state, data.test_images[:4], phase=TESTING)
    assert evaluated.any()
    np.testing.assert_array_equal(counts[np.append(image[1:] != image[:-1], True)], evaluated)


def test_neurons_of_conv_stdp_fire_once(tmp_path) -> None:
    small = {"layers": "conv-pool-conv", "conv1.maps": 4, "conv1.threshold": 8, "conv2.maps": 6, "conv2.threshold": 4}
    run = saved_run(tmp_path / "run", "conv-stdp", **small)
    block = spike_trains.record(run, load("digits"), n_images=2)
    found = layer_statistics(block)
    assert [layer.name for layer in found] == ["input", "conv1", "pool1", "conv2"]
    assert all(layer.n_spiked and np.isnan([layer.cv, layer.lv]).all() for layer in found)
    assert float(block.segments[0].spiketrains[0].t_stop) == pytest.approx(2 * 15e-3)


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path) -> None:
    final = tmp_path / "a.nix"
    final.write_text("old")

    def write() -> None:
        with atomic_write(final) as temporary:
            temporary.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(EquispikeError, match="No space left"):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["a.nix"] and final.read_text() == "old"
    with pytest.raises(EquispikeError, match="cannot be written"), atomic_write(final / "b.nix"):
        pass


def test_refusals_leave_nothing(equispike, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved_run("run", "spiking-mlp", layers="784,3,10")
    Path("nowhere").touch()
    assert "cannot be written" in equispike("spikes", "run", "--images", 1, "--out", "nowhere/a.nix").sentence
    monkeypatch.setitem(sys.modules, "neo", None)
    assert "neo cannot be imported: pip install" in equispike("spikes", "run", "--out", "a.nix").sentence
    assert [path.name for path in tmp_path.iterdir()] == ["nowhere", "run"]
