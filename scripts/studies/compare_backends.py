"""Do two backends train the same network of the Diehl & Cook kind?

    python -m equispike.scripts.studies.compare_backends RUN... [--figure FILE.png]

Kolmogorov-Smirnov distances between runs with different seeds on the backend of the first run (the seed-to-seed spread),
and between runs on the two with different seeds: if the backends do the same, both come from one distribution.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import ks_2samp, mannwhitneyu

from equispike.analysis.figures.style import DOUBLE, PAPER
from equispike.models.errors import EquispikeError
from equispike.protocols.procedures.online import RECENT
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training import Progress

#: Runs by seed, for each backend.
type Runs = Mapping[str, Mapping[int, RunFolder]]


def _counts(run: RunFolder) -> np.ndarray:
    """Return excitatory spikes of each image that drew any, of the last that were shown."""
    number, _, _, count = Progress.load(run, TrainingSpec.of_run(run).procedure()).state[RECENT].T
    _, position = np.unique(number, return_inverse=True)
    return np.bincount(position, count)


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
    """Return the Kolmogorov-Smirnov distance of each pair of samples."""
    return np.array([ks_2samp(*pair).statistic for pair in pairs])


def by_backend(paths: Iterable[Path]) -> Runs:
    """Return runs on two backends; raises EquispikeError where there are more or fewer."""
    found: dict[str, dict[int, RunFolder]] = {}
    for path in paths:
        run = RunFolder.open(path)
        spec = TrainingSpec.of_run(run)
        found.setdefault(spec.backend, {})[spec.seed] = run
    if len(found) != 2:
        raise EquispikeError(f"name runs on two backends, not on {', '.join(found)}")
    return found


def compare(runs: Runs) -> Iterable[str]:
    """Yield a line for each quantity."""
    for name, (_, read) in QUANTITIES.items():
        ours, theirs = ({seed: read(run) for seed, run in each.items()} for each in runs.values())
        within = distances(itertools.combinations(ours.values(), 2))
        across = distances((a, b) for i, a in ours.items() for j, b in theirs.items() if i != j)
        p = mannwhitneyu(within, across).pvalue
        yield (
            f"{name}: seed to seed {within.mean():.4f} (at most {within.max():.4f}, n={len(within)}); "
            f"between backends {across.mean():.4f} (at most {across.max():.4f}, n={len(across)}); p={p:.2f}"
        )


def figure(runs: Runs) -> Figure:
    """Draw the cumulative distributions of every run, the backends in two colours."""
    drawn = Figure(figsize=(DOUBLE / 25.4, 50 / 25.4), layout="constrained")
    axes, shares = drawn.subplots(1, len(QUANTITIES)), np.linspace(0, 1, 401)
    for axis, (label, read) in zip(axes, QUANTITIES.values(), strict=True):
        for (backend, each), colour, style in zip(runs.items(), ("#0072B2", "#D55E00"), ("-", "--"), strict=True):
            for number, run in enumerate(each.values()):
                named = f"{backend}, {len(each)} seeds" if number == 0 else None
                axis.plot(np.quantile(read(run), shares), shares, style, color=colour, linewidth=0.8, label=named)
        axis.set_xlabel(label)
        axis.set_ylim(0, 1)
    axes[0].set_ylabel("cumulative fraction")
    axes[0].legend(loc="upper left")
    return drawn


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--figure", "file", type=click.Path(path_type=Path), help="Draw the distributions.")
def main(runs: tuple[Path, ...], file: Path | None) -> None:
    """Compare RUNS of several seeds on two backends."""
    found = by_backend(runs)
    for line in compare(found):
        click.echo(line)
    if file is not None:
        with matplotlib.rc_context(PAPER):
            file.parent.mkdir(parents=True, exist_ok=True)
            figure(found).savefig(file, dpi=200)


if __name__ == "__main__":
    main()
