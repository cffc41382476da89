"""Folders that programs are run from: nobody else may be able to put one there."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from equispike.models.errors import EquispikeError

_ROOT = 0


def why_unsafe(folder: Path) -> str | None:
    """In a few words, why other users could put a program into a folder; None where only we and the superuser could."""
    found = folder.stat()
    if found.st_uid not in (_ROOT, os.geteuid()):
        return "it belongs to another user"
    if found.st_mode & stat.S_IWOTH:
        return "every user can write there"
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:  # whoever can rename folders can put another in its place
            return f"every user can replace what is in {parent}"
    return None


def made_safe(folder: Path, variable: str) -> Path:
    """A folder that programs are run from, made where it is not there, for us alone.

    Raises
    ------
    EquispikeError
        Other users could put programs there; the environment ``variable`` can name another folder.
    OSError
        It cannot be made.
    """
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    if fault := why_unsafe(folder):
        raise EquispikeError(
            f"programs in {folder} could be someone else's ({fault}): set {variable} to a folder that is yours alone"
        )
    return folder


def private_folder(place: Path) -> Path:
    """A folder below ``place`` that nobody else can read or write; those that we have made before are used again.

    Raises OSError where there can be none. Its name cannot be known beforehand, so that nobody can be there first.
    """
    prefix = f"equispike-{os.geteuid()}-"
    found = sorted(path for path in place.glob(f"{prefix}*") if _is_private(path))
    return found[0] if found else Path(tempfile.mkdtemp(prefix=prefix, dir=place))


def _is_private(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o700
