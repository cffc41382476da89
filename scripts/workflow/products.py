"""Table, figures and report of a sweep: ``python -m equispike.scripts.workflow.products table|figures|report`` in its folder."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pandas as pd

from equispike.protocols.atomic_write import atomic_write
from equispike.scripts.workflow.plan import Plan


def table(plan: Plan) -> None:
    """table.parquet and table.csv: one row for each readout of each run."""
    from equispike.analysis.sweeps import tidy

    found = tidy(run.folder for run in plan.runs.values())
    with atomic_write(Path("table.csv")) as temporary:
        found.to_csv(temporary, index=False, lineterminator="\n")
    with atomic_write(Path("table.parquet")) as temporary:
        found.to_parquet(temporary, index=False)


def figures(plan: Plan) -> None:
    """Every figure that the sweep file asks for, in figures/."""
    written = draw_figures(plan.name, plan.figures, pd.read_parquet("table.parquet"), Path("figures"))
    with atomic_write(Path("figures.json")) as temporary:
        temporary.write_text(json.dumps([str(path) for path in written]) + "\n")


def draw_figures(name: str, wanted: list[dict[str, str]], table: pd.DataFrame, out: Path) -> list[Path]:
    """The figures of a sweep called ``name`` from its table, as PNG, PDF and CSV."""
    from equispike.analysis.figures import style
    from equispike.analysis.figures.sweeps import draw

    facts = {
        "Run": name,
        "Commit": " ".join(sorted(set(table["commit"].astype(str)))),
        "Seed": " ".join(sorted(set(table["seed"].astype(str)))),
    }
    return [path for figure in wanted for path in style.save(draw(table, figure), out, figure["name"], facts)]


def report(plan: Plan) -> None:
    """report.html: one page that opens from disk."""
    from equispike.analysis.report.sweep import sweep_report
    from equispike.analysis.sweeps import column

    paths = [Path(path) for path in json.loads(Path("figures.json").read_text()) if path.endswith(".png")]
    found = pd.read_parquet("table.parquet")
    sweep_report(found, [column(name, found) for name in plan.axes], paths, Path("report.html"), plan.name)


@click.command()
@click.argument("what", type=click.Choice(["table", "figures", "report"]))
def main(what: str) -> None:
    """Make a product of the sweep in the current folder."""
    {"table": table, "figures": figures, "report": report}[what](Plan.open(Path()))


if __name__ == "__main__":
    main()
