"""All figures of a run, drawn from its folder alone."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from equispike.analysis.comparison import curves, labelled, measured, settings
from equispike.analysis.figures import common, comparison, experiments, style
from equispike.analysis.figures.overview import overview
from equispike.analysis.figures.sources import Source
from equispike.models.errors import EquispikeError
from equispike.models.references import resolve
from equispike.protocols.catalogue import SYSTEMS
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec


def draw(run_path: Path, out: Path | None = None, only: Collection[str] = ()) -> tuple[list[Path], list[str]]:
    """Draw every figure that the run has the numbers for, as PNG, PDF and CSV.

    Parameters
    ----------
    out : folder of the figures; ``figures`` in the run folder if not given
    only : names of figures; all if none is given

    Returns
    -------
    The files written, and one sentence for each figure that could not be drawn.

    Raises
    ------
    EquispikeError
        ``run_path`` is not a run folder, it has no figure of a name in ``only``, or ``out`` cannot be written.
    """
    run = RunFolder.open(run_path)
    folder = run.path / "figures" if out is None else Path(out)
    record = run.read_json("run.json")
    metadata = _metadata(run, record)
    written, skipped = [], []
    sources = figures_of(run)
    for name in only:
        if name not in dict(sources):
            raise EquispikeError(f"{run.path} has no figure {name}: its figures are {', '.join(dict(sources))}")
    for name, make in [each for each in sources if not only or each[0] in only]:
        try:
            figure = make(run)
        except EquispikeError as reason:
            skipped.append(f"no {name} figure: {reason}")
            continue
        written += style.save(figure, folder, name, metadata)
    return written, skipped


def figures_of(run: RunFolder) -> list[Source]:
    """Return the figures of an experiment, or of a trained network: those that all have, unless its system has its own."""
    config = run.read_json("run.json")["config"]
    if "experiment" in config:
        return list(experiments.FIGURES.get(config["experiment"], lambda run: ())(run))
    own = resolve(TrainingSpec.of_run(run).system.figures)
    return list((dict(common.figures(run)) | dict(own(run) if own else ())).items())


def comparison_figures(table: pd.DataFrame, results: Path) -> list[tuple[str, Figure]]:
    """What the runs of a table of :func:`analysis.comparison.compare` cost and bear, and, from ``similarity.csv`` and
    ``selectivity.csv`` in the folder ``results`` where they are there, what their layers see.

    Of MNIST alone, where there is any: accuracies on different data are not compared.
    """
    runs = measured(_comparable(table))
    look = comparison.looks({label: rows["kind"].iloc[0] for label, _, rows in labelled(runs)})
    figures: dict[str, Figure] = {}
    for name, draw_curves in (("anytime", comparison.anytime_curves), ("robustness", comparison.robustness_curves)):
        points = curves(runs, name)
        if len(points):
            figures[name] = draw_curves(points, look)
    with_costs = settings(runs)
    if len(with_costs):
        figures["costs"] = comparison.costs(with_costs, look)
        points = curves(runs, "anytime")
        if len(points):
            figures["overview"] = overview(with_costs, points, look, _published(with_costs))
    for name, draw_table in (
        ("similarity", comparison.similarity_map),
        ("selectivity", comparison.selectivity_bars),
    ):
        if (results / f"{name}.csv").is_file():
            found = pd.read_csv(results / f"{name}.csv")
            of_layers = [column for column in ("one", "other", "layer") if column in found]
            shown = found[of_layers].map(lambda layer: layer.rpartition(": ")[0] in look).all(axis=1)
            if shown.any():
                figures[name] = draw_table(found[shown])
    return list(figures.items())


def _published(settings: pd.DataFrame) -> dict[str, tuple[float, str]]:
    """Return, of each system that has a headline figure, the paper's accuracy and of what, at the label of its best setting."""
    found = {}
    for name, rows in settings.groupby("system"):
        headline = SYSTEMS[name].headline if name in SYSTEMS else None
        if headline and (of_data := rows[rows["data"] == headline.data]).size:
            found[of_data.loc[of_data["accuracy"].idxmax(), "label"]] = (headline.accuracy, headline.of)
    return found


def draw_comparison(table: pd.DataFrame, results: Path, out: Path) -> list[Path]:
    """Write the figures of :func:`comparison_figures` into ``out``, as PNG, PDF and CSV."""
    runs = _comparable(table)
    facts = {
        "Run": " ".join(sorted(set(runs["record"]))),
        "Commit": " ".join(sorted({str(commit) for commit in runs["commit"]})),
        "Seed": " ".join(sorted({str(seed) for seed in runs["seed"]})),
    }
    drawn = comparison_figures(table, results)
    return [path for name, figure in drawn for path in style.save(figure, out, name, facts)]


def _comparable(table: pd.DataFrame) -> pd.DataFrame:
    mnist = table[table["data"] == "mnist"]
    return mnist if len(mnist) else table


def _metadata(run: RunFolder, record: dict) -> dict[str, str]:
    """What goes into every file: which run, which code, which seed."""
    found = {"Run": run.path.resolve().name, "Commit": str(record.get("commit")), "Seed": str(record["config"]["seed"])}
    return found | ({"Weights": record["weights"]} if record.get("weights") else {})


__all__ = ["comparison_figures", "draw", "draw_comparison", "figures_of"]
