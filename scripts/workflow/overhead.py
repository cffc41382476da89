"""What a sweep adds to its runs: ``python -m equispike.scripts.workflow.overhead --runs 100 --cores 2``.

Times trivial runs as a sweep, with table, figures and report, and as the same commands, as many at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from equispike.scripts.commands.options import usable_cores

_ROOT = Path(__file__).parent.parent.parent


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--cores", type=click.IntRange(min=1), default=usable_cores, show_default="all cores")
def main(runs: int, cores: int) -> None:
    """Print seconds of both, their ratio and what the sweep adds to each run."""
    with tempfile.TemporaryDirectory(prefix="equispike-overhead-") as folder:
        seeds = ", ".join(map(str, range(runs)))
        Path(folder, "trivial.yaml").write_text(f"system: softmax\ndata: digits\nimages: 100\nseeds: [{seeds}]\n")
        words = ["train", "softmax", "--data=digits", "--images=100"]
        by_sweep = _seconds(folder, [["sweep", "trivial.yaml", "--out=sweep", f"--cores={cores}"]], 1)
        by_hand = _seconds(folder, [[*words, f"--seed={seed}", f"--out=hand/{seed}"] for seed in range(runs)], cores)
    click.echo(f"{runs} runs on {cores} cores: {by_sweep:.1f} s as a sweep, {by_hand:.1f} s by hand, ratio "
               f"{by_sweep / by_hand:.2f}; {(by_sweep - by_hand) / runs:.2f} s more per run")  # fmt: skip


def _seconds(folder: str, commands: list[list[str]], at_a_time: int) -> float:
    began = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(_ROOT), "EQUISPIKE_CACHE": str(Path(folder, "cache"))}

    def run(words: list[str]) -> None:
        command = [sys.executable, "-m", "equispike", *words]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    with ThreadPoolExecutor(at_a_time) as pool:
        list(pool.map(run, commands))
    return time.monotonic() - began


if __name__ == "__main__":
    main()
