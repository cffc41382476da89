"""Where built programs are kept."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from equispike.models.codegen import disk
from equispike.models.codegen.standalone import checksums
from equispike.models.codegen.standalone.ownership import made_safe
from equispike.models.codegen.standalone.staging import copied

_PREFIX = ".building-"
_LOCK = "lock"
#: s; builds take minutes. A folder without a lock is that of a process that has just made it, or of one that is dead.
_LOCKED_AFTER, _DEAD_AFTER = 60.0, 24 * 3600.0


def cache_dir() -> Path:
    """EQUISPIKE_CACHE, or the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "equispike"
    return Path(os.environ.get("EQUISPIKE_CACHE", default)) / "programs"


@contextmanager
def building() -> Iterator[Path]:
    """An empty folder in the cache to build in; what is in it at the end is removed, as is what killed builds have left.

    Raises
    ------
    EquispikeError
        The cache cannot be written, has no space, or other users could put programs there.
    """
    cache = cache_dir()
    disk.check_temporary()
    try:
        made_safe(cache, "EQUISPIKE_CACHE")
        for folder in cache.glob(f"{_PREFIX}*"):
            _remove_if_dead(folder)
        with tempfile.TemporaryDirectory(dir=cache, prefix=_of_this_host()) as name, _locked(Path(name)):
            source = Path(name, "source")
            source.mkdir()
            try:
                yield source
            except OSError as error:
                if error.filename is None and disk.has_room(source):
                    raise disk.cannot_write(tempfile.gettempdir(), error, "TMPDIR") from None
                raise
    except OSError as error:
        if error.filename is not None and not Path(os.fsdecode(error.filename)).is_relative_to(cache):
            raise
        raise disk.cannot_write(cache, error, "EQUISPIKE_CACHE") from None


def nearby(directory: Path) -> Path:
    """A copy of a built program below EQUISPIKE_STAGE, a folder on a local disk, where there is one that can be used."""
    stage = os.environ.get("EQUISPIKE_STAGE")
    if not stage:
        return directory
    try:
        place = made_safe(Path(stage, "programs"), "EQUISPIKE_STAGE") / directory.name
        if place.exists() and checksums.damage(place, directory):
            shutil.rmtree(place)
        near = copied(directory, place)
    except OSError:
        return directory
    return directory if checksums.damage(near, directory) else near


def publish(source: Path, directory: Path) -> None:
    """Move a finished build to its final name; of two whole ones the first stays, and one that is damaged does not."""
    for item in source.rglob("*.o"):
        item.unlink(missing_ok=True)
    checksums.record(source)
    while True:
        try:
            source.rename(directory)
            return
        except OSError:
            if not directory.exists():
                raise
        if checksums.damage(directory) is None:
            return
        with suppress(FileNotFoundError):  # beside the source, and removed with it
            directory.rename(source.with_name(f"damaged-{uuid.uuid4().hex}"))


def _of_this_host() -> str:
    return f"{_PREFIX}{socket.gethostname()}-"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock in a folder for as long as this process lives; under its name it is there only once it is held."""
    with (folder / f"{_LOCK}-").open("w") as file:
        with suppress(OSError):  # file systems without locks: nobody else can take it either
            fcntl.flock(file, fcntl.LOCK_EX)
        (folder / f"{_LOCK}-").rename(folder / _LOCK)
        yield


def _remove_if_dead(folder: Path) -> None:
    """Remove what a build left whose process is dead: on this machine its lock is free, on others it is old."""
    with suppress(OSError):
        age, ours = time.time() - folder.stat().st_mtime, folder.name.startswith(_of_this_host())
        if not (ours and (folder / _LOCK).exists()):
            if age > (_LOCKED_AFTER if ours else _DEAD_AFTER):
                shutil.rmtree(folder, ignore_errors=True)
            return
        with (folder / _LOCK).open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            except OSError:  # a file system without locks
                if age < _DEAD_AFTER:
                    return
            shutil.rmtree(folder, ignore_errors=True)
