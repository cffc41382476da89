"""Do two backends train the same network?

    python -m equispike.scripts.compare_backends OURS-s* -- THEIRS-s* [--figure FILE.png]

Kolmogorov-Smirnov distances between runs with different seeds on the first backend (the seed-to-seed spread), and between
runs on the two with different seeds: if the backends do the same, both come from one distribution.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import ks_2samp, mannwhitneyu

from equispike.analysis.figures.style import DOUBLE, PAPER
from equispike.protocols.run_folder import RunFolder


def _counts(run: RunFolder) -> np.ndarray:
    """Excitatory spikes of each image that drew any, of the last that were shown."""
    recent = run.read_arrays("checkpoint/state.npz")["recent"]
    _, position = np.unique(recent[:, 0], return_inverse=True)
    return np.bincount(position, recent[:, 2])


def _weights(run: RunFolder) -> np.ndarray:
    return run.trained_arrays()["w"].ravel()


def _thresholds(run: RunFolder) -> np.ndarray:
    return 1e3 * run.trained_arrays()["theta"]


QUANTITIES: dict[str, tuple[str, Callable[[RunFolder], np.ndarray]]] = {
    "thresholds": ("adaptive threshold (mV)", _thresholds),
    "spike counts": ("excitatory spikes per image", _counts),
    "weights": ("input weight", _weights),
}


def distances(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Kolmogorov-Smirnov distance of each pair of samples."""
    return np.array([ks_2samp(*pair).statistic for pair in pairs])


def compared(ours: Sequence[RunFolder], theirs: Sequence[RunFolder]) -> None:
    for name, (_, read) in QUANTITIES.items():
        first, second = [read(run) for run in ours], [read(run) for run in theirs]
        within = distances(itertools.combinations(first, 2))
        across = distances((a, b) for i, a in enumerate(first) for j, b in enumerate(second) if i != j)
        p = mannwhitneyu(within, across).pvalue
        print(f"{name}: seed to seed {within.mean():.4f} (at most {within.max():.4f}, n={len(within)}); "
              f"between backends {across.mean():.4f} (at most {across.max():.4f}, n={len(across)}); p={p:.2f}")  # fmt: skip


def figure(ours: Sequence[RunFolder], theirs: Sequence[RunFolder]) -> Figure:
    """Cumulative distributions of every run, the backends in two colours."""
    drawn = Figure(figsize=(DOUBLE / 25.4, 50 / 25.4), layout="constrained")
    axes = drawn.subplots(1, len(QUANTITIES))
    for axis, (label, read) in zip(axes, QUANTITIES.values(), strict=True):
        for runs, colour, style in ((ours, "#0072B2", "-"), (theirs, "#D55E00", "--")):
            for number, run in enumerate(runs):
                backend = run.read_json("run.json")["config"]["backend"]
                values = read(run)
                at = np.quantile(values, np.linspace(0, 1, 401))
                axis.plot(at, np.linspace(0, 1, 401), style, color=colour, linewidth=0.8,
                          label=f"{backend}, {len(runs)} seeds" if number == 0 else None)  # fmt: skip
        axis.set_xlabel(label)
        axis.set_ylim(0, 1)
    axes[0].set_ylabel("cumulative fraction")
    axes[0].legend(loc="upper left")
    return drawn


def main(words: list[str]) -> None:
    file = None
    if "--figure" in words:
        at = words.index("--figure")
        file = Path(words[at + 1])
        words = words[:at] + words[at + 2 :]
    split = words.index("--")
    ours, theirs = ([RunFolder.open(path) for path in part] for part in (words[:split], words[split + 1 :]))
    compared(ours, theirs)
    if file is not None:
        with matplotlib.rc_context(PAPER):
            file.parent.mkdir(parents=True, exist_ok=True)
            figure(ours, theirs).savefig(file, dpi=200)


if __name__ == "__main__":
    main(sys.argv[1:])
