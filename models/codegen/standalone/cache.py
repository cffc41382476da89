"""Where built programs are kept."""

from __future__ import annotations

import os
from pathlib import Path

from equispike.models.codegen.standalone.staging import copied


def cache_dir() -> Path:
    """EQUISPIKE_CACHE, or the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "equispike"
    return Path(os.environ.get("EQUISPIKE_CACHE", default)) / "programs"


def nearby(directory: Path) -> Path:
    """A copy of a built program below EQUISPIKE_STAGE, a folder on a local disk, where there is one that can be used."""
    stage = os.environ.get("EQUISPIKE_STAGE")
    if not stage:
        return directory
    try:
        return copied(directory, Path(stage, "programs", directory.name))
    except OSError:
        return directory


def publish(source: Path, directory: Path) -> None:
    """Move a finished build to its final name; whoever comes second keeps the first one's."""
    for item in source.rglob("*.o"):
        item.unlink(missing_ok=True)
    try:
        source.rename(directory)
    except OSError:
        if not directory.exists():
            raise
    else:
        source.mkdir()  # what the temporary folder's clean-up will remove
