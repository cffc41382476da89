"""Holding a name alone among processes of several machines, on any shared file system: no file is locked.

A claim is a file that only one process can create. Its holder touches it now and then, so that others see whether it is alive.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

#: s; a holder on another machine that has not touched its claim for so long is dead.
TOUCH_EVERY, DEAD_AFTER = 15.0, 120.0


@contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Hold ``path``: True; False where a process that lives holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "began": _began(os.getpid()),
                          "since": time.time(), "token": uuid.uuid4().hex})  # fmt: skip
    if not (_create(path, content) or (_take_over(path) and _create(path, content))):
        yield False
        return
    stop = threading.Event()

    def touch() -> None:
        while not stop.wait(TOUCH_EVERY):
            try:
                os.utime(path)
            except OSError:  # a file system that is away for a while must not end a run
                continue

    threading.Thread(target=touch, daemon=True).start()
    try:
        yield True
    finally:
        stop.set()
        if _read(path) == content:
            path.unlink(missing_ok=True)


def holder(path: Path) -> dict[str, Any] | None:
    """Who holds ``path``, if a process that lives does: host, pid, since (s since the epoch)."""
    content = _read(path)
    return json.loads(content) if content and _alive(path, content) else None


def _create(path: Path, content: str) -> bool:
    """Linking a whole file to a name fails where there is one, on NFS as well."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    temporary.write_text(content)
    try:
        os.link(temporary, path)
        return True
    except FileExistsError:
        return False
    finally:
        temporary.unlink()


def _take_over(path: Path) -> bool:
    """Remove a dead process's claim; False where its holder lives, or another process was faster."""
    content = _read(path)
    if content is None:
        return True
    if _alive(path, content):
        return False
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    if _read(aside) != content:  # somebody took over in between: give it back
        with suppress(FileExistsError):
            os.link(aside, path)
    aside.unlink()
    return True


def _alive(path: Path, content: str) -> bool:
    try:
        found = json.loads(content)
        if found["host"] == socket.gethostname():
            return found["began"] is not None and _began(found["pid"]) == found["began"]
    except (ValueError, KeyError, TypeError):
        return False
    probe = path.with_name(f".now.{uuid.uuid4().hex}")  # by the clock of the file system
    probe.touch()
    try:
        return probe.stat().st_mtime - path.stat().st_mtime < DEAD_AFTER
    except FileNotFoundError:
        return False
    finally:
        probe.unlink()


def _began(pid: int) -> str | None:
    """When a process of this machine began, which tells it from a later one of the same number; None without such a process, or
    of one that was killed and not yet taken away.
    """
    try:
        state, *others = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else others[18]
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    try:
        os.kill(pid, 0)  # systems without /proc
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "alive"


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
