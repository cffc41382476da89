"""``equispike baseline``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options


@click.command("baseline")
@click.argument("model", required=False)
@click.option("--data", default="digits", show_default=True, help="Data set: 'equispike list' shows them.")
@options.data_dir
@options.pairs
@options.config
@click.option("--images", type=int, help="Images to present.  [default: the parameter epochs, or the training set]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random.")
@click.option(
    "--holdout", default=0, show_default=True, help="Images at the end of the training set kept for validation."
)
@click.option("--out", type=click.Path(path_type=Path), help="New run folder.  [default: runs/MODEL-DATA-sSEED]")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with this run folder, as it was begun.")
@click.pass_context
def command(ctx, model, data, data_dir, pairs, config, images, seed, holdout, out, resume) -> None:
    """Train MODEL, an ordinary network (softmax, mlp, lenet5 or linear-svm), and measure its accuracy.

    The accuracy is that on the test set or, with --holdout, on the training images that were held out.
    """
    from equispike import models
    from equispike.protocols import baselines
    from equispike.protocols.data import load
    from equispike.protocols.run_folder import RunFolder
    from equispike.protocols.training import TrainingSpec
    from equispike.scripts.cli import data_of
    from equispike.scripts.progress import GradientProgress

    names = [each.name for each in models.MODELS.values() if each.protocol == "baseline"]
    if resume is not None:
        given = {
            name for name in ctx.params if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        }
        if others := given - {"resume", "data_dir"}:
            raise EquispikeError(f"--resume goes on with a run as it was begun: leave {', '.join(sorted(others))} away")
        run = RunFolder.open(resume)
        spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
        model, dataset = spec.model, data_of(run, data_dir)
    if model not in names:
        raise EquispikeError(f"{model or 'no name'} is no baseline: name one of {', '.join(names)}")
    if resume is None:
        params = models.get_model(model).params().updated(options.model_settings(config, pairs))
        dataset = load(data, data_dir)
        n_train = len(dataset.train_images) - holdout
        n_images = n_train * getattr(params, "epochs", 1) if images is None else images
        backend = "scikit-learn" if model == "linear-svm" else "jax"
        spec = TrainingSpec(model, params, data, n_images, seed, backend, holdout, n_train)
        spec.check(dataset)
        run = RunFolder.create(out or Path("runs") / f"{model}-{data}-s{seed}")
    with GradientProgress(spec.n_images) as progress:
        baselines.train(spec, dataset, run, progress.update)
    split = "validation" if spec.holdout else "test"
    outcome = baselines.evaluate(run, dataset, split=split)
    for accuracy in outcome.accuracy.values():
        click.echo(f"Trained {run.path}. Accuracy on {len(outcome.truth)} {split} images: {100 * accuracy:.2f} %")
