"""What long work shows: a bar on a terminal and in a notebook, a line per chunk in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from equispike.scripts.screen import screen


def in_notebook() -> bool:
    """Return whether this process runs the cells of a Jupyter notebook."""
    return screen().is_jupyter


class _Bars:
    """Bars on standard error, which appear on a terminal, or below the cell of a notebook."""

    def __init__(self, *columns) -> None:
        self._console = screen(stderr=True)
        # Jupyter sets FORCE_COLOR for the commands of its cells, which Rich takes for a terminal.
        self._on_terminal = self._console.is_terminal and sys.stderr.isatty()
        bars = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(TextColumn("{task.description}", markup=False), *bars, *columns, console=self._console,
                              disable=not self._on_terminal)  # fmt: skip
        self._tasks: dict[str, object] = {}
        self._cell: Any = None

    def __enter__(self) -> Self:
        self._bars.start()
        if (
            self._console.is_jupyter
        ):  # Rich's own live display would need ipywidgets, and is lost when a page is made of it
            from IPython.display import display

            self._cell = display(self._bars, display_id=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def _update(self, name: str, done: int, total: int, **fields: Any) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, **fields)
        self._bars.update(self._tasks[name], completed=done, **fields)  # type: ignore[arg-type]
        if self._cell is not None:
            self._cell.update(self._bars)

    @property
    def _in_lines(self) -> bool:
        """Whether it goes to a log, line by line."""
        return self._cell is None and not self._on_terminal


class TrainingProgress(_Bars):
    """For each stage images shown, images per second, remaining time, and the metrics that the procedure shows."""

    def __init__(self, stages: Sequence[str], n_images: int, shown: Mapping[str, str]) -> None:
        super().__init__(TextColumn("{task.fields[text]}", markup=False))
        self._stages, self._n_images, self._shown = stages, n_images, shown
        self._last: tuple[float, int] | None = None

    def update(self, progress) -> None:
        """Show a chunk's outcome (an equispike.protocols.training.Progress)."""
        now, latest, parts = time.monotonic(), progress.latest(), []
        if self._last is not None:
            rate = (progress.total - self._last[1]) / max(now - self._last[0], 1e-9)
            left = (self._n_images - progress.seen) / rate if rate else 0
            parts = [f"{rate:.0f} images/s"] + ([f"at most {left:.0f} s left"] if left else [])
        self._last = (now, progress.total)
        parts += [words.format(latest[metric]) for metric, words in self._shown.items() if metric in latest]
        stage, text = self._stages[progress.stage], ", ".join(parts)
        self._update(f"training {stage}".strip(), progress.seen, self._n_images, text=text)
        if self._in_lines:
            prefix = f"{stage}: " if stage else ""
            click.echo(f"{prefix}{progress.seen}/{self._n_images} images: {text}", err=True)

    def warn(self, message: str) -> None:
        """Print a warning above the bar."""
        self._console.print(f"Warning: {message}", style="yellow", soft_wrap=True)


class PhaseProgress(_Bars):
    """A bar for each named phase of an evaluation."""

    def update(self, phase: str, done: int, total: int) -> None:
        """Show how far a phase is."""
        self._update(phase, done, total)
        if self._in_lines:
            click.echo(f"{phase}: {done}/{total}", err=True)
