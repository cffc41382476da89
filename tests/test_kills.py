"""Commands killed at random moments lose nothing: done again, they end with the bytes of one that nobody killed.

``EQUISPIKE_KILLS=100 pytest tests/test_kills.py`` kills as often; without it a few times.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

N = int(os.environ.get("EQUISPIKE_KILLS", "1"))
EQUISPIKE = [sys.executable, "-m", "equispike"]
SET = {"n_exc": 4, "t_present": "10*ms", "t_rest_simulated": "5*ms", "w_total": 400, "n_spikes_min": 0}
TRAIN = ["train", "diehl-cook", *(f"--set={name}={value}" for name, value in SET.items()), "--chunk-images=2",
         "--backend=numpy"]  # fmt: skip
EVALUATE = ["--label-images", "20", "--test-images", "10"]
SWEEP = """
system: diehl-cook
data: digits
backend: numpy
images: 10
chunk-images: 2
fixed: {n_exc: 4, t_present: 10*ms, t_rest_simulated: 5*ms, w_total: 400, n_spikes_min: 0}
seeds: [0, 1]
evaluate: {test-images: 5, label-images: 5}
"""


def call(words: Sequence[object], folder: Path) -> None:
    done = subprocess.run([*EQUISPIKE, *map(str, words)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def killed(words: Sequence[object], folder: Path, after: float) -> bool:
    """Kill the command and all that it started ``after`` so many seconds; false where it had ended."""
    process = subprocess.Popen([*EQUISPIKE, *map(str, words)], cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    time.sleep(after)
    running = process.poll() is None
    os.killpg(process.pid, signal.SIGKILL) if running else None
    process.wait()
    return running


def content(folder: Path) -> dict[str, str]:
    """Of each file of a run that holds results, what is in it, whenever and by which commands it was made."""
    found = {}
    for path in sorted(folder.rglob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            for name in file.files:
                found[f"{path.relative_to(folder)}/{name}"] = hashlib.sha256(file[name].tobytes()).hexdigest()
    times = ("wall", "cpu", "images_per", "seconds")
    for path in sorted(folder.rglob("metrics.csv")):
        lines = [line for line in path.read_text().splitlines() if not any(word in line for word in times)]
        found[str(path.relative_to(folder))] = "\n".join(lines)
    return {name: value for name, value in found.items() if not any(word in name for word in times)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What nobody killed: its content, and how long it took."""
    folder, took = tmp_path_factory.mktemp("whole"), {}
    for name, words in (("train", [*TRAIN, "--images=30", "--out=run"]), ("evaluate", ["evaluate", "run", *EVALUATE])):
        started = time.perf_counter()
        call(words, folder)
        took[name] = time.perf_counter() - started
    return {"content": content(folder / "run"), "took": took}


@pytest.mark.parametrize("seed", range(N))
def test_training_and_evaluating(tmp_path: Path, whole, seed: int) -> None:
    rng = random.Random(seed)
    if killed([*TRAIN, "--images=30", "--out=run"], tmp_path, rng.random() * whole["took"]["train"]):
        begun = (tmp_path / "run" / "run.json").exists()
        again = ["train", "--resume", "run"] if begun else [*TRAIN, "--images=30", "--out=run"]
        if rng.random() < 0.5:
            killed(again, tmp_path, rng.random() * whole["took"]["train"])
            begun = (tmp_path / "run" / "run.json").exists()
            again = ["train", "--resume", "run"] if begun else [*TRAIN, "--images=30", "--out=run"]
        call(again, tmp_path)
    killed(["evaluate", "run", *EVALUATE], tmp_path, rng.random() * whole["took"]["evaluate"])
    call(["evaluate", "run", *EVALUATE], tmp_path)
    assert content(tmp_path / "run") == whole["content"]


@pytest.mark.parametrize("seed", range(N // 10))
def test_a_sweep(tmp_path: Path, seed: int) -> None:
    rng, found = random.Random(seed), []
    for name, kills in (("whole", 0), ("killed", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(SWEEP)
        for _ in range(kills):
            killed(["sweep", "a.yaml", "--out", "out"], tmp_path / name, 3 + 25 * rng.random())
        call(["sweep", "a.yaml", "--out", "out"], tmp_path / name)
        found.append(content(tmp_path / name / "out"))
    assert found[0] == found[1] and len(found[0]) > 10


def test_of_two_writers_one_is_refused(tmp_path: Path) -> None:
    words = [*TRAIN, "--images=100", "--out=run"]
    both = [subprocess.Popen([*EQUISPIKE, *words, "--seed", str(seed)], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
            for seed in (0, 1)]  # fmt: skip
    said = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 2]
    refused = next(text for text, process in zip(said, both, strict=True) if process.returncode)
    assert "run" in refused and "Traceback" not in refused
