"""``equispike benchmark``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from equispike.models.errors import EquispikeError
from equispike.scripts.commands import options


@click.command("benchmark")
@click.argument("model")
@click.option("--sizes", default="100,400", show_default=True, help="Excitatory neurons, separated by commas.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Paired rounds.")
@click.option("--backends", help="Only these, separated by commas, such as cpp-float32,cpp-stock.  [default: all]")
@click.option("--data", default="mnist", show_default=True, help="Data set with at least 1000 training images.")
@options.data_dir
def command(model: str, sizes: str, rounds: int, backends: str | None, data: str, data_dir: Path | None) -> None:
    """Measure images a CPU second of MODEL on one core: our C++, Brian2's own; diehl-cook also one run() an image in Cython.

    MODEL may also be 'gradients': batches a CPU second of a differentiable program, of its matrix products, of snnTorch.
    """
    if model == "gradients":
        _gradients(rounds)
        return
    from equispike import models
    from equispike.protocols.data import Recordings, load

    def images():
        found = load(data, data_dir).train_images
        if isinstance(found, Recordings):
            raise EquispikeError(f"{data} holds recordings of events, but {model} sees images")
        return found

    protocol = models.get_model(model).protocol
    if protocol == "gradients":
        raise EquispikeError("the cost of gradients is measured for all such models by: equispike benchmark gradients")
    if protocol == "layerwise":
        _layers(model, rounds, backends, images())
    else:
        _presentations(model, sizes, rounds, backends, images)


def _gradients(rounds: int) -> None:
    import pandas as pd

    from equispike.protocols.gradients import benchmarking

    rows = benchmarking.benchmark(rounds, lambda text: click.echo(text, err=True))
    measured = pd.DataFrame(rows, columns=["round", "formulation", "images_per_cpu_s"])
    size = "-".join(map(str, benchmarking.LAYERS))
    _print(f"gradients, {size}, {benchmarking.N_STEPS} steps: batches of {benchmarking.BATCH} a CPU second", measured)


def _layers(model: str, rounds: int, backends: str | None, images) -> None:
    import pandas as pd

    from equispike import models
    from equispike.models.conv_stdp import ConvStdpParams
    from equispike.protocols.layerwise import benchmarking

    params = models.get_model(model).params()
    assert isinstance(params, ConvStdpParams)
    params.check_images("the data", images.shape[1:])
    if len(images) < benchmarking.N_IMAGES:
        raise EquispikeError(f"the benchmark needs {benchmarking.N_IMAGES} images, but there are {len(images)}")
    names = tuple(backends.split(",")) if backends else benchmarking.BACKENDS
    rows = benchmarking.benchmark(model, params, images, names, rounds, lambda text: click.echo(text, err=True))
    columns = ["phase", "round", "formulation", "images_per_cpu_s"]
    for phase, measured in pd.DataFrame(rows, columns=columns).groupby("phase", sort=False):
        what = "features" if phase == "features" else f"training of {phase}"
        _print(f"{model}, {what}: images a CPU second, {rounds} paired rounds", measured)


def _presentations(model: str, sizes: str, rounds: int, backends: str | None, load_images) -> None:
    import pandas as pd

    from equispike import models
    from equispike.protocols.benchmarking import benchmark, chosen_formulations

    try:
        numbers = [int(size) for size in sizes.split(",")]
    except ValueError:
        raise EquispikeError(
            f"--sizes needs whole numbers separated by commas, such as 100,400, but got '{sizes}'"
        ) from None
    names = chosen_formulations(backends)
    images = load_images()
    for n_exc in numbers:
        params = models.get_model(model).params().updated({"n_exc": n_exc})

        def report(text: str, n_exc: int = n_exc) -> None:
            click.echo(f"n_exc={n_exc}: {text}", err=True)

        rows = list(benchmark(model, params, images, names, rounds, report))
        measured = pd.DataFrame(rows, columns=["round", "formulation", "images_per_cpu_s"])
        _print(f"{model}, n_exc={n_exc}: training images a CPU second, {rounds} paired rounds", measured)


def _print(title: str, measured) -> None:
    from equispike.protocols.benchmarking import summary

    rows = summary(measured)
    table = Table(title=title)
    for column in ("formulation", "median", "min", "max", f"{rows.index[0]} is faster by"):
        table.add_column(column, justify="left" if column == "formulation" else "right")
    for name, row in rows.iterrows():
        table.add_row(str(name), *(f"{row[c]:.1f}" for c in ("median", "min", "max")), f"{row['ratio']:.2f}")
    Console().print(table)
