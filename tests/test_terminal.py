"""Output that cannot be written or encoded, and names that are markup or no text: clean results, or one sentence."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Outcome
from rich.progress import TextColumn
from small_runs import saved_run

from equispike.scripts.progress import PhaseProgress, TrainingProgress

ROOT = Path(__file__).parent.parent
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
NO_UTF8 = b"r\xff"


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Outcome]:
    """``process(words...)``: a real process of the command in an empty folder."""

    def run(*words: object, out: object = subprocess.PIPE, **environment: str) -> Outcome:
        command = [
            sys.executable,
            "-m",
            "equispike",
            *(word if isinstance(word, bytes) else str(word) for word in words),
        ]
        done = subprocess.run(
            command, cwd=tmp_path, stdout=out, stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )  # fmt: skip
        return Outcome(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())

    return run


def test_an_ascii_locale_has_everything(process, tmp_path: Path) -> None:
    """Brian2 reads its own files, which are UTF-8, in the encoding of the locale."""
    shown = process("list", **ASCII)
    assert shown.code == 0 and shown.out.isascii() and "diehl-cook" in shown.out and shown.err == ""
    (tmp_path / "c.yaml").write_text("n_exc: 4  # größer\n", encoding="utf-8")
    explained = process("explain", "diehl-cook", "--config", "c.yaml", **ASCII)
    assert explained.code == 0 and explained.out.isascii(), explained.err
    assert process("train", "größe", **ASCII).sentence.startswith("Error: unknown system 'gr")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("words", [("list",), ("train", "--help"), ("experiment", "list")])
def test_output_that_cannot_be_written(process, words: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        sentence = process(*words, out=full).sentence
    assert sentence == "Error: the output cannot be written (No space left on device): send it to another place"


@pytest.mark.parametrize("words", [("list",), ("--help",), ("train", "--help"), ("experiment", "list")])
def test_output_that_nobody_reads(process, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        ended = process(*words, out=pipe)
    assert (ended.code, ended.err) == (141, "")


def test_names_that_are_no_text(process, tmp_path: Path) -> None:
    for words in (("figures",), ("train", "--resume"), ("list",)):
        assert process(*words, NO_UTF8).sentence.startswith("Error: 'r?' is not UTF-8: rename it")
    run = saved_run(tmp_path / "run", "softmax")
    run.write_json("evaluation-test.json", {"accuracy": {"largest output": 0.5}, "n_images": 1})
    shutil.copytree(tmp_path / "run", os.fsdecode(os.fsencode(tmp_path / "many") + b"/" + NO_UTF8))
    assert "many/r? is not UTF-8, which tables cannot hold" in process("compare", "many").sentence


@pytest.mark.parametrize("name", ["[/x]", "[bold]", ":smile:"])
def test_names_are_printed_as_they_are(equispike, tmp_path: Path, name: str, capsys) -> None:
    data = tmp_path / name / "mnist"
    data.mkdir(parents=True)
    for stem in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (data / f"{stem}-ubyte").touch()
    shown = equispike("list", "--data-dir", name)
    assert shown.code == 0 and name in shown.out
    with PhaseProgress() as phases, TrainingProgress([name], 2, {}) as bar:
        phases.update(name, 1, 2)
        bar.warn(name)
        columns = [column for each in (phases, bar) for column in each._bars.columns if isinstance(column, TextColumn)]
        assert not any(column.markup for column in columns)
    assert capsys.readouterr().err.count(name) == 2
