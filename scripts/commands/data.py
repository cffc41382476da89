"""``equispike data``."""

from __future__ import annotations

from pathlib import Path

import click

from equispike.scripts.commands import options
from equispike.scripts.tables import show


@click.command("data")
@click.argument("name")
@options.data_dir
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the picture.  [default: runs/data-NAME]")
@options.as_json
def command(name: str, data_dir: Path | None, out: Path | None, as_json: bool) -> None:
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
    facts = {
        "name": data.name,
        "from": data.source,
        "kind": data.kind,
        "shape": list(data.train_images.shape[1:]),
        "train_images": len(data.train_images),
        "test_images": len(data.test_images),
        "n_classes": data.n_classes if data.labelled else None,
        "classes": list(data.class_names) if data.labelled else [],
        "train_images_per_class": np.bincount(data.train_labels, minlength=data.n_classes).tolist(),
        "sha256": data.checksum,
    }
    if data.kind == "images":
        for sentence in oddities(data.train_images, data.test_images, data.train_labels, data.class_names):
            click.echo(f"Warning: {sentence}.", err=True)
        with rc_context(PAPER):
            facts["pictures"] = save(figures.samples(data), out or Path("runs") / f"data-{label_of(name)}", "samples",
                                     {"Data": data.name, "Checksum": data.checksum})  # fmt: skip
    show(facts=facts, as_json=as_json)
