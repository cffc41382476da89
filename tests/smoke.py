"""What a stranger does first, with an installed Equispike and pictures of their own: ``python tests/smoke.py`` from anywhere.

Seven classes of pictures of 32 x 32 pixels, bars in seven directions, are learned without labels; by commands, then in Python.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES, PER_CLASS, SIZE = 7, 30, 32
NETWORK = ("--set", "n_exc=20", "--images", "210", "--seed", "0")


def write_pictures(folder: Path) -> None:
    """Write a subfolder of pictures per class."""
    random, (y, x) = np.random.default_rng(0), np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    for direction in range(CLASSES):
        angle = np.pi * direction / CLASSES
        across = x * np.sin(angle) - y * np.cos(angle)
        (folder / f"bar{direction}").mkdir(parents=True)
        for number in range(PER_CLASS):
            bar = 255 * np.exp(-((across - random.normal(0, 1)) ** 2) / 8) * (np.hypot(x, y) < 14)
            Image.fromarray(bar.astype(np.uint8)).save(folder / f"bar{direction}" / f"{number}.png")


def equispike(*words: str) -> str:
    """Run a command of this environment; its output."""
    done = subprocess.run([Path(sys.executable).with_name("equispike"), *words], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, words
    print(done.stdout, end="", flush=True)
    return done.stdout


def main() -> None:
    write_pictures(Path("pictures"))
    picture = "pictures/bar3/0.png"
    assert "7" in equispike("data", "pictures")
    equispike("train", "diehl-cook", "--data", "pictures", *NETWORK, "--out", "run")
    equispike("evaluate", "run")
    assert "bar" in equispike("predict", "run", picture)
    equispike("figures", "run")
    assert list(Path("run/figures").glob("*.png"))

    import equispike as es

    run = es.train("diehl-cook", "pictures", {"n_exc": 20}, images=210, seed=0, out="in-python")
    accuracy = es.evaluate(run).accuracy
    assert max(accuracy.values()) > 0.5, accuracy  # chance is 1 in 7
    es.figures(run)
    assert es.predict(run, es.load_data("pictures").test_images[:5]).shape == (5, CLASSES)
    print(es.__file__, accuracy)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        main()
