"""What was made of other weights than a run has now is neither used again nor shown as the run's."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from small_runs import keep_evaluation, saved_run, small_spec

from equispike.analysis.figures import draw
from equispike.analysis.results import LeftOut, collect
from equispike.models.errors import EquispikeError
from equispike.protocols import measuring
from equispike.protocols.data import load
from equispike.protocols.derived import why_void
from equispike.protocols.evaluating import evaluate
from equispike.protocols.evaluations import chosen
from equispike.protocols.predicting import predict
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import kept_features
from equispike.protocols.training import train

FAST = {"n_exc": 4, "n_spikes_min": 0, "t_present": "10*ms", "t_rest_simulated": "5*ms", "w_total": 400}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained and evaluated run, to be copied."""
    run = saved_run(tmp_path_factory.mktemp("stale") / "run", "diehl-cook", **FAST)
    evaluate(run, load("digits"), n_label=4, n_test=3)
    return run.path


@pytest.fixture
def run(evaluated: Path, tmp_path: Path) -> RunFolder:
    return RunFolder.open(shutil.copytree(evaluated, tmp_path / "run"))


def learn_more(run: RunFolder) -> None:
    """Put other weights in the place of those that everything else in the folder was made from."""
    arrays = run.read_arrays("arrays.npz")
    run.write_arrays("arrays.npz", arrays | {"w": arrays["w"][::-1]})


def test_an_evaluation_of_other_weights_is_not_the_runs(run: RunFolder) -> None:
    (row,) = collect([run.path]).to_dict("records")
    assert row["n_test"] == 3
    learn_more(run)
    assert chosen(run, "test") is None
    with (
        pytest.warns(LeftOut, match=f"left out: {run.path}: .* before it had the weights"),
        pytest.raises(EquispikeError),
    ):
        collect([run.path])


def test_labels_of_other_weights_are_not_used(run: RunFolder) -> None:
    images = load("digits").test_images[:2]
    assert predict(run, images).shape == (2, 10)
    learn_more(run)
    with pytest.raises(EquispikeError, match=f"equispike evaluate {run.path} first"):
        predict(run, images)
    phases: list[str] = []
    evaluate(run, load("digits"), n_label=4, n_test=3, report=lambda phase, *_: phases.append(phase))
    assert "labelling on training images" in phases
    assert predict(run, images).shape == (2, 10)


def test_figures_of_other_weights_are_left_out_and_named(run: RunFolder, tmp_path: Path) -> None:
    learn_more(run)
    written, skipped = draw(run.path, tmp_path / "figures")
    assert {path.stem for path in written if path.suffix == ".png"} == {"weights", "thresholds"}
    assert any("raster" in reason and "of other weights" in reason for reason in skipped)


@pytest.mark.parametrize("what", ["workload", "anytime", "robustness", "responses"])
def test_measures_carry_the_weights_that_they_are_of(tmp_path: Path, what: str) -> None:
    run = saved_run(tmp_path / "run", "softmax")
    measuring.measure(run, load("digits"), [what], n_images=5)
    assert why_void(run, measuring.MEASURES[what]) is None
    arrays = run.read_arrays("arrays.npz")
    run.write_arrays("arrays.npz", {name: values + 1 for name, values in arrays.items()})
    assert "of other weights" in str(why_void(run, measuring.MEASURES[what]))


def test_while_a_training_goes_on_there_is_nothing_to_show(run: RunFolder) -> None:
    run.write_json("run.json", run.read_json("run.json") | {"status": "training"})
    assert chosen(run, "test") is None
    with pytest.raises(EquispikeError, match="not fully trained"):
        evaluate(run, load("digits"))


def test_features_of_another_source_are_not_used(tmp_path: Path) -> None:
    run = saved_run(tmp_path / "run", "softmax")
    run.write_json("run.json", run.read_json("run.json") | {"source": "new"})
    for weights, found in (("new", True), ("old", False)):
        run.write_arrays("features-train.npz", {"features": np.ones((3, 2), np.float32), "weights": np.array(weights)})
        assert (kept_features(run, "train") is not None) == found


def test_what_a_shorter_training_left_stays_until_the_longer_one_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, data = small_spec("diehl-cook", FAST, 2, chunk_images=1), load("digits")
    run = RunFolder.create(tmp_path / "run")
    train(spec, data, run)
    evaluate(run, data, n_label=2, n_test=1)
    before = (run.path / "arrays.npz").read_bytes()

    def killed(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(spec.replaced(n_images=4), data, run, killed)
    assert (run.path / "arrays.npz").read_bytes() == before and run.names("evaluation-*.json")
    train(spec.replaced(n_images=4), data, run)
    assert (run.path / "arrays.npz").read_bytes() != before and not run.names("evaluation-*")


def test_a_training_that_is_over_keeps_its_evaluations(tmp_path: Path) -> None:
    spec, data = small_spec("diehl-cook", FAST, 2, chunk_images=1), load("digits")
    run = RunFolder.create(tmp_path / "run")
    train(spec, data, run)
    path = keep_evaluation(run, {"vote": 0.5}, n_images=5)
    train(spec, data, run)
    assert path.exists() and chosen(run, "test") is not None
