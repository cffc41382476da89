"""``equispike predict``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from equispike.scripts.cli import existing_run

#: So few images are done by the numpy backend before a C++ program would be built.
FEW = 20


@click.command("predict")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--invert", type=click.Choice(["auto", "yes", "no"]), default="auto", show_default=True,
              help="Turn dark digits on a light ground into light ones on a dark ground.")  # fmt: skip
@click.option("--backend", help="Backend to run on.  [default: numpy up to 20 images, which needs no build; else cpp]")
def command(run: Path, images: tuple[Path, ...], invert: str, backend: str | None) -> None:
    """Tell which digits IMAGES (PNG or JPEG, any size) show, with the score of each class."""
    import numpy as np

    from equispike.models.codegen import BACKENDS
    from equispike.protocols.data.image_file import read_digit
    from equispike.protocols.predicting import predict

    folder = existing_run(run)
    choices: dict[str, str | bool] = {"auto": "auto", "yes": True, "no": False}
    digits = np.stack([read_digit(path, invert=choices[invert]) for path in images])  # type: ignore[arg-type]
    backend = backend or ("cpp" if len(digits) > FEW and BACKENDS["cpp"].why_not() is None else "numpy")
    scores = predict(folder, digits, backend)["proportion"]
    table = Table(title="Share of the votes of the responding neurons, or of the softmax of the classes' scores, in %")
    for column in ("image", "class", *map(str, range(scores.shape[1]))):
        table.add_column(column, justify="right", overflow="fold")
    for path, row in zip(images, scores, strict=True):
        shares = 100 * row / row.sum() if row.sum() > 0 else row
        best = str(int(row.argmax())) if row.sum() > 0 else "none"
        table.add_row(path.name, best, *(f"{share:.0f}" for share in shares))
    Console().print(table)
