"""Systems, neurons and rules from a file of one's own: whatever is wrong with the file is one sentence with its line."""

import json
import shutil
from pathlib import Path

import pytest

from equispike import models
from equispike.models import own_files
from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import get_system
from equispike.protocols.data import load
from equispike.protocols.evaluations import chosen
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

TOY = Path(__file__).parents[1] / "scripts/templates/network.py"
#: Parts that are those of the catalogue under other names, and what they are not.
PARTS = """
from dataclasses import replace

from equispike.models.neurons import LIF
from equispike.models.plasticity import ALL_RULES

NEURON = replace(LIF, name="mine", summary="a neuron of mine")
RULE = replace(ALL_RULES["diehl-cook-pair"], name="mine", summary="a rule of mine")
NUMBER = 3
"""


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    path = tmp_path / "my_parts.py"
    path.write_text(PARTS)
    return path


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return Path(shutil.copy(TOY, tmp_path / "my_system.py"))


def test_a_reference_is_absolute_and_its_file_is_executed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("from pathlib import Path\nPath('ran').open('a').write('x')\nONE = 1\nTWO = 2\n")
    monkeypatch.chdir(tmp_path)
    assert own_files.absolute("a.py:ONE") == f"{tmp_path / 'a.py'}:ONE"
    assert [own_files.load("a.py:ONE"), own_files.load(f"{tmp_path}/a.py:TWO")] == [1, 2]
    assert (tmp_path / "ran").read_text() == "x"
    (tmp_path / "a.py").write_text("ONE = 5\n")  # other content, another module
    assert own_files.load("a.py:ONE") == 5


def test_parts_are_found_by_kind(parts: Path) -> None:
    assert models.get_of_kind("neuron", f"{parts}:NEURON").summary == "a neuron of mine"
    assert models.get_of_kind("plasticity", f"{parts}:RULE").summary == "a rule of mine"
    with pytest.raises(EquispikeError, match=f"RULE of {parts} is of type Rule, but a Neuron is needed"):
        models.get_of_kind("neuron", f"{parts}:RULE")
    with pytest.raises(EquispikeError, match=f"{parts} has no MINE; it has LIF, NEURON$"):
        models.get_of_kind("neuron", f"{parts}:MINE")


def test_a_system_has_the_reference_as_its_name_and_a_label_for_files(toy: Path) -> None:
    system = get_system(f"{toy}:MY_NAME")
    assert (system.name, system.label) == (f"{toy}:MY_NAME", "MY_NAME")
    assert system.built_by.params is type(system.params()) and system.trained_by.params().epochs == 1


BAD = {
    "def f(:\n": "my.py, line 1: invalid syntax",
    "x = 1\ny = (\n": "my.py, line 2: '(' was never closed",
    "\n\ndef f():\n    return 1 / 0\nf()\n": "my.py, line 4: ZeroDivisionError: division by zero",
    "import nothing_of_that_name\n": "my.py, line 1: ModuleNotFoundError: No module named 'nothing_of_that_name'",
    "raise KeyboardInterrupt\n": None,
    "from equispike.models.diehl_cook import DiehlCookParams\n\nDiehlCookParams(n_exc=0)\n": "my.py, line 3: n_exc = 0",
    "raise SystemExit(0)\n": "my.py, line 1: SystemExit",
    "OTHER = 1\n": "my.py has no MINE",
    "MINE = 1\n": "my.py is of type int, but a System is needed",
    "\0": "my.py",
    b"\xff\xfe = 1\n": "my.py, line 1",
}


@pytest.mark.parametrize(("content", "sentence"), BAD.items())
def test_a_bad_file_is_one_sentence(equispike, tmp_path: Path, content: str | bytes, sentence: str | None) -> None:
    path = tmp_path / "my.py"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = equispike("train", "my.py:MINE", "--out", "new")
    if sentence is None:
        assert done.code == 130
    else:
        assert sentence in done.sentence
    assert [each.name for each in tmp_path.iterdir() if each.name != "__pycache__"] == ["my.py"]


def test_files_that_are_none(equispike, tmp_path: Path) -> None:
    assert "nothing.py (No such file" in equispike("train", "nothing.py:MINE").sentence
    (tmp_path / "folder.py").mkdir()
    assert "folder.py (Is a directory)" in equispike("train", "folder.py:MINE").sentence
    assert "names nothing in the file" in equispike("train", "nothing.py:").sentence
    assert "names nothing in the file" in equispike("list", "nothing.py:a-b").sentence


def test_trained_from_a_file_it_is_used_from_anywhere(equispike, toy: Path, tmp_path: Path, monkeypatch) -> None:
    words = ("--images", 300, "--chunk-images", 100, "--backend", "numpy")
    done = equispike("train", "my_system.py:MY_NAME", *words)
    assert done.code == 0, done.err
    run = tmp_path / "runs" / "MY_NAME-digits-s0"
    record = json.loads((run / "run.json").read_text())
    assert record["config"]["system"] == f"{toy}:MY_NAME"
    assert record["own_files"] == {str(toy): own_files.checksum(f"{toy}:MY_NAME")}
    assert (run / "own_files" / "my_system.py").read_bytes() == toy.read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert "\tspike count\ttest\t100\t" in equispike("evaluate", run, "--test-images", 100).out
    guesses = chosen(RunFolder.open(run), "test").guesses()["spike count"]
    assert (guesses == load("digits").test_labels[:100]).mean() > 0.3
    assert equispike("train", "--resume", run, "--images", 400).code == 0


def test_a_copy_in_a_run_folder_is_never_executed(equispike, toy: Path, tmp_path: Path) -> None:
    words = ("--images", 20, "--chunk-images", 20, "--backend", "numpy", "--set", "n_steps=5", "--out", "run")
    assert equispike("train", "my_system.py:MY_NAME", *words).code == 0
    (tmp_path / "run" / "own_files" / "my_system.py").write_text("raise ValueError('executed')\n")
    assert equispike("evaluate", "run", "--test-images", 5).code == 0
    toy.unlink()
    for command in ("evaluate", "figures"):
        done = equispike(command, "run")
        assert "executed" not in done.err + done.out and "Traceback" not in done.err
    assert f"cannot read {toy}" in equispike("evaluate", "run").sentence


def test_a_file_that_changed_cannot_go_on(equispike, toy: Path, tmp_path: Path) -> None:
    words = ("--images", 20, "--chunk-images", 20, "--backend", "numpy", "--set", "n_steps=5", "--out", "run")
    assert equispike("train", "my_system.py:MY_NAME", *words).code == 0
    before = toy.read_bytes()
    toy.write_bytes(before + b"# more\n")
    arrays = (tmp_path / "run" / "arrays.npz").read_bytes()
    sentence = equispike("train", "--resume", "run", "--images", 40).sentence
    assert f"{toy} has changed since run was begun" in sentence and "own_files" in sentence
    assert (tmp_path / "run" / "arrays.npz").read_bytes() == arrays
    assert (tmp_path / "run" / "own_files" / "my_system.py").read_bytes() == before
    shutil.copy(tmp_path / "run" / "own_files" / "my_system.py", toy)  # as the sentence says
    assert equispike("train", "--resume", "run", "--images", 40).code == 0
    assert TrainingSpec.from_json(json.loads((tmp_path / "run" / "run.json").read_text())["config"]).n_images == 40


def test_experiments_take_a_neuron_from_a_file(equispike, parts: Path, tmp_path: Path) -> None:
    done = equispike("experiment", "fi-curve", "my_parts.py:NEURON", "--backend", "numpy")
    assert done.code == 0, done.err
    [run] = (tmp_path / "runs").iterdir()
    assert run.name == "fi-curve-NEURON"
    assert json.loads((run / "run.json").read_text())["config"]["model"] == f"{parts}:NEURON"
    assert "is of type Rule, but a Neuron is needed" in equispike("experiment", "fi-curve", "my_parts.py:RULE").sentence


def test_list_describes_what_is_in_a_file(equispike, parts: Path, toy: Path) -> None:
    assert "a neuron of mine" in equispike("list", "my_parts.py:NEURON").out
    assert "a rule of mine" in equispike("list", "my_parts.py:RULE").out
    shown = equispike("list", "my_system.py:MY_NAME").out
    assert "the model\tv_threshold\t" in shown and "its training\tepochs\t" in shown
    assert "my_parts.py is of type int" in equispike("list", "my_parts.py:NUMBER").sentence
