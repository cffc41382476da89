"""Whatever a person gets wrong is one sentence and exit code 2, and leaves nothing behind."""

import gzip
import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import CPP, Outcome
from PIL import Image
from small_runs import small_spec

from equispike.models.codegen import BACKENDS
from equispike.models.diehl_cook import DiehlCookParams
from equispike.protocols.catalogue import SYSTEMS
from equispike.protocols.data import load
from equispike.protocols.data.locate import STEMS
from equispike.protocols.run_folder import FORMAT, RunFolder
from equispike.protocols.training import train

needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason="no C++ compiler")
ROOT = Path(__file__).parents[1]
COMMANDS = (
    "list",
    "doctor",
    "train",
    "evaluate",
    "verify",
    "predict",
    "figures",
    "spikes",
    "export",
    "benchmark",
    "explain",
    "results",
)
#: So small that NumPy runs it at once.
FAST = {"n_exc": "4", "n_spikes_min": "0", "t_present": "10*ms", "t_rest_simulated": "5*ms"}
TINY = ("train", "diehl-cook", *(word for pair in FAST.items() for word in ("--set", "=".join(pair))))
TINY = (*TINY, "--images", 2, "--chunk-images", 1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run folder, to be copied."""
    run = RunFolder.create(tmp_path_factory.mktemp("finished") / "run")
    train(small_spec("diehl-cook", FAST, 2, chunk_images=1), load("digits"), run)
    return run.path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A trained run folder of the test's own."""
    return shutil.copytree(finished, tmp_path / "run")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What works


def test_help_says_what_there_is_without_waiting_for_brian2() -> None:
    code = "import sys; from equispike.scripts.cli import main; main(); assert 'brian2' not in sys.modules, 'slow'"
    done = subprocess.run([sys.executable, "-c", code, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(equispike, command: str) -> None:
    shown = equispike(command, "--help")
    assert shown.code == 0
    options = re.findall(r"^  (?:-\w, )?--([a-z-]+) [A-Z]", shown.out, re.MULTILINE)
    assert shown.out.startswith(f"Usage: equispike {command}") and options
    if command == "train":
        assert "tau_mem=100*ms" in shown.out and "--resume" in shown.out
        assert len(re.findall(r"\[default:", shown.out)) >= 8


def test_list_names_systems_data_sets_and_backends(equispike) -> None:
    shown = equispike("list")
    assert shown.code == 0
    for name in (*SYSTEMS, "mnist", "fashion-mnist", "digits", *BACKENDS, "10.3389/fncom.2015.00099"):
        assert name in shown.out


def test_list_of_a_system_shows_every_parameter_with_its_default(equispike) -> None:
    shown = equispike("list", "diehl-cook").out
    for key, value in DiehlCookParams().as_text().items():
        assert f"\t{key}\t{value}\t" in shown, key


@needs_compiler
def test_explain_says_whose_template_and_why(equispike) -> None:
    out = equispike("explain", "diehl-cook", "--set", "n_exc=7").out
    row = next(line for line in out.splitlines() if "\tinhibition_pre\t" in line)
    assert "Equispike" in row and "all-but-self by connect(condition='i != j'), one delay for all" in row
    delayed = equispike("explain", "diehl-cook", "--set", "delay_max=5*ms", "--set", "rest=full").out
    row = next(line for line in delayed.splitlines() if "\tinputs_exc_pre\t" in line)
    assert "Brian2" in row and "synapses have delays of their own" in row
    assert "generates no C++" in equispike("explain", "diehl-cook", "--backend", "numpy").sentence


def test_several_seeds_are_trained_and_gone_on_with(equispike, tmp_path: Path) -> None:
    words = (*TINY, "--backend", "numpy", "--seeds", "3,4", "--out", "run")
    assert equispike(*words).code == 0
    seeds = [json.loads(Path(f"run-s{seed}", "run.json").read_text())["config"]["seed"] for seed in (3, 4)]
    assert seeds == [3, 4]
    weights = [np.load(f"run-s{seed}/arrays.npz")["w"] for seed in (3, 4)]
    assert not np.array_equal(*weights)
    assert equispike(*words).code == 0
    assert "seed 3 failed" in equispike(*words, "--images", "1").sentence  # fewer than were presented
    assert "whole numbers" in equispike(*words[:-3], "x", "--out", "run").sentence


def test_a_file_sets_what_words_set_and_words_go_first(equispike, tmp_path: Path) -> None:
    settings = {**FAST, "neuron.tau_mem": "50*ms", "rule": "diehl-cook-pair", "w_init": "0.5"}
    (tmp_path / "c.yaml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
    words = [word for pair in settings.items() for word in ("--set", "=".join(pair))]
    common = ("train", "diehl-cook", "--images", 1, "--chunk-images", 1, "--backend", "numpy")
    assert equispike(*common, "--config", "c.yaml", "--out", "a").code == 0
    assert equispike(*common, *words, "--out", "b").code == 0
    assert equispike(*common, "--config", "c.yaml", "--set", "neuron.tau_mem=70*ms", "--out", "c").code == 0
    a, b, c = (json.loads((tmp_path / name / "run.json").read_text())["config"]["params"] for name in "abc")
    assert a == b == DiehlCookParams().updated(settings).as_text()
    assert c == a | {"neuron.tau_mem": "70*ms"}


def test_from_training_to_a_picture_of_ones_own(equispike, run: Path, tmp_path: Path) -> None:
    table = equispike("evaluate", run, "--label-images", 4, "--test-images", 3).out.splitlines()
    assert table[0] == "run\treadout\tsplit\timages\taccuracy"
    assert [line.split("\t")[:4] for line in table[1:]] == [
        [str(run), name, "test", "3"] for name in ("vote", "proportion")
    ]
    Image.fromarray(np.pad(np.full((20, 4), 255, np.uint8), ((4, 4), (12, 12)))).save(tmp_path / "one.png")
    Image.fromarray(np.full((28, 28), 120, np.uint8) + np.eye(28, dtype=np.uint8) * 100).save(tmp_path / "grey.png")
    done = equispike("predict", run, "one.png", "grey.png", "--invert", "no", "--show")
    assert [line.split("\t")[0] for line in done.out.splitlines()] == ["image", "one.png", "grey.png"]
    assert "one.png\n" in done.err and f"\n{12 * ' '}████{12 * ' '}\n" in done.err
    # digits have from 29.4 to 54.9 of 255 on average; these, 26.0 and 123.6
    assert "grey.png has 2.3 times as much ink as any training image" in done.err
    assert "one.png has 0.9 times the ink of the training image with the least" in done.err
    row = json.loads(equispike("results", tmp_path, "--json").out)[0]
    assert (row["system"], row["data"], row["network"], row["records"]) == ("diehl-cook", "digits", "4", ["run"])


# What a person gets wrong


BAD_SETTINGS = {
    "n_exc=0": "n_exc = 0 is out of range: at least 1",
    "n_exc=16.5": "n_exc must be a whole number",
    "n_exc=1e999": "n_exc",
    "n_exc=1e999-1e999": "n_exc",
    "n_exc=10**400": "cannot read",
    "w_init=(-1)**0.5": "cannot read",
    "w_init=1e400": "w_init",
    "rate_scale=-1*Hz": "rate_scale = -1*Hz is out of range: at least 0*Hz",
    "neuron.tau_mem=100": "neuron.tau_mem needs a value in ms, such as neuron.tau_mem=100*ms",
    "neuron.tau_mem=100*mV": "neuron.tau_mem needs a value in ms",
    "neuron.tau_mem=100*ms*": "cannot read the value '100*ms*'",
    "neuron.tau_mum=100*ms": "did you mean 'neuron.tau_mem'?); the parameters are: ",
    "w_init=fast": "w_init needs a plain number",
    "rule=foo": "diehl-cook-triplet",
    "n_input=100": "set n_input=784",
    "neuron.tau_mem": "--set needs key=value",
    "=3": "--set needs key=value",
}


@pytest.mark.parametrize(("setting", "hint"), BAD_SETTINGS.items())
def test_bad_parameters(equispike, tmp_path: Path, setting: str, hint: str) -> None:
    assert hint in equispike(*CPP, "--set", setting, "--out", "new").sentence
    assert not any(tmp_path.iterdir())


def test_an_unknown_parameter_lists_those_there_are(equispike) -> None:
    sentence = equispike(*CPP, "--set", "bogus=1").sentence
    assert all(key in sentence for key in DiehlCookParams().as_text())
    assert "of its training: epochs" in sentence


BAD_WORDS = {
    (): "name a system",
    ("foo",): "the systems are: diehl-cook",
    ("diehl-cook", "foo"): "unexpected extra argument",
    ("diehl-cook", "--foo"): "No such option",
    ("diehl-cook", "--data", "foo"): "choose one of mnist, fashion-mnist, nmnist-small, digits",
    (
        "diehl-cook",
        "--backend",
        "foo",
    ): "the backends are: cpp, cpp-float32, cpp-stock, cuda, genn, genn-cpu, jax, jax-float32, cython, numpy",
    ("diehl-cook", "--images", "0"): "--images must be at least 1",
    ("diehl-cook", "--images", "x"): "--images",
    ("diehl-cook", "--chunk-images", "0"): "--chunk-images must be at least 1",
    ("diehl-cook", "--holdout", "1437"): "leaves nothing to train on: digits has 1437",
    ("diehl-cook", "--holdout", "-1"): "--holdout",
    ("diehl-cook", "--seed", "-1"): "--seed",
    ("diehl-cook", "--config", "nothing.yaml"): "cannot read the configuration nothing.yaml: No such file",
    ("diehl-cook", "--config", "."): "cannot read the configuration",
    ("--resume", "nothing"): "nothing is not a run folder",
    ("diehl-cook", "--seeds", "0,1,0"): "--seeds names 0 twice",
}


@pytest.mark.parametrize(("words", "hint"), BAD_WORDS.items())
def test_bad_words_for_train(equispike, tmp_path: Path, words: tuple[str, ...], hint: str) -> None:
    assert hint in equispike("train", *words).sentence
    assert not any(tmp_path.iterdir())


BAD_OTHERS = {
    ("bogus",): "No such command 'bogus'",
    ("list", "foo"): "the systems are: diehl-cook",
    ("evaluate",): "Missing argument",
    ("evaluate", "nothing"): "nothing is not a run folder",
    ("predict", "nothing", "x.png"): "nothing is not a run folder",
    ("figures", "nothing"): "nothing is not a run folder",
    ("results", "nothing"): "equispike evaluate RUN",
    ("benchmark", "diehl-cook", "--rounds", "0"): "--rounds",
    ("benchmark", "diehl-cook", "--data", "digits", "--backends", "foo"): "the backends are: cpp, cpp-float32",
    ("benchmark", "foo", "--data", "digits"): "the systems are: diehl-cook",
    ("benchmark", "diehl-cook", "--data", "digits", "--set", "n_exc=0"): "n_exc = 0 is out of range",
}


@pytest.mark.parametrize(("words", "hint"), BAD_OTHERS.items())
def test_bad_words_for_other_commands(equispike, tmp_path: Path, words: tuple[str, ...], hint: str) -> None:
    assert hint in equispike(*words).sentence
    assert not any(tmp_path.iterdir())


BAD_CONFIGS = {
    b"tau_mem: 50*ms\nrule: [pair\n": "c.yaml:3: this is not YAML",
    b"tau_mem: 50*ms\nrule: pair: triplet\n": "c.yaml:2: this is not YAML",
    b"- tau_mem\n": "needs lines such as",
    b"\xff\xfe\x00": "is not a text file",
    b"neuron.tau_mem: 2001-99-99\n": "neuron.tau_mem",
    b"n_exc: !!int many\n": "n_exc",
    b"n_exc: true\n": "n_exc",
    b"n_exc: {a: 1}\n": "cannot read",
    b"neuron.tau_mum: 50*ms\n": "did you mean 'neuron.tau_mem'?",
}


@pytest.mark.parametrize(("text", "hint"), BAD_CONFIGS.items())
def test_bad_configurations(equispike, tmp_path: Path, text: bytes, hint: str) -> None:
    (tmp_path / "c.yaml").write_bytes(text)
    assert hint in equispike("train", "diehl-cook", "--config", "c.yaml", "--out", "new").sentence
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize("words", [(*CPP, "--set", "neuron.tau_mem=100*mV"), ("bogus",)])
def test_a_real_process_ends_with_two(words: tuple[object, ...]) -> None:
    command = [sys.executable, "-m", "equispike", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert Outcome(done.returncode, done.stdout, done.stderr).sentence


def test_interrupted_by_a_person(equispike, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "open", interrupt)
    interrupted = equispike("figures", run)
    assert interrupted.code == 130 and "Traceback" not in interrupted.err


# Data sets


def idx(array: np.ndarray) -> bytes:
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """Three images for training and three for the test, as files of MNIST."""
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for stem in STEMS:
        array = np.zeros((3, 28, 28) if "images" in stem else 3, np.uint8)
        (folder / f"{stem}.gz").write_bytes(gzip.compress(idx(array)))
    return folder


@pytest.mark.parametrize(
    ("damage", "hint"),
    [
        (lambda content: None, "is missing"),
        (lambda content: content[: len(content) // 2], "damaged or incomplete"),
        (lambda content: gzip.decompress(content)[:-1], "cut short"),
        (lambda content: b"\0\0\x0d\x03" + gzip.decompress(content)[4:], "not an IDX file"),
        (lambda content: b"", "not an IDX file"),
        (lambda content: content[:20] + b"\xff" * 8 + content[28:], "damaged"),
    ],
    ids=["missing", "half", "short", "floats", "empty", "corrupt"],
)
def test_bad_data_files(
    equispike, mnist: Path, tmp_path: Path, damage: Callable[[bytes], bytes | None], hint: str
) -> None:
    path = mnist / f"{STEMS[0]}.gz"
    content = damage(path.read_bytes())
    path.unlink() if content is None else path.write_bytes(content)
    sentence = equispike(*CPP, "--data", "mnist", "--data-dir", "data", "--out", "new").sentence
    assert hint in sentence and STEMS[0] in sentence
    assert not (tmp_path / "new").exists()


def test_a_benchmark_presents_what_images_there_are(equispike, mnist: Path) -> None:
    fast = [word for pair in FAST.items() for word in ("--set", "=".join(pair))]
    words = ("--data-dir", "data", "--rounds", 2, "--backends", "numpy")
    shown = equispike("benchmark", "diehl-cook", *fast, *words)
    assert shown.code == 0, shown.err
    assert "\ntraining\tnumpy\t2\t" in shown.out and "\nanswers\tnumpy\t2\t" in shown.out
    assert "round 2 of 2: numpy" in shown.err


# Run folders


def test_an_existing_run_is_kept(equispike, run: Path) -> None:
    before = contents(run)
    assert f"--resume {run}" in equispike(*CPP, "--out", run).sentence
    assert contents(run) == before


@pytest.mark.parametrize("out", ["file", "file/run", "run" * 100, "/sys/run", "/proc/run"])
def test_an_out_that_cannot_be(equispike, tmp_path: Path, out: str) -> None:
    """/sys and /proc refuse even the superuser, each with an error of its own."""
    (tmp_path / "file").write_text("mine")
    if out.startswith("/") and not Path(out).parent.is_dir():
        pytest.skip(f"no {Path(out).parent} here")
    assert out in equispike(*CPP, "--images", 1, "--out", out).sentence
    assert contents(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("--seed", 5), "seed 0, not 5"),
        (("--data", "mnist"), "data digits, not mnist"),
        (("--holdout", 7), "holdout 0, not 7"),
        (("--chunk-images", 7), "chunk_images 1, not 7"),
        (("--backend", "cpp"), "backend numpy, not cpp"),
        (("--set", "neuron.tau_mem=50*ms"), "neuron.tau_mem=100*ms, not 50*ms"),
        (("--set", "neuron.tau_mem=50"), "neuron.tau_mem needs a value in ms"),
        (("--out", "other"), "omit --out"),
        (("--images", 0), "--images must be at least 1"),
        (("--images", 1), "2"),
    ],
)
def test_a_resumed_run_keeps_its_configuration(equispike, run: Path, change: tuple, hint: str) -> None:
    before = contents(run)
    assert hint in equispike("train", "--resume", run, *change).sentence
    assert contents(run) == before


def test_a_resumed_run_may_be_told_again_what_it_is(equispike, run: Path) -> None:
    words = ("--seed", 0, "--data", "digits", "--set", "n_exc=4", "--images", 2, "--backend", "auto")
    assert equispike("train", "diehl-cook", "--resume", run, *words).code == 0


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "figures", "results"])
@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (json.dumps({"format": FORMAT + 1}), f"run format {FORMAT + 1}, this version reads {FORMAT}"),
        ('{"format": 1, "con', "damaged"),
        ("[]", "damaged"),
        (json.dumps({"format": FORMAT}), "damaged"),
    ],
    ids=["other version", "cut", "no object", "no configuration"],
)
def test_damaged_records(equispike, run: Path, command: str, text: str, hint: str) -> None:
    (run / "evaluation-test.json").write_text('{"accuracy": {"vote": 1, "proportion": 1}, "n_images": 1}')
    np.savez(run / "readouts.npz", **{"vote.class_rates": np.ones((10, 4)), "vote.of": np.array("")})
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(run.parent / "x.png")
    (run / "run.json").write_text(text)
    before = contents(run)
    words = {"train": ("--resume", run), "predict": (run, "x.png")}.get(command, (run,))
    sentence = equispike(command, *words).sentence
    assert hint in sentence and str(run) in sentence
    assert contents(run) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("checkpoint/state.npz", ("train", "--images", 3, "--resume")),
        ("arrays.npz", ("evaluate",)),
    ],
)
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_damaged_arrays(equispike, run: Path, name: str, words: tuple, damage: str) -> None:
    path = run / name
    whole = path.read_bytes()
    half = len(whole) // 2
    damaged = {"cut": whole[:half], "flipped": whole[:half] + bytes([whole[half] ^ 255]) + whole[half + 1 :]}
    path.write_bytes(damaged.get(damage, b""))
    assert f"{path} is damaged" in equispike(*words, run).sentence


def test_damaged_arrays_are_left_out_of_the_figures_and_named(equispike, run: Path) -> None:
    (run / "arrays.npz").write_bytes(b"PK")
    drawn = equispike("figures", run)
    assert drawn.code == 0 and f"{run / 'arrays.npz'} is damaged" in drawn.err


def test_a_missing_weight_file(equispike, run: Path) -> None:
    (run / "arrays.npz").unlink()
    assert f"--resume {run}" in equispike("evaluate", run).sentence


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--data", "mnist"), "was trained on digits"),
        (("--backend", "foo"), "the backends are"),
        (("--split", "validation"), "--holdout"),
        (("--split", "foo"), "--split"),
        (("--label-images", 0), "--label-images"),
        (("--test-images", 0), "--test-images"),
        (("--test-images", -5), "--test-images"),
        (("--jobs", 0), "--jobs"),
    ],
)
def test_bad_words_for_evaluate(equispike, run: Path, words: tuple, hint: str) -> None:
    before = contents(run)
    assert hint in equispike("evaluate", run, *words).sentence
    assert contents(run) == before


def test_pictures_that_are_none(equispike, run: Path, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("no picture")
    assert "x.png cannot be read as an image" in equispike("predict", run, "x.png").sentence
    assert "There is no file y.png" in equispike("predict", run, "y.png").sentence


def test_prediction_before_evaluation(equispike, run: Path, tmp_path: Path) -> None:

    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(tmp_path / "x.png")
    assert f"equispike evaluate {run} first" in equispike("predict", run, "x.png").sentence


# The machine


def test_no_compiler(equispike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for backend in ("cpp", "cython"):
        sentence = equispike(*TINY, "--backend", backend, "--out", "new").sentence
        assert "apt-get install g++ make" in sentence and "--backend numpy" in sentence
        assert not (tmp_path / "new").exists()
    fallen_back = equispike(*TINY, "--out", "new")
    assert fallen_back.code == 0
    assert fallen_back.err.startswith("Warning: using the numpy backend")
    assert json.loads((tmp_path / "new" / "run.json").read_text())["config"]["backend"] == "numpy"
    assert "'g++' was not found" in equispike("backends", "diehl-cook", "--set", "n_exc=4").out


def test_an_empty_compiler_variable_is_none(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "")
    assert equispike("list").code == 0


@needs_compiler
def test_a_full_disk_is_named_and_the_run_goes_on_once_there_is_space(equispike, small_disk, tmp_path: Path) -> None:
    run = small_disk("200k") / "run"  # the first checkpoint fits, the second does not beside it
    sentence = equispike(*CPP, "--images", 60, "--out", run).sentence
    assert f"the disk of {run} is full" in sentence and f"--resume {run}" in sentence
    left = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    assert left == ["checkpoint/state.npz", "metrics.csv", "run.json"]
    assert RunFolder(run).read_arrays("checkpoint/state.npz")["counts"].tolist() == [0, 20, 20]
    small_disk("2m")
    assert equispike("train", "--resume", run).code == 0
    assert equispike(*CPP, "--images", 60, "--out", "whole").code == 0
    resumed, whole = (RunFolder.open(path).read_arrays("arrays.npz") for path in (run, tmp_path / "whole"))
    assert all(np.array_equal(resumed[key], whole[key]) for key in ("w", "theta"))


@needs_compiler
def test_a_disk_that_is_full_from_the_start_can_be_used_later(equispike, small_disk) -> None:
    disk = small_disk("8k")
    (disk / "filler").write_bytes(bytes(8192))
    assert "full" in equispike(*CPP, "--images", 20, "--out", disk / "run").sentence
    small_disk("2m")
    assert equispike(*CPP, "--images", 20, "--out", disk / "run").code == 0
