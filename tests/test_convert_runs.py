"""Run folders of the first and second format, as small ones, become those of this one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_array_equal

from equispike.models.errors import EquispikeError
from equispike.protocols import metrics
from equispike.protocols.data import load
from equispike.protocols.derived import weights_of
from equispike.protocols.evaluations import chosen
from equispike.protocols.learned import readout_arrays
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training import Progress
from equispike.scripts.convert_runs import _second, convert, main

METRICS = {"metrics:images": np.array([20.0]), "metrics:metric": np.array(["loss"]), "metrics:value": np.array([0.5])}
NETWORK = {"n_steps": "16", "tau_mem": "5*ms", "w_gain": "1.5", "beta": "4.0", "learning_rate": "0.003", "epochs": "7"}
#: By system: parameters as they were written, evaluation, and what they are now.
OLD = {
    "diehl-cook": (
        {"nu_pre": "0.0002", "beta": "0.5", "n_exc": "2", "dt": "0.5*ms", "tau_mem": "90*ms", "theta_plus": "0.1*mV",
         "v_rest_inh": "-61*mV", "rule": "power-law", "inhibition": "relay"},
        {"accuracy": {"vote": 0.5}, "n_label": 30, "wall_s": 5.0, "cpu_s": 4.0, "labelling_wall_s": 3.0, "labelling_cpu_s": 1.0},
        {"rule": "diehl-cook-power-law", "rule.nu_pre": "0.0002", "rule.beta": "0.5", "neuron.tau_mem": "90*ms",
         "neuron.theta_plus": "0.1*mV", "neuron.dt": "0.5*ms", "v_rest_inh": "-61*mV", "n_exc": "2"},
        {},
    ),
    "conv-stdp": (
        {"convergence": "0.02", "layers": "conv-pool-conv", "conv1.winners": "7", "conv2.radius": "1", "conv1.doubling": "9"},
        {"accuracy": {"svm": 0.9}, "grid": 2, "n_label": 30, "accuracy_by_bins": {}, "accuracy_by_labelled_images": {"10": 0.5},
         "features_images_per_cpu_s": 5.0, "wall_s": 9.0, "cpu_s": 9.0},
        {"conv1.n_winners": "7", "conv2.inhibition_radius": "1", "conv1.doubling_interval": "9"},
        {"convergence": "0.02"},
    ),
    "spiking-mlp": (
        NETWORK | {"layers": "64,5,10"},
        {"accuracy": {"mean potential": 0.7}, "backend": "numpy", "wall_s": 2.0, "cpu_s": 2.0},
        {"layers": "64,5,10", "init_scale": "1.5"},
        {"beta": "4.0", "learning_rate": "0.003", "epochs": "7"},
    ),
    "spiking-rnn": (
        NETWORK | {"layers": "28,5,10", "n_steps": "28", "adaptive_part": "0.3"},
        {"accuracy": {"mean potential": 0.7}, "wall_s": 2.0, "cpu_s": 2.0},
        {"init_scale": "1.5", "adaptive_fraction": "0.3"},
        {"beta": "4.0"},
    ),
    "lif-readout": (
        NETWORK | {"layers": "4,10"},
        {"accuracy": {"spike count": 0.7}, "wall_s": 2.0, "cpu_s": 2.0},
        {"init_scale": "1.5"},
        {"epochs": "7"},
    ),
    "softmax": (
        {"layers": "64,10", "epochs": "3", "shift": "1"},
        {"accuracy": {"largest output": 0.7}, "wall_s": 2.0, "cpu_s": 2.0},
        {"layers": "64,10"},
        {"epochs": "3", "shift": "1"},
    ),
    "linear-svm": (
        {"layers": "64,10", "c": "0.1"},
        {"accuracy": {"largest output": 0.7}, "wall_s": 2.0, "cpu_s": 2.0},
        {"layers": "64,10"},
        {"c": "0.1"},
    ),
}  # fmt: skip


def old_run(path: Path, system: str) -> RunFolder:
    """A run of the first format on digits, of which 37 images were held out."""
    params, evaluation, _, _ = OLD[system]
    run, checksum = RunFolder(path), load("digits").checksum
    run.path.mkdir()
    config = {"model": system, "params": params, "data": "digits", "n_images": 20, "seed": 0, "backend": "numpy",
              "holdout": 37, "chunk_images": 10}  # fmt: skip
    record = {"format": 1, "config": config, "data": {"name": "digits", "checksum": checksum}, "status": "trained"}
    if system == "lif-readout":
        record["config"]["features"], record["features"] = "../source", "abc"
    run.write_json("run.json", record | {"images_seen": 20, "wall_s": 1.0, "cpu_s": 2.0})
    run.write_arrays("arrays.npz", {"w": np.zeros((3, 2))})
    run.write_arrays("activity.npz", {"image": np.zeros(3)})
    run.write_bytes("stopping.csv", b"fraction,accuracy\n1.0,0.5\n")
    run.write_json("evaluation-test.json", {"split": "test", "n_images": 10} | evaluation)
    guesses = {"truth": np.arange(3), "guesses": np.arange(3), "scores": np.zeros((3, 10))}
    seconds = np.array([1.0, 2.0])
    if system == "diehl-cook":
        guesses = {"truth": np.arange(3), "vote": np.arange(3), "proportion": np.arange(3)}
        labels = {"class_rates": np.ones((10, 2)), "assignments": np.array([3, 4]), "n_label": np.array(30)}
        run.write_arrays("labels.npz", labels)
        state = {"state:exc.theta": np.ones(2), "images_seen": np.array(20), "seconds": seconds,
                 "recent": np.array([[500, 0, 2], [500, 1, 3], [7, 1, 6]])}  # fmt: skip
    elif system == "conv-stdp":
        guesses = {"truth": np.arange(3), "svm": np.arange(3)}
        state = {"state:conv1_kernels.w": np.ones(2), "counts": np.array([1, 20, 40]), "seconds": seconds}
    else:
        state = {"leaf:0000": np.ones(2), "numbers": np.array([20.0, 1.0, 2.0])}
    run.write_arrays("evaluation-test.npz", guesses)
    if system != "linear-svm":
        run.write_arrays("checkpoint/state.npz", state | METRICS)
    return run


def loaded(run: RunFolder) -> Progress:
    """The checkpoint of a run, whatever network it is of."""
    arrays = run.read_arrays("checkpoint/state.npz")
    state = {name.removeprefix("state:"): values for name, values in arrays.items() if name.startswith("state:")}
    return Progress(state, *map(int, arrays["counts"]), *map(float, arrays["seconds"]), metrics.from_arrays(arrays))


@pytest.mark.parametrize("system", OLD)
def test_a_run_says_the_same_in_this_format(system, tmp_path):
    run = old_run(tmp_path / "run", system)
    assert convert(run)
    spec, (_, evaluation, params, own) = TrainingSpec.of_run(RunFolder.open(run.path)), OLD[system]
    assert params.items() <= spec.params.as_text().items()
    assert own.items() <= spec.procedure_params.as_text().items()
    assert (spec.system.name, spec.n_train, spec.holdout) == (system, 1400, 37)
    assert not {"raster.npz", "activity.npz", "labels.npz", "stopping.csv"} & {path.name for path in run.path.iterdir()}
    assert run.has("anytime.csv")
    kept = chosen(run, "test")
    new, guesses = kept.record, kept.guesses()
    assert new["weights"] == weights_of(run) and (new["n_images"], new["n_split"]) == (10, 360)
    assert new["accuracy"] == evaluation["accuracy"]
    assert {"accuracy_by_bins", "grid"}.isdisjoint(new)
    assert new["backend"] == "numpy" and new["n_label"] == evaluation.get("n_label", 0)
    assert guesses.keys() == {"truth", *new["accuracy"]} | ({"proportion"} if system == "diehl-cook" else set())
    if system != "linear-svm":
        with pytest.raises(EquispikeError, match="damaged"):  # the arrays here are no network's
            Progress.load(run, spec.procedure())
        progress = loaded(run)
        assert (progress.seen, progress.wall_s, progress.cpu_s) == (20, 1.0, 2.0)
        assert progress.latest() == {"loss": 0.5}


def test_readouts_are_not_learned_anew_and_recent_responses_have_labels(tmp_path):
    run = old_run(tmp_path / "run", "diehl-cook")
    convert(run)
    procedure = TrainingSpec.of_run(run).procedure()
    for name in ("vote", "proportion"):
        assert_array_equal(readout_arrays(run, procedure, name)["assignments"], [3, 4])
    of = load("digits").train_labels
    assert_array_equal(loaded(run).state["recent"], [[0, of[500], 0, 2], [0, of[500], 1, 3], [1, of[7], 1, 6]])


def test_costs_are_those_of_answers_alone(tmp_path):
    for system, costs in {"diehl-cook": (2.0, 3.0), "conv-stdp": (None, 2.0)}.items():
        run = old_run(tmp_path / system, system)
        convert(run)
        new = chosen(run, "test").record
        assert (new.get("wall_s"), new["cpu_s"]) == costs
    assert new["settings"] == {"grid": "2"}


def test_labelling_that_was_not_timed_had_its_share(tmp_path):
    run = old_run(tmp_path / "run", "diehl-cook")
    old = {"split": "test", "accuracy": {"vote": 0.5}, "n_images": 10, "n_label": 30, "wall_s": 8.0, "cpu_s": 4.0}
    run.write_json("evaluation-test.json", old)
    convert(run)
    new = chosen(run, "test").record
    assert (new["wall_s"], new["cpu_s"]) == (2.0, 1.0)


def test_features_of_another_run_are_its_source(tmp_path):
    run = old_run(tmp_path / "run", "lif-readout")
    convert(run)
    record = run.read_json("run.json")
    assert (record["source"], record["config"]["source"]) == ("abc", "../source")
    assert "features" not in record and "features" not in record["config"]


def test_what_was_labelled_before_other_weights_came_is_not_the_runs(tmp_path):
    """The second format kept an evaluation beside weights that were trained longer meanwhile."""
    run = old_run(tmp_path / "run", "diehl-cook")
    _second(run, run.read_object("run.json"))
    assert run.read_object("run.json")["format"] == 2 and run.has("readouts.npz")
    run.write_arrays("arrays.npz", {"w": np.ones((3, 2))})
    assert convert(run)
    assert chosen(run, "test") is None and run.names("evaluation-*.json") and not run.names("readouts*")


@pytest.mark.parametrize("system", ["diehl-cook", "conv-stdp", "spiking-mlp"])
def test_an_interrupted_conversion_is_done_again(system, tmp_path):
    run, again = old_run(tmp_path / "run", system), tmp_path / "again"
    before = run.read_object("run.json")
    convert(run)
    shutil.copytree(run.path, again)
    RunFolder(again).write_json("run.json", before)
    assert convert(RunFolder(again)) and not convert(run)
    evaluation = chosen(run, "test").name
    for file in ("run.json", f"{evaluation}.json"):
        assert run.read_json(file) == RunFolder(again).read_json(file)
    for name in ("checkpoint/state.npz", f"{evaluation}.npz"):
        one, other = run.read_arrays(name), RunFolder(again).read_arrays(name)
        assert one.keys() == other.keys() and all((one[key] == other[key]).all() for key in one)


def test_experiments_keep_their_tables(tmp_path):
    run = RunFolder(tmp_path)
    config = {
        "protocol": "fi-curve",
        "model": "lif",
        "params": {},
        "protocol_params": {"n": "3"},
        "data": None,
        "seed": 0,
    }
    run.write_json("run.json", {"format": 1, "config": config, "tables": ["fi-curve"], "command": ["a"]})
    convert(run)
    config = RunFolder.open(tmp_path).read_json("run.json")["config"]
    assert (config["experiment"], config["experiment_params"]) == ("fi-curve", {"n": "3"})
    assert not {"protocol", "protocol_params"} & config.keys()


def test_damaged_runs_are_named_and_the_others_converted(tmp_path):
    whole, broken = old_run(tmp_path / "whole", "softmax"), old_run(tmp_path / "broken", "diehl-cook")
    broken.write_arrays("labels.npz", {"class_rates": np.ones((10, 2))})
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "run.json").write_text("{")
    done = CliRunner().invoke(main, [str(tmp_path)])
    assert done.exit_code == 1 and "Converted 1 runs" in done.output
    for name in ("broken", "text"):
        assert f"{tmp_path / name}" in done.output
    assert RunFolder.open(whole.path)
    assert broken.read_object("run.json")["format"] == 1
