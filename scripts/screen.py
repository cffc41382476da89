"""Where Rich prints: names of files and settings are printed as they are, whatever brackets and colons are in them."""

from __future__ import annotations

from rich.console import Console


def screen(*, stderr: bool = False) -> Console:
    """A console that takes no text for markup or emoji."""
    return Console(stderr=stderr, markup=False, emoji=False)
