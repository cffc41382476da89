"""One look for all figures, at the size they have on paper, and writing them to files."""

from __future__ import annotations

import io
import itertools
import math
import re
import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import matplotlib
import numpy as np
import seaborn
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, SymmetricalLogLocator

from equispike.analysis.figures.numbers import numbers
from equispike.analysis.statistics import UNASSIGNED
from equispike.protocols.atomic_write import atomic_write

#: Column widths in mm.
SINGLE, DOUBLE = 85, 174

#: Settings for every figure; figures are built and saved within ``rc_context(PAPER)``. The font comes with Matplotlib, so
#: that a figure looks the same everywhere.
PAPER = {
    **seaborn.axes_style("ticks"),
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
}

#: Colours of the ten classes. Ten colours are too many to be told apart by everyone: figures also say the class in digits.
CLASS_COLOURS = seaborn.color_palette("colorblind", 10)
MAIN, ACCENT = CLASS_COLOURS[0], CLASS_COLOURS[3]


def class_colour(label: int) -> tuple[float, float, float]:
    """The colour of a class, dark grey for unassigned neurons."""
    return (0.2, 0.2, 0.2) if label == UNASSIGNED else CLASS_COLOURS[label % len(CLASS_COLOURS)]


def class_name(label: int) -> str:
    """What stands for a class on an axis."""
    return "none" if label == UNASSIGNED else str(label)


def classes_in(assignments: np.ndarray) -> list[int]:
    """The classes that have neurons, unassigned last."""
    return sorted(set(assignments.tolist()), key=lambda label: (label == UNASSIGNED, label))


def layer_colours(layers: Collection[str]) -> list[tuple[float, float, float]]:
    """Return a colour per layer: grey for the input, then one for each in turn."""
    learned = itertools.cycle(CLASS_COLOURS)
    return [(0.4, 0.4, 0.4) if name == "input" else next(learned) for name in layers]


def number(n: float) -> str:
    """A number with its thousands apart."""
    if 0 < n < 1:
        return f"{n:g}"
    return f"{n:,.0f}".replace(",", "\N{THIN SPACE}")


def label_decades(axis: Axis, *steps: int) -> None:
    """Write numbers at a logarithmic axis whose limits stand; with steps 1, 3 those are 1, 3, 10, 30 and so on.

    Where fewer than two of them are within the limits there are more steps, or as on a linear axis.
    """
    locator = axis.get_major_locator()
    assert isinstance(locator, LogLocator | SymmetricalLogLocator)
    low, high = sorted(axis.axes.get_xlim() if axis is axis.axes.xaxis else axis.axes.get_ylim())
    fitting = [subs for subs in (steps, (1, 2, 5), tuple(range(1, 10))) if _n_ticks(low, high, subs) > 1]
    if isinstance(locator, SymmetricalLogLocator) or fitting:
        locator.set_params(subs=fitting[0] if fitting else steps)
    else:
        axis.set_major_locator(MaxNLocator(4))
    axis.set_major_formatter(lambda n, position: number(n) if n >= 10 or n == round(n) else f"{n:.3g}")
    axis.set_minor_formatter(NullFormatter())


def _n_ticks(low: float, high: float, steps: Collection[int]) -> int:
    if low <= 0:
        return 0
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return sum(low <= step * 10.0**decade <= high for decade in decades for step in steps)


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """An empty figure of that size on paper, not known to pyplot."""
    return Figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")


def spread(n: int) -> np.ndarray:
    """Offsets (n,) in -0.5 to 0.5 that keep the points of a strip apart, the same ones each time."""
    return (np.arange(n) * 0.6180339887) % 1 - 0.5


def save(figure: Figure, folder: Path, name: str, metadata: Mapping[str, str]) -> list[Path]:
    """Write ``name``.png (300 dpi), ``name``.pdf and ``name``-numbers.csv, what it shows (:mod:`numbers`), into ``folder``; the
    same figure gives the same bytes.

    Parameters
    ----------
    metadata : what the figure was made from, by capitalised name; goes into both pictures, with the command that is carried out

    Raises
    ------
    EquispikeError
        The folder cannot be written.
    """
    metadata = {**metadata, **_command()}
    facts = ", ".join(f"{key.lower()} {value}" for key, value in metadata.items())
    pdf = {"Title": name, "Subject": facts, "Keywords": facts, "CreationDate": None}
    written = []
    with matplotlib.rc_context(PAPER):
        for suffix, keys in (("png", {"Title": name, **metadata}), ("pdf", pdf)):
            content = io.BytesIO()
            figure.savefig(content, format=suffix, metadata=keys)
            written.append(folder / f"{name}.{suffix}")
            with atomic_write(written[-1]) as temporary:
                temporary.write_bytes(content.getvalue())
    written.append(folder / f"{name}-numbers.csv")
    with atomic_write(written[-1]) as temporary:
        numbers(figure).to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    return written


def _command() -> dict[str, str]:
    """What made it, for another machine: paths from the root of this one begin in the working folder, or keep their last name."""
    program = Path(sys.argv[0]).name
    words = [re.sub(r"(?<![^=])/.*", _shortened, word, flags=re.DOTALL) for word in sys.argv[1:]]
    return {"Command": shlex.join([program, *words])} if program == "equispike" else {}


def _shortened(path: re.Match[str]) -> str:
    found, here = Path(path[0]), Path.cwd()
    return str(found.relative_to(here) if found.is_relative_to(here) else found.name)
