"""One process writes a run folder at a time; who does is in the file ``.writer``, which dies with its process."""

from __future__ import annotations

import errno
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equispike.models.errors import EquispikeError
from equispike.protocols.claim import claimed, holder

#: Held by the process that writes.
WRITER = ".writer"
#: Names of what is left of a file, or of a claim, whose writing was killed: nobody has ever read it.
LEFTOVER = re.compile(r"\.[\w.%=+-]+\.\d+|\.writer|\.\.writer\.[0-9a-f]+|\.now\.[0-9a-f]+")
#: Which thread of this process writes which folder: it may ask again.
_threads: dict[Path, int] = {}


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Be the one process that writes ``folder``, and clear away what killed ones have left half-written.

    Raises
    ------
    EquispikeError
        Another process that lives writes there, or the folder cannot be written.
    """
    key, me = folder.resolve(), threading.get_ident()
    if _threads.get(key) == me:
        yield
        return
    with explained(folder):
        holding = claimed(folder / WRITER)
        mine = holding.__enter__()
    try:
        if not mine:
            raise EquispikeError(
                f"{folder} is being written by {_who(folder / WRITER)}: wait until it has ended, or stop it"
            )
        _threads[key] = me
        with explained(folder):
            for path in (*folder.glob(".*"), *folder.glob("checkpoint/.*")):
                if path.name != WRITER and LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)
        yield
    finally:
        if mine:
            del _threads[key]
        holding.__exit__(None, None, None)


def let_go_elsewhere(folder: Path) -> None:
    """Take ``folder`` from a process of another machine that is known to be dead, before its claim is old enough to tell."""
    try:
        host = json.loads((folder / WRITER).read_text())["host"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if host != socket.gethostname():
        (folder / WRITER).unlink(missing_ok=True)


def _who(claim: Path) -> str:
    """Return who holds a claim, in words."""
    found = holder(claim)
    if found is None:
        return "another process"
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found["since"]))
    return f"process {found['pid']} on {found['host']} since {since}"


@contextmanager
def explained(
    path: Path, mend: str = "make it writable, or work on a copy", again: str = "run the same command again"
) -> Iterator[None]:
    """Turn the ways a disk can refuse into one sentence each, which says how to ``mend`` it or to do it ``again``."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EquispikeError(
                f"the disk of {path} is full: free some space, then {again}; what was written before is whole"
            ) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise EquispikeError(f"{path} cannot be written: {mend}") from None
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise EquispikeError(f"{path} cannot be a folder, a file is in the way: choose another --out") from None
        raise EquispikeError(f"{path} cannot be written ({error.strerror}): {mend}") from None
