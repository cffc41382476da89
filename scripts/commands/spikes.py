"""``equispike spikes``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from equispike.models.errors import EquispikeError
from equispike.scripts.cli import existing_run
from equispike.scripts.commands import options
from equispike.scripts.tables import Column, Table, show


@click.command("spikes")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write: spikes.nix, or spikes.nwb.")
@options.data_dir
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True,
              help="Images of the test set, or those held out by --holdout.")  # fmt: skip
@click.option("--images", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--backend", help="Backend to run on.  [default: the one of the training]")
@options.as_json
def command(
    run: Path, out: Path, data_dir: Path | None, split: str, images: int, backend: str | None, as_json: bool
) -> None:
    """Show images to RUN, record all spikes for Neo in a NIX or NWB file, and print statistics by Elephant."""
    from equispike.analysis.spike_trains import layer_statistics
    from equispike.models.extras import need
    from equispike.protocols import spike_trains
    from equispike.protocols.atomic_write import check_replaceable
    from equispike.protocols.beginning import data_of
    from equispike.protocols.spec import TrainingSpec
    from equispike.scripts.progress import PhaseProgress

    check_replaceable(out)
    folder = existing_run(run)
    system = TrainingSpec.of_run(folder).system
    if not system.is_spiking:
        raise EquispikeError(f"{system.name} is an ANN: it has no spikes")
    need("exchange", "neo", "elephant", "pynwb" if out.suffix == ".nwb" else "nixio")
    with PhaseProgress() as progress:
        block = spike_trains.record(
            folder,
            data_of(folder, data_dir),
            split=split,
            n_images=images,
            backend=backend,
            report=progress.update,
        )
    spike_trains.write(block, out)
    epoch = block.segments[0].epochs[0]
    rows = [asdict(layer) for layer in layer_statistics(block)]
    columns = (
        Column("name", "layer"),
        Column("n_neurons", "neurons"),
        Column("n_spiked", "spiking"),
        Column("per_presentation", "spikes each", "{:.1f}".format),
        Column("rate", "rate (Hz)", "{:.2f}".format),
        *(Column(key, heading, "{:.2f}".format) for key, heading in (("cv", "CV"), ("lv", "LV"), ("fano", "Fano"))),
    )
    title = f"{len(epoch)} presentations of {block.segments[0].name}"
    show(Table("layers", columns, rows, title=title), as_json=as_json)
    click.echo(f"Spike trains are in {out}", err=True)
