"""Pictures of digits as people take them, and how many of each kind a run tells the class of:

``python -m equispike.scripts.studies.photographs pretrained/diehl-cook-400 --digits 100 --out photographs.csv --figure f.png``.

Digits are training images of MNIST, drawn as with a pen onto synthetic photographs of every kind of file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

import equispike
from equispike.models.errors import EquispikeError
from equispike.protocols.data import load
from equispike.protocols.data.image_file import read_digit

type Ink = NDArray[np.float64]

#: Which digit a figure shows, counted from the last.
_DRAWN = 37
#: Rows and columns of a usual picture.
SIZE = (240, 300)


def pen(digit: np.ndarray, height: int = 130, sharp: float = 2.5) -> Ink:
    """How much ink (0 to 1) there is on paper where a digit (28, 28) uint8 is written so high, in pixels, with clear edges."""
    rows, columns = (np.flatnonzero((digit > 60).any(axis=axis)) for axis in (1, 0))
    box = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = np.pad(box, 1)
    scale = height / max(box.shape)
    large = Image.fromarray(box).resize(
        (max(1, round(box.shape[1] * scale)), max(1, round(box.shape[0] * scale))), Image.Resampling.BICUBIC
    )
    return np.clip((np.asarray(large) / 255 - 0.5) * sharp + 0.5, 0, 1)


def placed(ink: Ink, size: tuple[int, int] = SIZE, at: tuple[float, float] = (0.5, 0.5)) -> Ink:
    """The ink on a page of ``size``, its centre at these fractions of the page as far as it stays on it."""
    page = np.zeros((max(size[0], ink.shape[0]), max(size[1], ink.shape[1])))
    top, left = (
        int(np.clip(fraction * whole - part / 2, 0, whole - part))
        for fraction, whole, part in zip(at, page.shape, ink.shape, strict=True)
    )
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return page


def _grid(shape: tuple[int, int]) -> tuple[Ink, Ink]:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return y / shape[0], x / shape[1]


def _lines(shape: tuple[int, int], every: float, width: float, tilt: float = 0.0) -> Ink:
    """Horizontal lines (0 to 1), turned by ``tilt`` in radians."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    distance = np.abs((y * np.cos(tilt) + x * np.sin(tilt) + every / 2) % every - every / 2)
    return np.clip(width / 2 + 0.5 - distance, 0, 1)


def squares(shape: tuple[int, int], every: float, width: float, tilt: float = 0.0) -> Ink:
    return np.maximum(_lines(shape, every, width, tilt), _lines(shape[::-1], every, width, -tilt).T)


def grey(ink: Ink, paper: float = 235, dark: float = 40) -> Image.Image:
    return Image.fromarray(np.rint(paper + (dark - paper) * ink).astype(np.uint8))


def lit(
    ink: Ink, light: Ink, noise: float, random: np.random.Generator, paper: float = 235, dark: float = 40
) -> Image.Image:
    """A photograph under ``light`` (0 to 1), with noise of the sensor in grey levels."""
    levels = (paper + (dark - paper) * ink) * light + random.normal(0, noise, ink.shape)
    return Image.fromarray(np.rint(levels).clip(0, 255).astype(np.uint8))


def coloured(ink: Ink, paper: tuple[int, int, int], pen_colour: tuple[int, int, int], printed: Ink | None = None,
             print_colour: tuple[int, int, int] = (120, 160, 220)) -> Image.Image:  # fmt: skip
    page = np.broadcast_to(np.array(paper, float), (*ink.shape, 3))
    for layer, colour in ((printed, print_colour), (ink, pen_colour)):
        if layer is not None:
            page = page + layer[..., None] * (np.array(colour, float) - page)
    return Image.fromarray(np.rint(page).astype(np.uint8))


def _deep(ink: Ink, bits: int) -> Image.Image:
    return Image.fromarray(np.rint((0.9 - 0.8 * ink) * (2**bits - 1)).astype(np.uint16))


def _on_transparency(ink: Ink, level: int) -> Image.Image:
    alpha = np.rint(255 * ink).astype(np.uint8)
    return Image.fromarray(np.dstack([*[np.full_like(alpha, level)] * 3, alpha]))


def _framed(ink: Ink, width: int, level: int = 10) -> Image.Image:
    page = np.asarray(grey(ink)).copy()
    for edge in (page[:width], page[-width:], page[:, :width], page[:, -width:]):
        edge[:] = level
    return Image.fromarray(page)


def _in_a_box(ink: Ink) -> Image.Image:
    page = np.asarray(grey(ink)).copy()
    top, left, bottom, right = 30, 50, 210, 250
    for edge in (page[top:bottom, left : left + 3], page[top:bottom, right : right + 3], page[top : top + 3, left:right],
                 page[bottom : bottom + 3, left : right + 3]):  # fmt: skip
        edge[:] = 60
    return Image.fromarray(page)


def _on_a_table(ink: Ink, random: np.random.Generator) -> Image.Image:
    sheet = Image.fromarray(np.rint(255 * placed(ink, (260, 220))).astype(np.uint8))
    table, light = np.full((400, 400), 55.0), np.full(sheet.size[::-1], 225.0)
    page = Image.fromarray((light * (1 - np.asarray(sheet) / 255) + 40 * np.asarray(sheet) / 255).astype(np.uint8))
    white = Image.new("L", sheet.size, 255)
    turned, where = (each.rotate(4, Image.Resampling.BICUBIC, expand=True) for each in (page, white))
    picture = Image.fromarray(table.astype(np.uint8))
    picture.paste(turned, (70, 60), where)
    return Image.fromarray((np.asarray(picture) + random.normal(0, 3, (400, 400))).clip(0, 255).astype(np.uint8))


def _specks(shape: tuple[int, int], random: np.random.Generator) -> Ink:
    specks = np.zeros(shape)
    for _ in range(25):
        y, x = random.integers(0, shape[0] - 4), random.integers(0, shape[1] - 4)
        specks[y : y + random.integers(1, 4), x : x + random.integers(1, 4)] = 0.9
    return specks


def _morphed(ink: Ink, pixels: int) -> Ink:
    """Strokes made thicker or, if ``pixels`` is negative, thinner on each side."""
    from scipy import ndimage

    y, x = np.mgrid[-abs(pixels) : abs(pixels) + 1, -abs(pixels) : abs(pixels) + 1]
    disk = y**2 + x**2 <= pixels**2
    morph = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    return morph(np.pad(ink, max(pixels, 0)), footprint=disk)


def _broken(ink: Ink) -> Ink:
    """A stroke that the pen left out: two per cent of the height, at the middle."""
    ink = ink.copy()
    middle, half = ink.shape[0] // 2, max(1, ink.shape[0] // 60)
    ink[middle - half : middle + half] = 0
    return ink


def _turned(picture: Image.Image) -> tuple[Image.Image, dict]:
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture.transpose(Image.Transpose.ROTATE_90), {"exif": exif, "quality": 90}


def _transparent_palette(ink: Ink) -> tuple[Image.Image, dict]:
    return Image.fromarray((ink > 0.5).astype(np.uint8)).convert("P"), {"transparency": 0}


def _frames(ink: Ink) -> tuple[Image.Image, dict]:
    return grey(ink), {"save_all": True, "append_images": [grey(0 * ink), grey(1 - ink)]}


type Made = Image.Image | tuple[Image.Image, dict]
type Maker = Callable[[np.ndarray, np.random.Generator], Made]

#: What a picture shows and the ending of its file; what makes it of a digit (28, 28), with the settings it is saved with.
KINDS: dict[tuple[str, str], Maker] = {
    ("dark pen on white paper", "png"): lambda d, r: grey(placed(pen(d))),
    ("as MNIST: 28 x 28, white on black", "png"): lambda d, r: Image.fromarray(d),
    ("28 x 28, black on white", "png"): lambda d, r: Image.fromarray(255 - d),
    ("chalk on a board", "jpg"): lambda d, r: lit(placed(pen(d)), 1 - 0.5 * _grid(SIZE)[1], 3, r, 60, 220),
    ("light from one side", "jpg"): lambda d, r: lit(placed(pen(d)), 1 - 0.75 * _grid(SIZE)[1], 2, r),
    ("light in the middle", "jpg"): lambda d, r: lit(
        placed(pen(d)), 1 - 1.5 * ((_grid(SIZE)[0] - 0.5) ** 2 + (_grid(SIZE)[1] - 0.5) ** 2), 2, r
    ),
    ("edge of a shadow through it", "jpg"): lambda d, r: lit(
        placed(pen(d)), np.where(_grid(SIZE)[0] + 0.4 * _grid(SIZE)[1] > 0.7, 0.45, 1.0), 2, r
    ),
    ("shadow in a corner", "jpg"): lambda d, r: lit(
        placed(pen(d)), np.where(_grid(SIZE)[0] + _grid(SIZE)[1] > 1.6, 0.4, 1.0), 2, r
    ),
    ("squared paper, blue lines", "jpg"): lambda d, r: coloured(
        placed(pen(d)), (245, 245, 240), (30, 30, 60), squares(SIZE, 24, 1.5)
    ),
    ("tilted, with dark lines", "jpg"): lambda d, r: coloured(
        placed(pen(d)), (245, 245, 240), (30, 30, 60), squares(SIZE, 27, 2, 0.05), (70, 80, 110)
    ),
    ("squared, uneven light", "jpg"): lambda d, r: lit(
        np.maximum(placed(pen(d)), 0.4 * squares(SIZE, 20, 1.5, 0.02)), 1 - 0.6 * _grid(SIZE)[0], 2, r
    ),
    ("lined paper", "jpg"): lambda d, r: coloured(
        placed(pen(d)), (245, 245, 240), (30, 30, 60), _lines(SIZE, 40, 2, 0.01), (90, 110, 160)
    ),
    ("black frame", "png"): lambda d, r: _framed(placed(pen(d)), 12),
    ("black frame, thin", "png"): lambda d, r: _framed(placed(pen(d)), 2),
    ("in a printed box", "png"): lambda d, r: _in_a_box(placed(pen(d))),
    ("a sheet on a dark table", "jpg"): lambda d, r: _on_a_table(pen(d), r),
    ("touching the edges of the picture", "png"): lambda d, r: grey(pen(d)[3:-3, 3:-3]),
    ("strongly compressed", "jpg"): lambda d, r: (grey(placed(pen(d))), {"quality": 8}),
    ("noise of a sensor in the dark", "jpg"): lambda d, r: lit(placed(pen(d)), np.full(SIZE, 0.5), 12, r),
    ("specks of dirt", "png"): lambda d, r: grey(np.maximum(placed(pen(d)), _specks(SIZE, r))),
    ("pencil", "png"): lambda d, r: lit(placed(pen(d)), np.ones(SIZE), 3, r, 225, 165),
    ("red on yellow", "png"): lambda d, r: coloured(placed(pen(d)), (250, 240, 130), (200, 30, 40)),
    ("thin pen", "png"): lambda d, r: grey(placed(_morphed(pen(d), -3))),
    ("thick marker", "png"): lambda d, r: grey(placed(_morphed(pen(d), 4))),
    ("broken stroke", "png"): lambda d, r: grey(placed(_broken(pen(d)))),
    ("small, in a corner", "png"): lambda d, r: grey(placed(pen(d, 45), at=(0.2, 0.85))),
    ("tiny: 32 x 40", "png"): lambda d, r: grey(placed(pen(d, 22, 1.2), (32, 40))),
    ("large: 1200 x 1500", "jpg"): lambda d, r: grey(placed(pen(d, 650), (1200, 1500))),
    ("turned by EXIF", "jpg"): lambda d, r: _turned(grey(placed(pen(d)))),
    ("10 bits in 16", "png"): lambda d, r: _deep(placed(pen(d)), 10),
    ("12 bits in 16", "png"): lambda d, r: _deep(placed(pen(d)), 12),
    ("16 bits", "png"): lambda d, r: _deep(placed(pen(d)), 16),
    ("fractions of 1 (float32)", "tif"): lambda d, r: Image.fromarray((0.9 - 0.8 * placed(pen(d))).astype(np.float32)),
    ("white on transparent", "png"): lambda d, r: _on_transparency(placed(pen(d)), 255),
    ("black on transparent", "webp"): lambda d, r: _on_transparency(placed(pen(d)), 0),
    ("transparent palette", "gif"): lambda d, r: _transparent_palette(placed(pen(d))),
    ("palette", "png"): lambda d, r: coloured(placed(pen(d)), (250, 240, 200), (30, 60, 120)).quantize(16),
    ("CMYK", "jpg"): lambda d, r: coloured(placed(pen(d)), (245, 245, 240), (30, 30, 60)).convert("CMYK"),
    ("1 bit", "tif"): lambda d, r: grey(placed(pen(d))).convert("1"),
    ("bitmap", "bmp"): lambda d, r: grey(placed(pen(d))),
    ("several frames", "gif"): lambda d, r: _frames(placed(pen(d))),
    ("several pages", "tiff"): lambda d, r: _frames(placed(pen(d))),
    ("animated", "webp"): lambda d, r: _frames(placed(pen(d))),
}  # fmt: skip


#: Those that differ from the first in their file alone; a figure omits them.
FILES = list(KINDS)[list(KINDS).index(("turned by EXIF", "jpg")) :]


def take(kind: tuple[str, str], digit: np.ndarray, path: Path, random: np.random.Generator) -> Path:
    """Make a picture of a digit (28, 28) uint8 of this kind; returns its file, ``path`` with the ending that is due."""
    made = KINDS[kind](digit, random)
    picture, settings = made if isinstance(made, tuple) else (made, {})
    file = path.with_suffix(f".{kind[1]}")
    picture.save(file, **settings)
    return file


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--digits", "n", default=100, show_default=True, help="Pictures of each kind.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("photographs.csv"), show_default=True)
@click.option("--figure", type=click.Path(path_type=Path), help="Draw one picture of each kind above what is read.")
@click.option("--backend", default="cpp", show_default=True)
def main(run: Path, n: int, out: Path, figure: Path | None, backend: str) -> None:
    """Write the accuracy (%) of RUN for each kind, pictures that are refused counted as wrong, to OUT."""
    data = load("mnist")
    digits, labels = data.train_images[-n:], data.train_labels[-n:]
    rows: list[dict[str, str | float]] = []
    shown, read, owner = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            random = np.random.default_rng(0)
            refused, unlike = 0, []
            for k, digit in enumerate(digits):
                file = take(kind, digit, Path(folder) / "picture", random)
                try:
                    read.append(read_digit(file))
                    owner.append((len(rows), k))
                    unlike.append(np.corrcoef(read[-1].ravel(), digit.ravel())[0, 1])
                except EquispikeError:
                    refused += 1
                if k == n - _DRAWN:
                    with Image.open(file) as picture:
                        seen = read[-1] if owner and owner[-1] == (len(rows), k) else None
                        if kind not in FILES:
                            shown.append((kind, picture.copy(), seen))
            rows.append({"kind": ", ".join(kind), "n": n, "refused": refused, "median_correlation": np.median(unlike)})
    shares = equispike.predict(run, np.stack(read), backend=backend)
    right = np.zeros((len(rows), n), dtype=bool)
    for (row, k), answer in zip(owner, shares.argmax(axis=1), strict=True):
        right[row, k] = answer == labels[k]
    table = pd.DataFrame(rows).assign(accuracy=100 * right.mean(axis=1))
    table.to_csv(out, index=False, float_format="%.3g")
    click.echo(table.to_string())
    if figure:
        _draw(shown).save(figure)


def _draw(shown: list[tuple[tuple[str, str], Image.Image, np.ndarray | None]]) -> Image.Image:
    """Draw pictures, seven in a row, with what is read of each below it."""
    width, height, seen, caption, columns = 170, 136, 84, 26, 7
    rows = -(-len(shown) // columns)
    page = Image.new("RGB", (columns * (width + 10), rows * (height + seen + caption + 20)), "white")
    pencil = ImageDraw.Draw(page)
    for k, ((name, _), picture, digit) in enumerate(shown):
        left, top = k % columns * (width + 10) + 5, k // columns * (height + seen + caption + 20)
        pencil.text((left + width // 2, top + caption // 2), name, fill="black", anchor="mm", font_size=11)
        small = ImageOps.contain(ImageOps.exif_transpose(picture).convert("RGB"), (width, height))
        page.paste(small, (left + (width - small.width) // 2, top + caption))
        if digit is not None:
            large = Image.fromarray(digit).resize((seen, seen), Image.Resampling.NEAREST)
            page.paste(large, (left + (width - seen) // 2, top + caption + height + 6))
    return page


if __name__ == "__main__":
    main()
