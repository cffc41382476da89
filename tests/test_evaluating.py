"""Labels come from training images alone, and accuracies mean what they say."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_runs import small_spec

from equispike.models.codegen import BACKENDS
from equispike.models.errors import EquispikeError
from equispike.protocols.data import Dataset, load
from equispike.protocols.evaluating import evaluate, label_indices
from equispike.protocols.evaluations import chosen, kept
from equispike.protocols.predicting import predict
from equispike.protocols.procedures.base import TESTING
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

SPEC = small_spec("diehl-cook", {"n_exc": 16}, 100, seed=3, backend="cpp", chunk_images=20)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


@pytest.fixture(scope="module")
def weights(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run folder, to be copied."""
    if reason := BACKENDS["cpp"].why_not():
        pytest.skip(reason)
    run = RunFolder.create(tmp_path_factory.mktemp("runs") / "trained")
    train(SPEC, digits, run)
    return run.path


@pytest.fixture
def run(weights: Path, tmp_path: Path) -> RunFolder:
    """A trained run that was not evaluated."""
    run = RunFolder.create(tmp_path / "run")
    for name in ("run.json", "arrays.npz", "metrics.csv"):
        (run.path / name).write_bytes((weights / name).read_bytes())
    return run


def readouts(run: RunFolder, *, forget: bool = False) -> dict[str, np.ndarray]:
    """What readouts have learned, of which there is one file."""
    (name,) = run.names("readouts-*.npz")
    arrays = run.read_arrays(name)
    if forget:
        (run.path / name).unlink()
    return arrays


def same_arrays(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def test_the_test_set_has_no_part_in_labelling(run: RunFolder, digits: Dataset) -> None:
    evaluate(run, digits, n_label=60, n_test=20)
    labels = readouts(run, forget=True)
    poisoned = dataclasses.replace(
        digits, test_images=255 - digits.test_images, test_labels=(digits.test_labels + 1) % 10
    )
    evaluate(run, poisoned, n_label=60, n_test=20)
    assert labels["vote.class_rates"].any()
    assert same_arrays(labels, readouts(run))


def test_labelling_images_are_different_training_images_that_are_not_held_out() -> None:
    spec = SPEC.replaced(holdout=437, n_train=1000)
    which = label_indices(spec, 20_000)
    assert sorted(which) == list(range(1000))
    assert np.array_equal(label_indices(spec, 60), which[:60])


def test_accuracy_is_the_share_of_right_guesses(run: RunFolder, digits: Dataset) -> None:
    found = evaluate(run, digits, n_label=60, n_test=50)
    found_again = chosen(run, "test")
    saved, record = found_again.guesses(), found_again.record
    assert np.array_equal(saved["truth"], digits.test_labels[:50])
    for name in ("vote", "proportion"):
        assert np.array_equal(saved[name], found.guesses[name])
    assert record["accuracy"] == found.accuracy
    for name in ("vote", "proportion"):
        assert found.accuracy[name] == sum(a == b for a, b in zip(saved[name], saved["truth"], strict=True)) / 50
    assert (record["n_images"], record["n_split"]) == (50, len(digits.test_labels))
    assert record["n_label"] == 60


@pytest.mark.parametrize("again", [{}, {"jobs": 2}], ids=["repeated", "with two jobs"])
def test_an_evaluation_always_finds_the_same(run: RunFolder, digits: Dataset, again: dict) -> None:
    evaluate(run, digits, n_label=60, n_test=50)
    before = readouts(run, forget=True), chosen(run, "test").guesses()
    evaluate(run, digits, n_label=60, n_test=50, **again)
    assert same_arrays(before[0], readouts(run))
    assert same_arrays(before[1], chosen(run, "test").guesses())


def test_jobs_do_not_disturb_one_another_on_the_numpy_backend(tmp_path: Path, digits: Dataset) -> None:
    settings = {"n_exc": 4, "n_spikes_min": 0, "t_present": "15*ms", "t_rest_simulated": "5*ms", "w_total": 400}
    spec = small_spec("diehl-cook", settings, 2, seed=3, chunk_images=1)
    run = RunFolder.create(tmp_path / "run")
    train(spec, digits, run)
    rates = []
    for jobs in (1, 2):
        evaluate(run, digits, n_label=3, n_test=1, jobs=jobs)
        rates.append(readouts(run, forget=True)["vote.class_rates"])
    assert rates[0].any()
    assert np.array_equal(*rates)


def test_labels_are_reused_only_for_the_same_number_of_images(run: RunFolder, digits: Dataset) -> None:
    labelled = []
    for n_label in (60, 60, 40, 60):
        phases: list[str] = []
        evaluate(run, digits, n_label=n_label, n_test=5, report=lambda phase, *_, seen=phases: seen.append(phase))
        labelled.append("labelling on training images" in phases)
    assert labelled == [True, False, True, False]
    assert sorted(each.record["n_label"] for each in kept(run)) == [40, 60]
    assert chosen(run, "test").record["n_label"] == 60


def test_prediction_shares_out_the_scores_of_each_image(run: RunFolder, digits: Dataset) -> None:
    evaluate(run, digits, n_label=60, n_test=5)
    shares = {name: predict(run, digits.train_images[:3], readout=name) for name in ("vote", "proportion")}
    for values in shares.values():
        assert values.shape == (3, 10) and (values >= 0).all()
        np.testing.assert_allclose(values.sum(axis=1), 1)
    assert np.array_equal(shares["vote"], predict(run, digits.train_images[:3]))
    assert not np.array_equal(shares["vote"], shares["proportion"])
    for images in (digits.train_images[:1] / 255, digits.train_images[:1] - np.int16(9), digits.train_images[:0]):
        with pytest.raises(EquispikeError, match=r"give bytes, 0 for background|give at least one"):
            predict(run, images)


def test_prediction_without_labels_says_what_to_do(run: RunFolder, digits: Dataset) -> None:
    with pytest.raises(EquispikeError, match=f"equispike evaluate {run.path}"):
        predict(run, digits.train_images[:1])


def test_evaluation_of_half_a_training_says_what_to_do(run: RunFolder, digits: Dataset) -> None:
    (run.path / "arrays.npz").unlink()
    with pytest.raises(EquispikeError, match=f"--resume {run.path}"):
        evaluate(run, digits)
    assert not run.names("readouts-*")


def test_validation_without_held_out_images_says_what_to_do(run: RunFolder, digits: Dataset) -> None:
    with pytest.raises(EquispikeError, match="--holdout"):
        evaluate(run, digits, split="validation")


def test_activity_is_of_the_accepted_presentation_of_the_first_training_image(run: RunFolder, digits: Dataset) -> None:
    evaluate(run, digits, n_label=20, n_test=5)
    activity = run.read_arrays("activity.npz")
    assert np.array_equal(activity["image"], digits.train_images[0])
    assert activity["label"] == digits.train_labels[0]
    assert activity["dt"] == 0.5e-3 and activity["n_steps_present"] == 700 and activity["n_steps"] == 740
    for group, n_neurons in (("inputs", 784), ("exc", 16)):
        step, neuron = activity[f"{group}.spikes"].T
        assert step.min() >= 0 and step.max() < 740 and neuron.max() < n_neurons
        n_spikes = activity[f"{group}.counts"].sum()
        assert n_spikes == pytest.approx(activity[f"{group}.per_step"].sum() * activity["n_presentations"])
        assert len(step) <= n_spikes and (activity["n_presentations"] > 1 or len(step) == n_spikes)
    assert len(activity["exc.spikes"]) >= 5
    white = digits.train_images[0].ravel() > 0
    assert white[activity["inputs.spikes"][:, 1]].all()


def test_recorded_spikes_are_those_that_answers_count(run: RunFolder, digits: Dataset) -> None:
    procedure = SPEC.procedure()
    state = procedure.state(run.trained_arrays())
    found = procedure.record(state, digits.test_images[:20])
    accepted = np.append(found.sample[1:] != found.sample[:-1], True)
    counts = found.raster("exc").sum(axis=1)[accepted]
    answers = procedure.respond(state, digits.test_images[:20], phase=TESTING)
    assert answers.any()
    assert np.array_equal(counts, answers)
