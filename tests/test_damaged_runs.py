"""Whatever is wrong with a file of a run, every reader says the same of it: the file and the field, in a sentence."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_runs import small_spec

from equispike.models.errors import EquispikeError
from equispike.protocols.data import load
from equispike.protocols.evaluating import evaluate
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

FAST = {"n_exc": 4, "n_spikes_min": 0, "t_present": "10*ms", "t_rest_simulated": "5*ms", "w_total": 400}
EVALUATION = "evaluation-test-3-labels-4-numpy"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained and evaluated run, to be copied."""
    run = RunFolder.create(tmp_path_factory.mktemp("whole") / "run")
    train(small_spec("diehl-cook", FAST, 2, chunk_images=1), load("digits"), run)
    evaluate(run, load("digits"), n_label=4, n_test=3)
    return run.path


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> RunFolder:
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(tmp_path / "x.png")
    return RunFolder(shutil.copytree(whole, tmp_path / "run"))


#: Words of each command that reads run.json, after which a run is named or before.
READERS = {
    "resume": ("train", "--resume", "run"),
    "evaluate": ("evaluate", "run"),
    "predict": ("predict", "run", "x.png"),
    "figures": ("figures", "run"),
    "compare": ("compare", "run"),
    "report": ("report", "run", "--out", "r.html"),
    "results": ("results", "run"),
    "measure": ("measure", "run"),
    "export": ("export", "run", "--out", "n.nir"),
    "spikes": ("spikes", "run", "--out", "s.nix"),
    "verify": ("verify", "run"),
}
#: How run.json is changed, and what is said.
RECORDS = {
    "nested too deep": (lambda record: "[" * 100_000, "it is nested too deep"),
    "a giant number": (lambda record: '{"format": ' + "9" * 5000 + "}", "it has a number that is too long"),
    "a large number": (lambda record: _with(record, n_images=10**400), "its config.n_images is wrong"),
    "no field": (lambda record: json.dumps(record | {"data": {"name": "digits"}}), "it has no data.checksum"),
    "a field of text": (lambda record: _with(record, seed="0"), "its config.seed is wrong"),
    "an unknown field": (lambda record: _with(record, zeal=1), "a field config.zeal, which nothing reads"),
    "no number": (lambda record: json.dumps(record | {"cpu_s": float("nan")}), "its cpu_s is wrong"),
}


def _with(record: dict, **changes: object) -> str:
    return json.dumps(record | {"config": record["config"] | changes})


@pytest.mark.parametrize(("change", "words"), RECORDS.values(), ids=RECORDS)
def test_all_readers_say_the_same_of_a_record(equispike, run: RunFolder, change, words: str) -> None:
    (run.path / "run.json").write_text(change(json.loads((run.path / "run.json").read_text())))
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    said = {name: equispike(*reader).sentence for name, reader in READERS.items()}
    assert len(set(said.values())) == 1, said
    assert words in said["resume"] and "run/run.json is damaged" in said["resume"]
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def changed(run: RunFolder, name: str, **changes: object) -> None:
    arrays = run.read_arrays(name) | {key.replace("__", "."): value for key, value in changes.items()}
    run.write_arrays(name, {key: value for key, value in arrays.items() if value is not None})


#: How arrays.npz is changed, and what is said.
ARRAYS = {
    "missing": ({"theta": None}, "it has no array theta"),
    "more": ({"zeal": np.ones(2)}, "it has an array zeal, which nothing reads"),
    "another shape": ({"w": np.ones((784, 5))}, r"its array w has the shape \(784, 5\), not \(784, 4\)"),
    "text": ({"theta": np.full(4, "x")}, "its array theta holds <U1 values, not float64"),
    "no numbers": ({"theta": np.full(4, np.nan)}, "its array theta has values that are no numbers"),
}


@pytest.mark.parametrize(("change", "words"), ARRAYS.values(), ids=ARRAYS)
def test_all_readers_say_the_same_of_arrays(equispike, run: RunFolder, change: dict, words: str) -> None:
    changed(run, "arrays.npz", **change)
    with pytest.raises(EquispikeError, match=rf"run/arrays\.npz is damaged: {words}"):
        run.trained_arrays()
    said = {equispike(*READERS[name]).sentence for name in ("evaluate", "predict", "measure", "spikes", "verify")}
    assert len(said) == 1
    drawn = equispike("figures", "run")
    assert drawn.code == 0 and "arrays.npz is damaged" in drawn.err


#: How a checkpoint is changed, and what is said.
STATES = {
    "weights of another shape": ({"state:inputs_exc__w": np.ones(7)}, r"inputs_exc.w has the shape \(7,\), not \(3136,\)"),
    "a variable of another shape": ({"state:exc__ge": np.ones(7)}, r"exc.ge has the shape \(7,\), not \(4,\)"),
    "an input of another shape": ({"state:inputs__x": np.ones(7)}, r"inputs.x has the shape \(7,\), not \(784,\)"),
    "no weights": ({"state:inputs_exc__w": None}, "it has no array inputs_exc.w"),
    "a stage too many": ({"counts": np.array([1, 2, 2])}, "counts and seconds have values that cannot be"),
    "metrics cut": ({"metrics:value": np.ones(1)}, "its metrics are not of the same length"),
    "responses of neurons that are not": ({"state:recent": np.full((1, 4), 9)}, "state:recent has values that cannot be"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), STATES.values(), ids=STATES)
def test_a_checkpoint_is_looked_at_before_anything_is_removed(run: RunFolder, change: dict, words: str) -> None:
    changed(run, "checkpoint/state.npz", **change)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(EquispikeError, match=rf"run/checkpoint/state\.npz is damaged: .*{words}"):
        train(small_spec("diehl-cook", FAST, 4, chunk_images=1), load("digits"), run)
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"accuracy": {"vote": 7}}, "its accuracy.vote is wrong"),
        ({"accuracy": {}}, "its accuracy is wrong"),
        ({"n_images": 0}, "its n_images is wrong"),
        ({"settings": None}, "its settings is wrong"),
    ],
)
def test_an_evaluation_says_what_evaluations_say(equispike, run: RunFolder, change: dict, words: str) -> None:
    path = run.path / f"{EVALUATION}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    said = {equispike(*READERS[name]).sentence for name in ("figures", "compare", "report", "results")}
    assert len(said) == 1 and f"{path.name} is damaged: {words}" in said.pop()
    again = equispike("evaluate", "run", "--label-images", 4, "--test-images", 3)
    assert again.code == 0 and f"Warning: run/{path.name} is damaged: {words}" in again.err
    assert equispike("results", "run").code == 0


def test_labels_of_another_network_are_not_used(equispike, run: RunFolder) -> None:
    changed(run, "readouts-4-numpy.npz", vote__class_rates=np.ones((10, 9)))
    words = (
        "readouts-4-numpy.npz is damaged: its array class_rates has the shape (10, 9), which does not fit the network"
    )
    assert words in equispike(*READERS["predict"]).sentence
    assert equispike("evaluate", "run", "--label-images", 4, "--test-images", 3).code == 0
    assert equispike(*READERS["predict"]).code == 0


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "images,metric,value\n1,loss,x\n", "images,metric,value\n1,,2\n"])
def test_a_table_has_its_columns(run: RunFolder, text: str) -> None:
    (run.path / "metrics.csv").write_text(text)
    with pytest.raises(
        EquispikeError, match=r"metrics\.csv is damaged: its column|metrics\.csv is damaged: it has no column"
    ):
        run.read_metrics()


@pytest.mark.parametrize("name", ["metrics.csv", "arrays.npz"])
def test_what_a_training_does_not_need_is_named_and_written_anew(equispike, run: RunFolder, name: str) -> None:
    whole = (run.path / name).read_bytes()
    (run.path / name).write_bytes(whole[:9])
    done = equispike("train", "--resume", "run")
    assert done.code == 0 and f"Warning: run/{name} is damaged" in done.err
    assert (run.path / name).read_bytes() == whole


SPECIAL = {
    "folder": lambda path: path.mkdir(),
    "FIFO": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "dangling link": lambda path: path.symlink_to("nothing"),
    "link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL)
@pytest.mark.parametrize("name", ["run.json", "arrays.npz", "checkpoint/state.npz", f"{EVALUATION}.json"])
def test_what_is_no_file_is_named_and_never_waited_for(equispike, run: RunFolder, name: str, make) -> None:
    path = run.path / name
    path.unlink()
    make(path)
    reader = {"checkpoint/state.npz": "resume", "arrays.npz": "evaluate"}.get(name, "results")
    assert f"run/{name} " in equispike(*READERS[reader]).sentence
    assert path.is_symlink() or not path.is_file()


def test_a_folder_that_cannot_be_searched_is_named(equispike, run: RunFolder, monkeypatch) -> None:
    real = Path.stat

    def refuse(path: Path, **options: object) -> os.stat_result:
        if path.name == "run.json":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    assert "run/run.json cannot be read (Permission denied)" in equispike("evaluate", "run").sentence


def test_training_images_that_the_data_do_not_have(equispike, run: RunFolder) -> None:
    (run.path / "run.json").write_text(_with(json.loads((run.path / "run.json").read_text()), n_train=10**15))
    assert (
        "its config.n_train and config.holdout are not the 1437 training images"
        in equispike("evaluate", "run").sentence
    )


@pytest.mark.parametrize("left", [".run.json.123", ".writer", "..writer.0a1b"])
def test_a_folder_that_was_killed_before_its_first_file_counts_as_empty(equispike, tmp_path: Path, left: str) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / left).write_text("{")
    assert "new is not a run folder" in equispike("train", "--resume", "new").sentence
    words = [word for key, value in FAST.items() for word in ("--set", f"{key}={value}")]
    done = equispike(
        "train", "diehl-cook", *words, "--images", 1, "--chunk-images", 1, "--backend", "numpy", "--out", "new"
    )
    assert done.code == 0, done.err
    assert not (tmp_path / "new" / left).exists()


def test_a_folder_of_something_else_is_not_called_a_run(equispike, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    sentence = equispike("train", "diehl-cook", "--images", 1, "--backend", "numpy", "--out", "mine").sentence
    assert "choose another --out" in sentence and "--resume" not in sentence
