"""Folders in which files could not be written, in one sentence."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equispike.models.errors import EquispikeError

_SOME = 1 << 20


def cannot_write(folder: Path | str, error: OSError, variable: str) -> EquispikeError:
    """The sentence for an ``error`` in ``folder``, in whose place the environment ``variable`` can set another."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, None):  # NumPy's has no number
        return full(folder, variable)
    if error.errno == errno.EFBIG:
        return EquispikeError(f"a file in {folder} may not become as large as is needed: raise the limit (ulimit -f)")
    return EquispikeError(f"cannot write to {folder} ({error.strerror}): set {variable} to another folder")


def full(folder: Path | str, variable: str) -> EquispikeError:
    """The sentence for a folder without space."""
    return EquispikeError(
        f"there is no space left in {folder}: free some, or set {variable} to a folder on another disk"
    )


def has_room(folder: Path) -> bool:
    """Whether something can be written there: errors of files that are open do not name them."""
    try:
        _try(folder)
    except OSError:
        return False
    return True


def check_temporary() -> None:
    """Raise EquispikeError where temporary files cannot be written: compilers and Brian2 do not always say so."""
    with temporary_folder() as folder:
        _try(folder)


def _try(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_SOME))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder for temporary files, private and removed at the end; one sentence where files cannot be written there."""
    try:
        place = tempfile.gettempdir()
    except FileNotFoundError:  # Python tries by writing a file
        raise EquispikeError(
            "no folder for temporary files can be written: free some space, or set TMPDIR to a folder that has some"
        ) from None
    try:
        with tempfile.TemporaryDirectory(prefix="equispike-") as folder:
            yield Path(folder)
    except OSError as error:
        raise cannot_write(place, error, "TMPDIR") from None
