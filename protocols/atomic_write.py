"""Files outside run folders, whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equispike.models.errors import EquispikeError
from equispike.protocols.derived import is_of_a_run


@contextmanager
def atomic_write(final: Path) -> Iterator[Path]:
    """A temporary name to write to, which becomes ``final`` when the block ends; after an error nothing is left of it.

    Folders are made where they are missing. Raises EquispikeError at once where the folder cannot be written, or ``final`` is
    something that must not be replaced.
    """
    check_replaceable(final)
    temporary = final.with_name(f".{final.name}.{os.getpid()}")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        try:
            yield temporary
            temporary.replace(final)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EquispikeError(f"{final} cannot be written ({error.strerror or error}): choose another place") from None


def check_replaceable(final: Path) -> None:
    """Raise EquispikeError where ``final`` is no file, such as a device, a link or a folder, or one that a run is made of, or
    where its folder cannot be written.
    """
    if is_of_a_run(final):
        raise EquispikeError(f"{final} is a file of a run folder's own: choose another name")
    above = next(folder for folder in final.absolute().parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise EquispikeError(f"{final} cannot be written: choose another place")
    try:
        mode = final.lstat().st_mode
    except (OSError, ValueError):  # a new name, or one that writing will say more about
        return
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise EquispikeError(f"{final} is {kind}: choose the name of a new file, or of one that may be replaced")
