"""``equispike sweep``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options
from equispike.scripts.stopping import noted
from equispike.scripts.tables import Column, Table, percent, show

_STOPPED = "its jobs were ended, and the same command again goes on with what is left"


@click.command("sweep")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the sweep.  [default: runs/sweeps/NAME_OF_FILE]"
)
@click.option("--dry-run", is_flag=True, help="List the runs and what they would cost; nothing is run.")
@click.option("--benchmark", is_flag=True, help="Measure what runs of each kind cost here, with few images.")
@click.option("--status", is_flag=True, help="What is done, running, failed (and why) and missing.")
@click.option("--table", type=click.Path(path_type=Path), help="Only draw FILE's figures, from a table.csv that a sweep has "
              "made, into the folder --out.")  # fmt: skip
@click.option("--cores", type=click.IntRange(min=1), default=options.usable_cores, show_default="all cores",
              help="On this machine: how many to use.")  # fmt: skip
@click.option("--profile", help="slurm for a Slurm cluster, or a folder with a profile of Snakemake.")
@options.as_json
def command(file, out, dry_run, benchmark, status, table, cores, profile, as_json) -> None:
    """Carry out the runs of a sweep FILE, here or on a cluster; the same command again goes on with what is left.

    Ends with 0 when all runs are done, 1 when some failed, 2 when something in FILE cannot work. --json goes with --dry-run,
    --status and searches.
    """
    from equispike.models.extras import need
    from equispike.scripts.progress import SweepProgress
    from equispike.scripts.workflow import driver
    from equispike.scripts.workflow.plan import plan
    from equispike.scripts.workflow.sweep_file import open_sweep

    need("sweeps", "snakemake", "pyarrow")
    sweep = open_sweep(file)
    folder = (out or Path("runs", "sweeps", file.stem)).absolute()
    if table is not None:
        _draw(sweep, table, folder)
        return
    if sweep.resources.cpus > cores and profile is None:
        raise EquispikeError(
            f"a run needs {sweep.resources.cpus} cores (resources of {file}), but only {cores} are given"
        )
    if profile is not None:
        driver.check_profile(profile, sweep.resources)
    if sweep.search is not None:
        if benchmark:
            raise EquispikeError("--benchmark is for runs that are known beforehand, not for a search")
        _search(sweep, folder, dry_run, status, cores, profile, as_json)
        return
    planned = plan(sweep)
    if benchmark:
        _benchmark(planned)
    if dry_run or status or benchmark:
        _show(planned, folder, status, as_json)
        return
    _writable(folder)
    with noted(lambda: _STOPPED), SweepProgress() as progress:
        found = driver.carry_out(planned, folder, cores, profile, progress)
    _summary(found, folder)


def _draw(sweep, table: Path, folder: Path) -> None:
    import pandas as pd

    from equispike.scripts.workflow.products import draw_figures

    try:
        found = pd.read_csv(table)
    except (OSError, ValueError) as error:
        raise EquispikeError(f"cannot read the table {table}: {getattr(error, 'strerror', None) or error}") from None
    if missing := {"commit", "seed", "folder", "readout"} - set(found):
        raise EquispikeError(f"{table} is no table of a sweep: it has no column {sorted(missing)[0]}")
    for path in draw_figures(sweep.path.stem, sweep.figures, found, folder):
        click.echo(path)


def _writable(folder: Path) -> None:
    from equispike.protocols.atomic_write import atomic_write

    with atomic_write(folder / ".writable") as temporary:
        temporary.touch()
    (folder / ".writable").unlink()


def _benchmark(planned) -> None:
    from equispike.scripts.progress import PhaseProgress
    from equispike.scripts.workflow import costs

    with PhaseProgress() as progress:
        failures = costs.benchmark(planned, progress.update)
    for failure in failures:
        click.echo(f"Warning: {failure}", err=True)


def _show(planned, folder: Path, status: bool, as_json: bool) -> None:
    """The runs with their states and, unless ``status`` alone is asked for, what they cost."""
    from equispike.scripts.progress import duration
    from equispike.scripts.workflow.costs import estimate
    from equispike.scripts.workflow.driver import log_of
    from equispike.scripts.workflow.status import count, states

    found = states(planned, folder)
    costs = {} if status else estimate(planned)
    rows = [
        {"run": name, **{axis: run.settings.get(axis) for axis in planned.axes}, "seed": run.seed, "state": found[name].name,
         "reason": found[name].reason or None, "log": log_of(folder, name),
         "cpu_s": cost.train_cpu_s + cost.other_cpu_s if (cost := costs.get(name)) else None}
        for name, run in planned.runs.items()
    ]  # fmt: skip
    columns = [*map(Column, ("run", *planned.axes, "seed", "state", "reason")), Column("log", on_terminal=False)]
    if not status:
        columns.append(Column("cpu_s", "CPU time", duration))
    show(Table("runs", columns, rows), as_json=as_json)
    click.echo(f"{len(found)} runs, in {folder}: {count(found)}", err=True)
    if not status:
        left = [costs[name] for name, state in found.items() if state.name != "done"]
        priced = [cost for cost in left if cost is not None]
        click.echo(f"Left to do: {_left(priced, len(left) - len(priced))}", err=True)


def _left(priced, unknown: int) -> str:
    """What runs cost together in words, and of how many others nobody knows."""
    parts = []
    if priced or not unknown:
        hours = sum(cost.train_cpu_s + cost.other_cpu_s for cost in priced) / 3600
        memory = max((cost.max_rss for cost in priced), default=0) / 1e6
        disk = sum(cost.bytes for cost in priced) / 1e6
        parts.append(f"about {hours:.2f} CPU hours, {disk:.0f} MB of disk, up to {memory:.0f} MB of memory a run")
    if unknown:
        parts.append(
            f"{unknown} runs whose cost is unknown, as none of their kind ever ran here: --benchmark measures it"
        )
    return "; and ".join(parts)


def _summary(found, folder: Path) -> None:
    from equispike.scripts.workflow.status import count

    click.echo(f"{len(found)} runs: {count(found)}.", err=True)
    failed = {name: state for name, state in found.items() if state.name != "done"}
    for name, state in failed.items():
        click.echo(f"{name} {state.name}: {state.reason} (log: {folder}/logs/{name}.log)", err=True)
    if failed:
        click.echo("The same command again repeats what failed, and goes on with what was interrupted.", err=True)
        sys.exit(1)
    click.echo(
        f"Table: {folder}/table.csv (and .parquet); figures: {folder}/figures; report: {folder}/report.html", err=True
    )


def _search(sweep, folder: Path, dry_run: bool, status: bool, cores: int, profile: str | None, as_json: bool) -> None:
    from equispike.scripts.progress import SweepProgress
    from equispike.scripts.workflow import search

    if not (dry_run or status):
        _writable(folder)
        with noted(lambda: _STOPPED), SweepProgress() as progress:
            found = search.carry_out(sweep, folder, cores, profile, progress)
        _summary(found, folder)
    trials = search.found(sweep, folder)
    columns = [Column("trial"), percent("accuracy"), *(Column(axis.name) for axis in sweep.search.axes)]
    done = sum(each["accuracy"] is not None for each in trials)
    click.echo(
        f"{done} of {sweep.search.trials} trials have results ({sweep.search.maximise}, held-out images)", err=True
    )
    show(Table("trials", columns, trials, title="Trials, best first"), as_json=as_json)
