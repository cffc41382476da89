"""Training is a fold: killed, resumed or made longer, it ends with the same bits."""

import dataclasses
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_runs import small_spec

from equispike.models.codegen import BACKENDS
from equispike.models.codegen.cpp import backend as cpp
from equispike.models.errors import EquispikeError
from equispike.protocols.data import Dataset, load
from equispike.protocols.evaluating import evaluate
from equispike.protocols.evaluations import chosen
from equispike.protocols.procedures.base import TRAINING
from equispike.protocols.procedures.online import RECENT, Online, Responses, _running_accuracy
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training import sample_order, train

#: The structure that all tests of training, evaluation and command line share: it is compiled once a machine.
SPEC = small_spec("diehl-cook", {"n_exc": 16}, 40, seed=3, backend="cpp", chunk_images=20)
#: Of the order of its images.
WORDS = [SPEC.seed, TRAINING]
needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason="no C++ compiler")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def trained(path: Path, data: Dataset, **changes: object) -> RunFolder:
    """A run folder, begun or gone on with, after training until ``n_images``."""
    run = RunFolder.open(path) if (path / "run.json").exists() else RunFolder.create(path)
    train(dataclasses.replace(SPEC, **changes), data, run)
    return run


def outcome(run: RunFolder) -> dict[str, bytes]:
    """What a training leaves, as bytes; array files by array, because zip files hold the time."""
    arrays = {f"{name}: {key}": value.tobytes() for name in ("arrays.npz", "checkpoint/state.npz")
              for key, value in run.read_arrays(name).items() if key != "seconds"}  # fmt: skip
    return arrays | {"metrics.csv": (run.path / "metrics.csv").read_bytes()}


def start(*words: object) -> subprocess.Popen:
    """``equispike train`` as a process group of its own."""
    command = [sys.executable, "-m", "equispike", "train", *map(str, words)]
    root = Path(__file__).parents[1]
    return subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True, start_new_session=True)


def kill_after(process: subprocess.Popen, n_chunks: int) -> None:
    """Kill the training and its compiled network some time into the chunk after ``n_chunks`` chunks."""
    log = []
    while sum(re.match(r"\d+/\d+ images", line) is not None for line in log) < n_chunks:
        log.append(process.stderr.readline())
        assert log[-1], f"training ended by itself: {''.join(log)}"
    time.sleep(random.uniform(0, 0.1))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@needs_compiler
def test_twice_killed_and_resumed_is_bit_identical_to_uninterrupted(tmp_path: Path, digits: Dataset) -> None:
    whole = trained(tmp_path / "whole", digits, n_images=300)
    killed = tmp_path / "killed"
    settings = ("--data", "digits", "--set", "n_exc=16", "--images", 300, "--chunk-images", 20)
    kill_after(start("diehl-cook", *settings, "--backend", "cpp", "--seed", 3, "--out", killed), random.randint(1, 4))
    kill_after(start("--resume", killed), random.randint(1, 4))
    last = start("--resume", killed)
    assert last.wait(300) == 0, last.stderr.read()
    last.stderr.close()
    runs = [whole, RunFolder.open(killed)]
    for run in runs:
        evaluate(run, digits, n_label=60, n_test=20)
    assert outcome(runs[0]) == outcome(runs[1])
    labels = [run.read_arrays("readouts-60-cpp.npz") for run in runs]
    assert labels[0]["vote.class_rates"].any()
    for key in labels[0]:
        assert np.array_equal(labels[0][key], labels[1][key]), key


@needs_compiler
@pytest.mark.parametrize("first", [40, 50, 10])
def test_a_longer_training_begins_with_the_shorter_one(tmp_path: Path, digits: Dataset, first: int) -> None:
    """Also where the shorter one ended in the middle of a chunk."""
    trained(tmp_path / "grown", digits, n_images=first)
    grown = trained(tmp_path / "grown", digits, n_images=80)
    assert outcome(grown) == outcome(trained(tmp_path / "whole", digits, n_images=80))
    assert grown.read_json("run.json")["images_seen"] == 80


@needs_compiler
def test_a_finished_training_resumed_stays_as_it_is(tmp_path: Path, digits: Dataset) -> None:
    before = outcome(trained(tmp_path / "run", digits))
    assert outcome(trained(tmp_path / "run", digits)) == before


@needs_compiler
def test_a_training_cannot_shrink(tmp_path: Path, digits: Dataset) -> None:
    run = trained(tmp_path / "run", digits)
    before = outcome(run)
    with pytest.raises(EquispikeError, match="40"):
        trained(tmp_path / "run", digits, n_images=20)
    assert outcome(run) == before
    assert run.read_json("run.json")["config"]["n_images"] == 40


@needs_compiler
def test_labels_and_accuracies_of_a_shorter_training_do_not_survive_a_longer_one(
    tmp_path: Path, digits: Dataset
) -> None:
    run = trained(tmp_path / "run", digits)
    evaluate(run, digits, n_label=40, n_test=20)
    trained(tmp_path / "run", digits, n_images=80)
    assert not run.names("evaluation-*")
    evaluate(run, digits, n_label=40, n_test=20)
    fresh = trained(tmp_path / "fresh", digits, n_images=80)
    evaluate(fresh, digits, n_label=40, n_test=20)
    rates = [r.read_arrays("readouts-40-cpp.npz")["vote.class_rates"] for r in (run, fresh)]
    assert np.array_equal(*rates)


@needs_compiler
def test_interrupted_while_it_is_built_it_can_go_on(
    tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(procedure: Online, request: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Online, "compile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "run", digits)
    train(SPEC, digits, RunFolder.open(tmp_path / "run"))
    assert RunFolder.open(tmp_path / "run").read_json("run.json")["status"] == "trained"


@needs_compiler
def test_the_seed_decides(tmp_path: Path, digits: Dataset) -> None:
    weights = [trained(tmp_path / f"{seed}", digits, n_images=20, seed=seed).read_arrays("arrays.npz")["w"]
               for seed in (3, 4)]  # fmt: skip
    assert not np.allclose(*weights)


@needs_compiler
def test_held_out_images_have_no_part_in_training_and_labelling(tmp_path: Path, digits: Dataset) -> None:
    """Poison them: nothing may change but the accuracy on them."""
    held = 1400
    images, labels = digits.train_images.copy(), digits.train_labels.copy()
    images[-held:], labels[-held:] = 255 - images[-held:], (labels[-held:] + 1) % 10
    poisoned = dataclasses.replace(digits, train_images=images, train_labels=labels)
    runs = []
    for name, data in (("clean", digits), ("poisoned", poisoned)):
        run = trained(tmp_path / name, data, holdout=held, n_train=len(digits.train_images) - held, n_images=60)
        evaluate(run, data, split="validation", n_test=20)
        runs.append(run)
    assert outcome(runs[0]) == outcome(runs[1])
    n_label = len(digits.train_images) - held
    arrays = [run.read_arrays(f"readouts-{n_label}-cpp.npz")["vote.class_rates"] for run in runs]
    assert chosen(runs[0], "validation").record["n_label"] == n_label
    assert np.array_equal(*arrays)
    assert [chosen(run, "validation").record["n_images"] for run in runs] == [20, 20]


@needs_compiler
def test_the_same_network_is_built_once_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else the process has made in the meantime."""
    alive = [SPEC.procedure().program]
    monkeypatch.setattr(cpp, "_make", lambda source: pytest.fail("built again"))
    alive.append(SPEC.replaced(seed=4).procedure().program)
    alive.append(SPEC.replaced(params=SPEC.params.updated({"neuron.tau_mem": "50*ms"})).procedure().program)
    assert len({program._directory for program in alive}) == 1


@pytest.mark.parametrize("config", [{}, {"system": "diehl-cook"}, SPEC.as_json() | {"more": 1}])
def test_a_damaged_configuration_is_refused(config: dict) -> None:
    with pytest.raises(EquispikeError, match="damaged"):
        TrainingSpec.from_json(config)


def test_a_configuration_comes_back_from_json() -> None:
    assert TrainingSpec.from_json(json.loads(json.dumps(SPEC.as_json()))).as_json() == SPEC.as_json()


def test_every_pass_shows_every_image_once_in_an_order_of_its_own() -> None:
    order = sample_order(WORDS, 50, 0, 150).reshape(3, 50)
    assert all(sorted(images) == list(range(50)) for images in order)
    assert len({tuple(images) for images in order}) == 3


def test_order_of_images_does_not_depend_on_chunks() -> None:
    borders = [0, 3, 7, 8, 14, 15, 21]  # chunks that end before, at and after the passes of 7 images
    parts = [sample_order(WORDS, 7, *pair) for pair in itertools.pairwise(borders)]
    assert np.array_equal(np.concatenate(parts), sample_order(WORDS, 7, 0, 21))


def test_order_of_images_depends_on_the_seed() -> None:
    assert not np.array_equal(sample_order(WORDS, 50, 0, 50), sample_order([4, TRAINING], 50, 0, 50))


def test_running_accuracy_by_hand() -> None:
    """Before: neuron 0 fired for class 1, neuron 1 for class 2. Now image 2 drives 0, image 3 drives 1, image 4 both."""
    recent = np.array([[0, 1, 0, 5], [1, 2, 0, 1], [1, 2, 1, 4]])  # number, label, neuron, count
    counts = np.array([[3, 0], [0, 3], [1, 2]])
    found = _running_accuracy(recent, counts, np.array([1, 1, 2]))
    assert found == pytest.approx(2 / 3)  # images 2 and 4 are right, image 3 is not


def test_running_accuracy_is_of_images_not_seen_before() -> None:
    """Of a chunk with the responses before it, whose labels it keeps; of the first chunk, there is none."""
    procedure, state = SPEC.procedure(), {"exc.theta": np.zeros(16), "inputs_exc.w": np.zeros(16)}
    found = Responses(2, state, *np.array([[0, 2, 3], [1, 5, 7]]).T, n_presentations=3, n_spikes=12)
    after, row = procedure._learned_from(np.zeros((0, 4), np.int32), found, np.array([4, 6]), 0)
    assert "running_accuracy" not in row
    assert after[RECENT].tolist() == [[0, 4, 2, 3], [1, 6, 5, 7]]
    assert (row["spikes_per_image"], row["presentations_per_image"], row["silent_fraction"]) == (6, 1.5, 14 / 16)
    after, row = procedure._learned_from(after[RECENT], found, np.array([4, 4]), 2)
    assert row["running_accuracy"] == 1 / 2
    assert after[RECENT].tolist() == [[0, 4, 2, 3], [1, 6, 5, 7], [2, 4, 2, 3], [3, 4, 5, 7]]
