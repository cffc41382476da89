"""The same training with several seeds, some at a time: each a process of its own, in a run folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from equispike.models.codegen import children
from equispike.models.errors import EquispikeError


def train_seeds(
    words: Sequence[str], out: Path, seeds: Sequence[int], jobs: int, report: Callable[[int, str], None]
) -> list[Path]:
    """Run ``equispike train words...`` for each seed in OUT-s0, OUT-s1, ...; a folder that is there is gone on with.

    ``report`` is called with a seed and each line of its training.

    Raises
    ------
    EquispikeError
        A training did not end well; the others were finished.
    """

    def train(seed: int) -> bool:
        folder = Path(f"{out}-s{seed}")
        place = ["--resume", str(folder)] if (folder / "run.json").exists() else ["--out", str(folder)]
        command = [sys.executable, "-m", "equispike", "train", *words, "--seed", str(seed), *place]
        with children.started(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            for line in process.stderr:
                report(seed, line.rstrip())
            return process.wait() == 0

    with ThreadPoolExecutor(jobs) as pool:
        succeeded = list(pool.map(train, seeds))
    if failed := [seed for seed, ok in zip(seeds, succeeded, strict=True) if not ok]:
        raise EquispikeError(
            f"training with seed {failed[0]} failed, see above; run the same command again to go on with it"
        )
    return [Path(f"{out}-s{seed}") for seed in seeds]
