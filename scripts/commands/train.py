"""``equispike train``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.protocols.provenance import usable_cores
from equispike.scripts.commands import options


@click.command("train")
@click.argument("model", required=False)
@click.option("--data", default="digits", show_default=True, help="Data set: 'equispike list' shows them.")
@options.data_dir
@click.option("--features", type=click.Path(path_type=Path), help="A trained run of diehl-cook or conv-stdp on the same data, "
              "whose features take the place of images; for lif-readout and spiking-mlp.")  # fmt: skip
@options.pairs
@options.config
@click.option("--images", type=int, help="Images to present, to each layer at most where layers converge; more than the "
              "training set has means several passes.  [default: one pass, or the parameter epochs]")  # fmt: skip
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
@click.option("--chunk-images", default=1000, show_default=True, help="Images between checkpoints.")
@click.option("--out", type=click.Path(path_type=Path), help="New run folder.  [default: runs/MODEL-DATA-sSEED]")
@click.option("--seeds", help="Several trainings, such as 0,1,2: a run folder for each, whose names --out begins; "
              "the same command again goes on with what was interrupted.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), default=usable_cores, show_default="all cores",
              help="With --seeds: trainings at a time; else runs at a time that make features.")  # fmt: skip
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with this run folder, with the configuration it was "
              "begun with; a larger --images trains it longer, where no learning rate was planned.")  # fmt: skip
@click.pass_context
def command(
    ctx,
    model,
    data,
    data_dir,
    features,
    pairs,
    config,
    images,
    seed,
    backend,
    holdout,
    chunk_images,
    out,
    seeds,
    jobs,
    resume,
) -> None:
    """Train MODEL (see 'equispike list'). Progress is saved after every chunk; an interrupted run goes on with --resume."""
    from equispike import models
    from equispike.protocols.data import load
    from equispike.protocols.run_folder import RunFolder

    if model is not None and models.get_model(model).protocol == "baseline":
        raise EquispikeError(f"{model} is an ordinary network: equispike baseline {model} trains it")
    given = {name for name in ctx.params if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE}
    if seeds is not None:
        _train_seeds(given, ctx.params)
        return
    if resume is not None:
        run, spec = _resumed(resume, given, ctx.params)
        if models.get_model(spec.model).protocol == "baseline":
            raise EquispikeError(
                f"{resume} is an ordinary network: equispike baseline --resume {resume} goes on with it"
            )
        dataset = load(spec.data, data_dir)
        if dataset.checksum != run.read_json("run.json")["data"]["checksum"]:
            raise EquispikeError(f"{spec.data} in {dataset.source} is not the data that {resume} was begun with")
    else:
        if model is None:
            raise EquispikeError("name a model, such as: equispike train diehl-cook ('equispike list' shows them)")
        out = out or Path("runs") / f"{model}-{data}-s{seed}"
        settings = options.model_settings(config, pairs)
        source = source_of(model, features)
        spec, dataset = new_spec(
            model, data, data_dir, source, settings, images, seed, backend, holdout, chunk_images, out
        )
        run = RunFolder.create(out)
    _TRAININGS[models.get_model(spec.model).protocol](spec, dataset, run, jobs)
    click.echo(f"Trained {run.path}. Next: equispike evaluate {run.path}")


def _present(spec, dataset, run, jobs) -> None:
    from equispike.protocols import training_checks
    from equispike.protocols.training import train
    from equispike.scripts.progress import TrainingProgress

    with TrainingProgress(spec.n_images) as progress:

        def report(state) -> None:
            progress.update(state)
            for warning in training_checks.warnings(spec, state):
                progress.warn(warning)

        train(spec, dataset, run, report)


def _train_layers(spec, dataset, run, jobs) -> None:
    from equispike.protocols.layerwise import train
    from equispike.scripts.progress import LayerProgress

    with LayerProgress(spec.params.conv_names, spec.n_images) as progress:
        train(spec, dataset, run, progress.update)


def _train_by_gradients(spec, dataset, run, jobs) -> None:
    from equispike.protocols.gradients import prepare, train
    from equispike.scripts.progress import GradientProgress, PhaseProgress

    with PhaseProgress() as phases:
        prepare(spec, dataset, run, jobs=jobs, report=phases.update)
    with GradientProgress(spec.n_images) as progress:
        train(spec, dataset, run, progress.update)
    verified = run.read_json("run.json")["verified"]
    click.echo(
        f"Brian2 ({verified['backend']}) and the differentiable program: {verified['mismatches']} of {verified['spikes']} "
        f"spikes differ on {verified['images']} images"
    )


#: By protocol of the model.
_TRAININGS = {"presenting": _present, "layerwise": _train_layers, "gradients": _train_by_gradients}


def _train_seeds(given: set[str], values: dict) -> None:
    """Hand every other option on to one process a seed, or train all at the same time where the backend can."""
    from equispike import models
    from equispike.scripts.several_seeds import train_seeds

    if values["model"] is None or given & {"seed", "resume"}:
        raise EquispikeError("--seeds goes with a model, and without --seed and --resume")
    try:
        seeds = [int(seed) for seed in values["seeds"].split(",")]
    except ValueError:
        raise EquispikeError(f"--seeds needs whole numbers separated by commas, not '{values['seeds']}'") from None
    out = values["out"] or Path("runs") / f"{values['model']}-{values['data']}"
    if values["backend"].startswith("jax") and models.get_model(values["model"]).protocol == "presenting":
        runs = _train_side_by_side(given - {"seeds", "out", "jobs"}, values, seeds, out)
        click.echo(f"Trained {', '.join(str(run.path) for run in runs)}. Next: equispike evaluate RUN, for each")
        return
    words = [values["model"], "--data", values["data"], "--backend", values["backend"]]
    words += ["--holdout", values["holdout"], "--chunk-images", values["chunk_images"]]
    words += ["--jobs", max(1, usable_cores() // values["jobs"])]
    words += [word for pair in values["pairs"] for word in ("--set", pair)]
    for name in ("config", "images", "data_dir", "features"):
        words += [f"--{name.replace('_', '-')}", values[name]] if values[name] is not None else []
    runs = train_seeds(
        [str(word) for word in words],
        out,
        seeds,
        values["jobs"],
        lambda seed, line: click.echo(f"seed {seed}: {line}", err=True),
    )
    click.echo(f"Trained {', '.join(map(str, runs))}. Next: equispike evaluate RUN, for each")


def _train_side_by_side(given: set[str], values: dict, seeds: list[int], out: Path):
    """Train all seeds at the same time; folders that are there are gone on with. Returns the runs."""
    from equispike.protocols.run_folder import RunFolder
    from equispike.protocols.training import train_side_by_side
    from equispike.scripts.progress import TrainingProgress

    specs, runs, dataset = [], [], None
    for seed in seeds:
        folder = Path(f"{out}-s{seed}")
        names = ("model", "data", "data_dir", "images", "backend", "holdout", "chunk_images")
        options_of = {name: values[name] for name in names}
        settings = options.model_settings(values["config"], values["pairs"])
        spec, dataset = new_spec(**options_of, source=None, settings=settings, seed=seed, out=folder)
        if (folder / "run.json").exists():
            run, spec = _resumed(folder, given, {**values, "images": spec.n_images})
        else:
            run = RunFolder.create(folder)
        specs.append(spec)
        runs.append(run)
    with TrainingProgress(specs[0].n_images) as progress:
        assert dataset is not None
        train_side_by_side(specs, dataset, runs, [progress.update, *[lambda state: None] * (len(seeds) - 1)])
    return runs


def new_spec(model, data, data_dir, source, settings, images, seed, backend, holdout, chunk_images, out):
    """What the options of a new training ask for, and its data."""
    from equispike import models
    from equispike.protocols.data import load
    from equispike.protocols.training import TrainingSpec

    params, features = models.get_model(model).params(), None
    if source is not None:
        features = os.path.relpath(source.run.path.resolve(), out.resolve())
        if "layers" not in settings:  # features are the first layer
            settings |= {"layers": f"{source.n_features},{params.as_text()['layers'].partition(',')[2]}"}
    params = params.updated(settings)
    backend = _choose_backend(backend)
    dataset = load(data, data_dir)
    n_images = (len(dataset.train_images) - holdout) * getattr(params, "epochs", 1) if images is None else images
    spec = TrainingSpec(model, params, data, n_images, seed, backend, holdout, chunk_images, features)
    spec.check(dataset if source is None else source.blank(dataset))
    return spec, dataset


def source_of(model: str, features: Path | None):
    """The run whose features are learned from, if any."""
    from equispike import models
    from equispike.protocols.features import FeatureSource

    params = models.get_model(model).params()
    if features is None:
        return None
    params.check_kind(model, "", "features")
    return FeatureSource.open(features)


def _choose_backend(name: str) -> str:
    from equispike.models.codegen import BACKENDS, get_backend

    if name != "auto":
        get_backend(name)
        return name
    reason = BACKENDS["cpp"].why_not()
    if reason is None:
        return "cpp"
    click.echo(f"Warning: using the numpy backend, hundreds of times slower than cpp: {reason}", err=True)
    return "numpy"


def _resumed(path: Path, given: set[str], values: dict):
    """The run to go on with; what the command line repeats must agree with how the run was begun."""
    import dataclasses

    from equispike.protocols.run_folder import RunFolder
    from equispike.protocols.training import TrainingSpec

    run = RunFolder.open(path)
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    if "out" in given and values["out"].resolve() != path.resolve():
        raise EquispikeError(f"--out {values['out']} and --resume {path} name different folders: leave --out away")
    for name, attribute in (("model", "model"), ("data", "data"), ("seed", "seed"), ("holdout", "holdout"),
                            ("chunk_images", "chunk_images"), ("backend", "backend")):  # fmt: skip
        if name in given and values[name] not in (getattr(spec, attribute), "auto"):
            raise EquispikeError(
                f"{path} was begun with {name} {getattr(spec, attribute)}, not {values[name]}: leave it away or train anew"
            )
    if given & {"pairs", "config"}:
        asked = spec.params.updated(options.model_settings(values["config"], values["pairs"]))
        for key, value in asked.as_text().items():
            if spec.params.as_text()[key] != value:
                raise EquispikeError(
                    f"{path} was begun with {key}={spec.params.as_text()[key]}, not {value}: train anew for that"
                )
    if "features" in given and (values["features"].resolve() != (path / str(spec.features)).resolve()):
        raise EquispikeError(
            f"{path} was not begun with the features of {values['features']}: leave it away or train anew"
        )
    if "images" in given:
        spec = dataclasses.replace(spec, n_images=values["images"])
    return run, spec
