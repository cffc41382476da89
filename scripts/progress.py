"""What long work shows: a bar on a terminal and in a notebook, a line per chunk in a log."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from equispike.scripts.screen import screen

if TYPE_CHECKING:
    from equispike.scripts.workflow.driver import Standing


def duration(seconds: float) -> str:
    """In words, such as 40 s, 12 min or 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def in_notebook() -> bool:
    """Return whether this process runs the cells of a Jupyter notebook."""
    return screen().is_jupyter


class _Bars:
    """Bars on standard error, which appear on a terminal, or below the cell of a notebook."""

    def __init__(self, *columns) -> None:
        self._console = screen(stderr=True)
        # Jupyter sets FORCE_COLOR for the commands of its cells, which Rich takes for a terminal.
        self._on_terminal = self._console.is_terminal and sys.stderr.isatty()
        bars = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        self._bars = Progress(*bars, *columns, console=self._console, disable=not self._on_terminal)
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
    """For each stage images shown, images per second and remaining time, both without set-up and compilation, and the metrics
    that the procedure shows."""

    def __init__(self, stages: Sequence[str], n_images: int, shown: Mapping[str, str]) -> None:
        super().__init__(TextColumn("{task.fields[text]}", markup=False))
        self._stages, self._n_images, self._shown = stages, n_images, shown

    def update(self, progress) -> None:
        """Show a chunk's outcome (an equispike.protocols.training.Progress)."""
        latest, left = progress.latest(), (self._n_images - progress.seen) / progress.images_per_s
        parts = [f"{progress.images_per_s:.0f} images/s"] + ([f"at most {duration(left)} left"] if left else [])
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

    def __init__(self) -> None:
        super().__init__(TimeRemainingColumn())

    def update(self, phase: str, done: int, total: int) -> None:
        """Show how far a phase is."""
        self._update(phase, done, total)
        if self._in_lines:
            click.echo(f"{phase}: {done}/{total}", err=True)


class SweepProgress(_Bars):
    """A bar of the runs of a sweep, and a line for each run that ends."""

    def __init__(self) -> None:
        super().__init__(TextColumn("{task.fields[text]}", markup=False))

    def say(self, line: str) -> None:
        """Print a line, above the bar where there is one."""
        self._console.print(line, soft_wrap=True, highlight=False)

    def update(self, standing: Standing) -> None:
        """Show how far the sweep is."""
        ended = standing.done + standing.failed
        words = [f"{number} {what}" for what in ("running", "failed") if (number := getattr(standing, what))]
        if ended == standing.total:
            words.append("making table, figures and report")
        elif not standing.running:
            words.append("building programs, or waiting for a run to begin")
        elif standing.left_s is not None:
            words.append(f"about {duration(standing.left_s)} left")
        self._update("runs", ended, standing.total, text=", ".join(words))
