"""Files mutated at random: every command ends in time, with 0 or with 2 and one sentence, and overwrites nothing.

``EQUISPIKE_FUZZ=2000 pytest tests/test_fuzz.py`` tries as many; without it a sample.
"""

import io
import json
import os
import random
import shutil
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_runs import small_spec

from equispike.protocols.data import load
from equispike.protocols.evaluating import evaluate
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

N = int(os.environ.get("EQUISPIKE_FUZZ", "60"))
IN_ONE_TEST = 20
#: s
MOST_TIME = 60
FAST = {"n_exc": 4, "n_spikes_min": 0, "t_present": "10*ms", "t_rest_simulated": "5*ms", "w_total": 400}
SWEEP = """
system: diehl-cook
data: digits
images: 20
fixed: {t_present: 10*ms}
grid:
  n_exc: [4, 9]
  rule: [diehl-cook-triplet, diehl-cook-pair]
seeds: [0, 1]
evaluate: {test-images: 10}
resources: {cpus: 1, memory: 2 GB, time: 2 h}
figures:
  - {name: by-size, x: n_exc, y: accuracy, lines: rule}
"""
CONFIG = "n_exc: 4\nt_present: 10*ms\nneuron.tau_mem: 90*ms\nrule.nu_pre: 0.001\n"

type Random = random.Random


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained and evaluated run, a sweep file, a configuration, a picture and a data set."""
    folder = tmp_path_factory.mktemp("whole")
    run = RunFolder.create(folder / "run")
    train(small_spec("diehl-cook", FAST, 2, chunk_images=1), load("digits"), run)
    evaluate(run, load("digits"), n_label=4, n_test=3)
    digits = load("digits")
    Image.fromarray(digits.train_images[3]).save(folder / "x.png")
    Image.fromarray(digits.train_images[4]).resize((90, 70)).save(folder / "x.tiff")
    np.savez(folder / "own.npz", images=digits.train_images[:40], labels=digits.train_labels[:40])
    (folder / "sweep.yaml").write_text(SWEEP)
    (folder / "config.yaml").write_text(CONFIG)
    return folder


def some_bytes(content: bytes, rng: Random) -> bytes:
    """Bytes that are changed, left out, doubled, or the end missing."""
    if not content:
        return rng.randbytes(20)
    found = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        k = rng.randrange(len(found))
        match rng.randrange(5):
            case 0:
                found[k] = rng.randrange(256)
            case 1:
                del found[k : k + rng.randrange(1, 50)]
            case 2:
                found[k:k] = found[k : k + rng.randrange(1, 50)]
            case 3:
                found = found[: k + 1]
            case 4:
                found[k:k] = rng.randbytes(rng.randrange(1, 9))
        if not found:
            break
    return bytes(found)


ODD = [None, True, -1, 0, 10**30, 1e308, -0.5, "", "x" * 5000, "\0", "é\n", [], {}, [1, [2]], {"a": {"b": 1}}, "1e400", "../../x",
       "nan", float("nan"), float("inf"), "20*ms", "[/x]", "~", "linspace(0,1,10**9)"]  # fmt: skip


def some_field(content: bytes, rng: Random) -> bytes:
    """A JSON document with a field changed, missing, added or nested."""
    document = json.loads(content)
    place = document
    while isinstance(place, dict) and place and rng.random() < 0.6:
        key = rng.choice(sorted(place))
        if not isinstance(place[key], dict):
            break
        place = place[key]
    key = rng.choice([*sorted(place), "new"]) if isinstance(place, dict) else 0
    if rng.random() < 0.25 and isinstance(place, dict):
        place.pop(key, None)
    elif isinstance(place, dict):
        place[key] = rng.choice(ODD)
    return json.dumps(document).encode()


def some_array(content: bytes, rng: Random) -> bytes:
    """Arrays of another shape, type or name, or with values that are no numbers."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    name = rng.choice(sorted(arrays))
    values = arrays.pop(name)
    match rng.randrange(7):
        case 0:
            arrays[name + "x"] = values
        case 1:
            arrays[name] = values[..., :-1] if values.ndim and values.shape[-1] else np.zeros(3)
        case 2:
            kind = rng.choice(["U3", "complex64", "bool", "float16", "int8"])
            arrays[name] = values.astype(kind) if values.dtype.kind in "biuf" else values.astype("S9")
        case 3:
            arrays[name] = np.full(values.shape, rng.choice([np.nan, np.inf, -1e300]))
        case 4:
            arrays[name] = values[None]
        case 5:
            arrays[name] = np.zeros((0, *values.shape[1:]))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def some_zip(content: bytes, rng: Random) -> bytes:
    """An archive with a member that is none."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(rng.choice(["w.npy", "../up.npy", "images.npy"]), rng.randbytes(100))
    return buffer.getvalue()


def some_line(content: bytes, rng: Random) -> bytes:
    """A text with a value exchanged for an odd one, or its lines in another order."""
    lines = content.decode().splitlines()
    k = rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            head, mark, _ = lines[k].partition(": ")
            lines[k] = f"{head}{mark}{rng.choice(ODD)}"
        case 1:
            rng.shuffle(lines)
        case 2:
            lines.insert(k, lines[rng.randrange(len(lines))])
        case 3:
            lines[k] = lines[k].replace(
                rng.choice("[]{}:,-*/0123456789"), rng.choice(["", "&a ", "*a", "!!python/name:os", "9" * 40])
            )
    return "\n".join(lines).encode(errors="replace")


def special(path: Path, rng: Random) -> None:
    """In the place of a file: a folder, a pipe, a link that leads nowhere, or nothing."""
    path.unlink()
    match rng.randrange(4):
        case 0:
            path.mkdir()
        case 1:
            os.mkfifo(path)
        case 2:
            path.symlink_to("/nonexistent/x")


MUTATIONS: dict[str, list[Callable[[bytes, Random], bytes]]] = {
    ".json": [some_bytes, some_field, some_field, some_field],
    ".npz": [some_bytes, some_array, some_array, some_zip],
    ".csv": [some_bytes, some_line],
    ".yaml": [some_bytes, some_line, some_line],
}
OF_RUNS = [
    ("evaluate", "run", "--test-images", 3, "--label-images", 4),
    ("predict", "run", "x.png"),
    ("results", "run"),
    ("compare", "run", "--out", "c.csv"),
    ("train", "--resume", "run", "--images", 3),
    ("figures", "run", "--only", "weights"),
    ("spikes", "run", "--images", 1, "--out", "s.nix"),
]
OF_FILES = {
    "sweep.yaml": [("sweep", "sweep.yaml", "--dry-run")],
    "config.yaml": [
        ("train", "diehl-cook", "--config", "config.yaml", "--images", 1, "--backend", "numpy", "--out", "new")
    ],
    "x.png": [("predict", "run", "x.png")],
    "x.tiff": [("predict", "run", "x.tiff")],
    "own.npz": [("data", "own.npz", "--out", "look")],
}


class _TooLong(Exception):
    pass


def _late(number: int, frame: object) -> None:
    raise _TooLong


@pytest.mark.parametrize("words", [*OF_RUNS, *(words for each in OF_FILES.values() for words in each)], ids=str)
def test_what_is_mutated_is_right_before(equispike, whole: Path, tmp_path: Path, words: tuple) -> None:
    """Else files would be refused for what they are, and mutations would try nothing."""
    os.chdir(shutil.copytree(whole, tmp_path / "whole"))
    done = equispike(*words)
    assert done.code == 0, done.err


@pytest.mark.parametrize("first", range(0, N, IN_ONE_TEST))
def test_mutated_files(equispike, whole: Path, tmp_path: Path, first: int) -> None:
    signal.signal(signal.SIGALRM, _late)
    for seed in range(first, min(first + IN_ONE_TEST, N)):
        rng = random.Random(seed)
        place = tmp_path / str(seed)
        shutil.copytree(whole, place)
        os.chdir(place)
        if rng.random() < 0.5:
            target = rng.choice(sorted(path for path in (place / "run").iterdir() if path.is_file()))
            words = rng.choice(OF_RUNS)
        else:
            name = rng.choice(sorted(OF_FILES))
            target, words = place / name, rng.choice(OF_FILES[name])
        if rng.random() < 0.08:
            special(target, rng)
        else:
            target.write_bytes(rng.choice(MUTATIONS.get(target.suffix, [some_bytes]))(target.read_bytes(), rng))
        others = [path for path in place.rglob("*") if path.is_file() and place / "run" not in path.parents]
        before = {path: path.read_bytes() for path in others}
        about = f"seed {seed}: {' '.join(map(str, words))} with {target.name}"
        signal.alarm(MOST_TIME)
        try:
            done = equispike(*words)
        except Exception as error:
            pytest.fail(f"{about}: {type(error).__name__}: {error}")
        finally:
            signal.alarm(0)
        if done.code:
            assert done.sentence, about
        for path, content in before.items():
            assert path.read_bytes() == content, f"{about}: {path} was overwritten"
        os.chdir(tmp_path)
        shutil.rmtree(place)
