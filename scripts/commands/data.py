"""``equispike data``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from equispike.scripts.commands import options
from equispike.scripts.screen import screen


@click.command("data")
@click.argument("name")
@options.data_dir
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the picture.  [default: runs/data-NAME]")
def command(name: str, data_dir: Path | None, out: Path | None) -> None:
    """Describe and picture the data set NAME, of the catalogue or of your own, before anything is trained on it.

    Your own is a folder with one subfolder of pictures per class (or with folders train and test of that kind), or a file:
    .npz, .npy, .mat, .csv or .h5 with images and labels, or IDX files. NAME#test=0.2,seed=0,size=28x28 says which fraction of
    each class is the test set, by which seed it is drawn, and to which size pictures are scaled.
    """
    import numpy as np
    from matplotlib import rc_context

    from equispike.analysis.figures import data as figures
    from equispike.analysis.figures.style import PAPER, save
    from equispike.protocols.data import label_of, load
    from equispike.protocols.data.oddities import oddities

    data = load(name, data_dir)
    table = Table(show_header=False)
    for key, value in {
        "from": data.source,
        "kind": data.kind,
        "shape of a sample": " x ".join(map(str, data.train_images.shape[1:])),
        "training, test": f"{len(data.train_images)}, {len(data.test_images)}",
        "classes": f"{data.n_classes}: {', '.join(data.class_names)}" if data.labelled else "no labels",
        "images per class": " ".join(map(str, np.bincount(data.train_labels, minlength=data.n_classes).tolist())),
        "SHA-256": data.checksum,
    }.items():
        table.add_row(key, value, end_section=False)
    screen().print(table)
    if data.kind != "images":
        return
    for sentence in oddities(data.train_images, data.test_images, data.train_labels, data.class_names):
        click.echo(f"Warning: {sentence}.", err=True)
    with rc_context(PAPER):
        for path in save(figures.samples(data), out or Path("runs") / f"data-{label_of(name)}", "samples",
                         {"Data": data.name, "Checksum": data.checksum}):  # fmt: skip
            click.echo(path)
