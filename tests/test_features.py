"""Networks trained by gradients on features of another run: made once, of the run that is named, resumed exactly."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import models
from models.deep import SpikingMlpParams
from models.diehl_cook import DiehlCookParams
from models.errors import EquispikeError
from protocols import gradients
from protocols.data import load
from protocols.features import FeatureSource, scale_of, with_features
from protocols.gradients.frames import varied
from protocols.predicting import predict
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec
from protocols.training import train as train_presenting


@pytest.fixture(scope="module")
def digits():
    return load("digits", None)


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


def test_features_are_not_moved():
    params, features = SpikingMlpParams().updated({"layers": "4,10"}), np.arange(12, dtype=np.float32).reshape(3, 4)
    assert_array_equal(varied(params, features, np.random.default_rng(0))[:, 0], features)
