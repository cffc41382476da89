"""``equispike train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equispike.models.errors import EquispikeError
from equispike.protocols.provenance import usable_cores
from equispike.scripts.commands import options
from equispike.scripts.stopping import noted


@click.command("train")
@click.argument("system", required=False)
@click.option(
    "--data",
    default="digits",
    show_default=True,
    help="Data set: 'equispike list' shows them; or a folder of pictures by class, or a file, of your own.",
)
@options.data_dir
@click.option("--source", type=click.Path(path_type=Path), help="A trained run on the same data, whose features take the place "
              "of images.")  # fmt: skip
@options.pairs
@options.config
@click.option("--images", type=int, help="Images to present, in each stage at most; more than the training set has means "
              "several passes.  [default: as many passes as the parameter epochs says]")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random.")
@click.option(
    "--backend",
    default="auto",
    show_default=True,
    help="auto: cpp where there is a compiler, else numpy; 'equispike list' shows all; cpp-float32 is the fastest.",
)
@click.option(
    "--holdout", default=0, show_default=True, help="Images at the end of the training set kept for validation."
)
@click.option("--chunk-images", type=int, help="Images between checkpoints.  [default: 1000; ANNs: a pass]")
@click.option("--out", type=click.Path(path_type=Path), help="New run folder.  [default: runs/SYSTEM-DATA-sSEED]")
@click.option("--seeds", help="Several trainings, such as 0,1,2: a run folder for each, whose names --out begins; "
              "the same command again resumes what was interrupted.")  # fmt: skip
@options.force
@click.option("--jobs", type=click.IntRange(min=1), default=usable_cores, show_default="all cores",
              help="With --seeds: trainings at a time; else runs at a time that make features.")  # fmt: skip
@click.option("--resume", type=click.Path(path_type=Path), help="Resume this run folder, with the configuration it was begun "
              "with; a larger --images trains it longer, where no learning rate was planned.")  # fmt: skip
@click.pass_context
def command(ctx, **values) -> None:
    """Train SYSTEM (see 'equispike list'; or PATH.py:NAME). Every chunk is saved; an interrupted run goes on with --resume."""
    from equispike.protocols.beginning import new_spec
    from equispike.protocols.run_folder import RunFolder

    given = {name for name in ctx.params if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE}
    if values["seeds"] is not None:
        with noted(lambda: "the same command again goes on with it"):
            _train_seeds(given, values)
        return
    if values["resume"] is not None:
        run, spec, dataset = _resumed(values["resume"], given, values)
    else:
        if values["system"] is None:
            raise EquispikeError("name a system, such as: equispike train diehl-cook ('equispike list' shows them)")
        spec, dataset, out = new_spec(**asked(values), out=values["out"], seed=values["seed"])
        run = RunFolder.create(out)
    with noted(lambda: f"continue with equispike train --resume {run.path}" if run.has("run.json") else None):
        _train(spec, dataset, run, values["jobs"])
    click.echo(f"Trained {run.path}. Next: equispike {'evaluate' if dataset.labelled else 'figures'} {run.path}")


def asked(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the options ask of a new training, as equispike.protocols.beginning.new_spec takes it."""
    from equispike.protocols.beginning import source_for

    source = values["source"] and source_for(values["system"], values["data"], values["source"])
    names = ("system", "data", "data_dir", "images", "backend", "holdout", "chunk_images", "force")
    settings = options.model_settings(values["config"], values["pairs"])
    return {name: values[name] for name in names} | {"settings": settings, "source": source}


def _train(spec, dataset, run, jobs: int) -> None:
    from equispike.protocols import training_checks
    from equispike.protocols.training import prepare, train
    from equispike.scripts.progress import PhaseProgress, TrainingProgress

    if spec.source is not None:
        with PhaseProgress() as phases:
            prepare(spec, dataset, run, jobs=jobs, report=phases.update)
    procedure = spec.procedure()
    with TrainingProgress(procedure.stages, spec.n_images, procedure.shown) as bar:

        def report(progress) -> None:
            bar.update(progress)
            for warning in training_checks.warnings(spec, progress):
                bar.warn(warning)

        train(spec, dataset, run, report)
    if verified := run.read_json("run.json").get("verified"):
        click.echo(
            f"Brian2 ({verified['backend']}) and the differentiable program: {verified['mismatches']} of "
            f"{verified['spikes']} spikes differ on {verified['images']} images"
        )


def _train_seeds(given: set[str], values: dict[str, Any]) -> None:
    """Hand every other option on to one process per seed, or train all at the same time where the backend can."""
    from equispike.models.codegen import BACKENDS
    from equispike.protocols.catalogue import get_system
    from equispike.protocols.data import label_of
    from equispike.scripts.several_seeds import train_seeds

    if values["system"] is None or given & {"seed", "resume"}:
        raise EquispikeError("--seeds goes with a system, and without --seed and --resume")
    try:
        seeds = [int(seed) for seed in values["seeds"].split(",")]
    except ValueError:
        raise EquispikeError(f"--seeds needs whole numbers separated by commas, not '{values['seeds']}'") from None
    if repeated := [seed for seed in seeds if seeds.count(seed) > 1]:
        raise EquispikeError(f"--seeds names {repeated[0]} twice, and both would have the same run folder: omit one")
    system = get_system(values["system"])
    out = values["out"] or Path("runs") / f"{system.label}-{label_of(values['data'])}"
    backend = BACKENDS.get(values["backend"])
    if backend is not None and backend.parallel and system.trained_by.together:
        runs = _train_side_by_side(given - {"seeds", "out", "jobs"}, values, seeds, out)
        click.echo(f"Trained {', '.join(str(run.path) for run in runs)}. Next: equispike evaluate RUN, for each")
        return
    words = [values["system"], "--data", values["data"], "--backend", values["backend"], "--holdout", values["holdout"]]
    words += ["--jobs", max(1, usable_cores() // values["jobs"])]
    words += ["--force"] if values["force"] else []
    words += [word for pair in values["pairs"] for word in ("--set", pair)]
    for name in ("config", "images", "data_dir", "source", "chunk_images"):
        words += [f"--{name.replace('_', '-')}", values[name]] if values[name] is not None else []
    paths = train_seeds(
        [str(word) for word in words],
        out,
        seeds,
        values["jobs"],
        lambda seed, line: click.echo(f"seed {seed}: {line}", err=True),
    )
    click.echo(f"Trained {', '.join(map(str, paths))}. Next: equispike evaluate RUN, for each")


def _train_side_by_side(given: set[str], values: dict[str, Any], seeds: list[int], out: Path):
    """Train all seeds at the same time; folders that are there are resumed. Returns the runs."""
    from equispike.protocols.beginning import new_spec
    from equispike.protocols.run_folder import RunFolder
    from equispike.protocols.training import train_side_by_side
    from equispike.scripts.progress import TrainingProgress

    specs, runs, datasets = [], [], []
    for seed in seeds:
        folder = Path(f"{out}-s{seed}")
        spec, dataset, _ = new_spec(**asked(values), seed=seed, out=folder)
        if (folder / "run.json").exists():
            run, spec, dataset = _resumed(folder, given | {"images"}, {**values, "images": spec.n_images})
        else:
            run = RunFolder.create(folder)
        specs.append(spec)
        runs.append(run)
        datasets.append(dataset)
    procedure = specs[0].procedure()
    with TrainingProgress(procedure.stages, specs[0].n_images, procedure.shown) as bar:
        train_side_by_side(specs, datasets[0], runs, [bar.update, *[lambda progress: None] * (len(seeds) - 1)])
    return runs


def _resumed(path: Path, given: set[str], values: dict[str, Any]):
    """Return the run to resume, what it is, and its data; what the command line repeats must agree with how it was begun."""
    from equispike.protocols.beginning import check_repeated, resumed_spec
    from equispike.protocols.run_folder import RunFolder

    if "out" in given and values["out"].resolve() != path.resolve():
        raise EquispikeError(f"--out {values['out']} and --resume {path} name different folders: omit --out")
    run = RunFolder.open(path)
    spec, dataset = resumed_spec(run, values["images"] if "images" in given else None, values["data_dir"])
    names = given & {"system", "data", "seed", "holdout", "chunk_images", "backend", "source"}
    repeated = {name: str(values[name].resolve()) if name == "source" else values[name] for name in names}
    check_repeated(run, spec, repeated, options.model_settings(values["config"], values["pairs"]))
    return run, spec, dataset
