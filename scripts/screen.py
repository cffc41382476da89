"""Where Rich prints: names of files and settings are printed as they are, whatever brackets and colons are in them."""

from __future__ import annotations

from rich.console import Console


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """Leave to the command line how it ends where nobody reads: Rich would exit with 1."""
        raise BrokenPipeError


def screen(*, stderr: bool = False) -> Console:
    """A console that takes no text for markup or emoji."""
    return _Screen(stderr=stderr, markup=False, emoji=False)
