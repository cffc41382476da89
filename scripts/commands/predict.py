"""``equispike predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.style import Style
from rich.text import Text

from equispike.scripts.cli import existing_run
from equispike.scripts.commands import options
from equispike.scripts.screen import screen
from equispike.scripts.tables import Column, Table, percent, show

if TYPE_CHECKING:
    import numpy as np

#: So few images are done by the numpy backend before a C++ program would be built.
FEW = 20


@click.command("predict")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--invert", type=click.Choice(["auto", "yes", "no"]), default="auto", show_default=True,
              help="Turn dark digits on a light ground into light ones on a dark ground.")  # fmt: skip
@click.option("--backend", help="Backend to run on.  [default: numpy up to 20 images, which needs no build; else cpp]")
@click.option("--readout", metavar="NAME", help="What tells the class.  [default: the paper's]")
@click.option("--show", "seen", is_flag=True, help="Draw what the network sees of each image.")
@options.as_json
def command(
    run: Path,
    images: tuple[Path, ...],
    invert: str,
    backend: str | None,
    readout: str | None,
    seen: bool,
    as_json: bool,
) -> None:
    """Tell what IMAGES (PNG, JPEG, BMP, GIF, TIFF or WebP, any size) show, with the share of each class in the scores.

    For a run on digits they are made as MNIST's are: photographs under uneven light, on squared paper or in a frame, too. For
    one on data of your own they are scaled to the size of its images.
    """
    import numpy as np

    from equispike.protocols.data import DATASETS
    from equispike.protocols.data.image_file import read_digit
    from equispike.protocols.data.own import read_like

    choices: dict[str, str | bool] = {"auto": "auto", "yes": True, "no": False}
    folder = existing_run(run)
    trained_on = folder.read_json("run.json")["data"]
    if trained_on["name"] in DATASETS:
        digits = np.stack([read_digit(path, invert=choices[invert]) for path in images])  # type: ignore[arg-type]
    else:
        digits = np.stack([read_like(path, trained_on["shape"], invert=invert == "yes") for path in images])
    import equispike
    from equispike.protocols.predicting import unlike

    shares = equispike.predict(folder, digits, backend=backend or _backend(folder, len(digits)), readout=readout)
    names = trained_on.get("classes") or [str(label) for label in range(shares.shape[1])]
    keys = [f"share_{name}" for name in names]
    rows = [
        {
            "image": path,
            "class": names[int(of_image.argmax())] if of_image.sum() > 0 else None,
            **dict(zip(keys, of_image, strict=True)),
        }
        for path, of_image in zip(images, shares, strict=True)
    ]
    columns = [
        Column("image"),
        Column("class"),
        *(percent(*each, form=".0f") for each in zip(keys, names, strict=True)),
    ]
    show(
        Table("shares", columns, rows, title="Share of each class in the scores of the readout, in %"), as_json=as_json
    )
    console = screen(stderr=True)
    for path, digit, difference in zip(images, digits, unlike(folder, digits), strict=True):
        if seen:
            console.print(path.name)
            console.print(_picture(digit, console))
        if difference:
            console.print(f"{path.name} {difference}: do not trust its class.", soft_wrap=True)


def _picture(image: np.ndarray, console: Console) -> Text:
    """Draw an image (rows, columns[, 3]) uint8 with two pixels in a character, one over the other; no wider than the console."""
    import numpy as np
    from PIL import Image

    whole = Image.fromarray(image).convert("RGB")
    whole.thumbnail((console.width, whole.height))
    pixels = np.asarray(whole)
    pixels = np.pad(pixels, ((0, len(pixels) % 2), (0, 0), (0, 0)))
    text = Text(no_wrap=True)
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        for above, below in zip(upper.tolist(), lower.tolist(), strict=True):
            if console.color_system is None:  # a file, or a terminal without colours
                signs = " '.:" if console.options.ascii_only else " ▀▄█"
                text.append(signs[(sum(above) > 382) + 2 * (sum(below) > 382)])
            else:
                text.append("▀", Style(color="rgb({},{},{})".format(*above), bgcolor="rgb({},{},{})".format(*below)))
        text.append("\n")
    return text


def _backend(folder, n: int) -> str | None:
    """Return the backend for ``n`` images; None, the run's own, for what runs on none of Brian2's."""
    from equispike.models.codegen import BACKENDS
    from equispike.protocols.spec import TrainingSpec

    if not TrainingSpec.of_run(folder).system.is_spiking:
        return None
    return "cpp" if n > FEW and BACKENDS["cpp"].why_not() is None else "numpy"
