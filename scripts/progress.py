"""What long work shows: a bar on a terminal, a line a chunk in a log."""

from __future__ import annotations

import sys
import time
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class _OneBar:
    """Images done and to do, and a text."""

    def __init__(self, n_images: int) -> None:
        self._n_images = n_images
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[text]}"),
            console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("training", total=n_images, text="")
        self._last: tuple[float, int] | None = None
        self._rate = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def _show(self, images_seen: int, parts: list[str]) -> None:
        now = time.monotonic()
        if self._last is not None:
            self._rate = (images_seen - self._last[1]) / max(now - self._last[0], 1e-9)
        self._last = (now, images_seen)
        text = ", ".join(([f"{self._rate:.0f} images/s"] if self._rate else []) + parts)
        self._bar.update(self._task, completed=images_seen, text=text)
        if not self._console.is_terminal:
            left = (self._n_images - images_seen) / self._rate if self._rate else 0.0
            remaining = f", {left:.0f} s left" if left else ""
            click.echo(f"{images_seen}/{self._n_images} images: {text}{remaining}", err=True)


class TrainingProgress(_OneBar):
    """Images a second, remaining time, spikes an image, mean threshold and running accuracy."""

    def update(self, state) -> None:
        """Show a chunk's outcome (a protocols.training.Progress)."""
        latest = state.latest()
        parts = [f"{latest['spikes_per_image']:.1f} spikes/image", f"threshold {latest['theta_mean_mV']:.1f} mV"]
        if "running_accuracy" in latest:
            parts.append(f"running accuracy {100 * latest['running_accuracy']:.1f} %")
        self._show(state.images_seen, parts)

    def warn(self, message: str) -> None:
        """Print a warning above the bar."""
        self._console.print(f"Warning: {message}", style="yellow", soft_wrap=True)


class GradientProgress(_OneBar):
    """Images a second, remaining time, loss, accuracy on what was just learned and on what was held out."""

    def update(self, state) -> None:
        """Show a chunk's outcome (a protocols.gradients.Progress)."""
        latest = state.latest()
        parts = [f"loss {latest['loss']:.4f}"]
        parts += [
            f"{name.replace('_', ' ')} {100 * latest[name]:.2f} %"
            for name in ("running_accuracy", "validation_accuracy")
            if name in latest
        ]
        self._show(state.images_seen, parts)


class LayerProgress:
    """For each layer: images shown, images a second, and how far its weights are from convergence."""

    def __init__(self, layers: list[str], n_images: int) -> None:
        self._layers, self._n_images = layers, n_images
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("training {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"), console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._tasks = {layer: self._bar.add_task(layer, total=n_images, text="", visible=False) for layer in layers}
        self._last: tuple[float, int] | None = None

    def __enter__(self) -> LayerProgress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def update(self, state) -> None:
        """Show a chunk's outcome (a protocols.layerwise.Progress)."""
        now, name, latest = time.monotonic(), self._layers[state.layer], state.latest()
        parts = []
        if self._last is not None:
            rate = (state.images_total - self._last[1]) / max(now - self._last[0], 1e-9)
            parts = [f"{rate:.0f} images/s", f"at most {(self._n_images - state.images_seen) / rate:.0f} s left"]
        self._last = (now, state.images_total)
        parts.append(f"w (1 - w) {latest[f'{name}.convergence']:.4f}")
        parts.append(f"{latest[f'{name}.winners_per_image']:.1f} winners/image")
        text = ", ".join(parts)
        self._bar.update(self._tasks[name], completed=state.images_seen, text=text, visible=True)
        if not self._console.is_terminal:
            click.echo(f"{name}: {state.images_seen}/{self._n_images} images: {text}", err=True)


class PhaseProgress:
    """A bar for each named phase of an evaluation."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=self._console, disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> PhaseProgress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def update(self, phase: str, done: int, total: int) -> None:
        if phase not in self._tasks:
            self._tasks[phase] = self._bar.add_task(phase, total=total)
        self._bar.update(self._tasks[phase], completed=done)  # type: ignore[arg-type]
        if not self._console.is_terminal:
            click.echo(f"{phase}: {done}/{total}", err=True)
