"""Downloads the files of a data set: resumed where a connection was cut, verified, and only then put in place."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from equispike.models.errors import EquispikeError

TIMEOUT = 15.0
"""Seconds without an answer after which a mirror counts as down."""

ATTEMPTS = 5
"""How often one mirror is asked for one file, as long as each attempt brings some of it."""

_CHUNK = 1 << 16


def download(mirrors: Sequence[str], md5: Mapping[str, str], folder: Path) -> None:
    """Download into `folder`, named as the data set, each file that is a key of `md5`, from the first good mirror.

    A mirror is a URL that ends in a slash. Each MD5 is that of the file or, since mirrors pack anew, of what it
    unpacks to. An interrupted download stays as FILE.part and is resumed by the next one.
    Raises EquispikeError if no mirror delivers or the folder cannot be written.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            for file_name, expected in md5.items():
                with _claimed(folder / f"{file_name}.part") as part:
                    task = progress.add_task(f"{folder.name}: {file_name}", total=None)
                    _fetch([mirror + file_name for mirror in mirrors], part, expected, progress, task)
                    part.replace(folder / file_name)
    except OSError as error:
        raise EquispikeError(
            f"Cannot write to {folder} ({error.strerror}): free or unlock it, or set XDG_CACHE_HOME to another folder."
        ) from error


@contextmanager
def _claimed(part: Path) -> Iterator[Path]:
    """The partial file under a name that is this process's own, given back at the end if it is still there.

    Two runs that start together would otherwise write into one file, even after one of them has verified it.
    """
    own = part.with_name(f"{part.name}-{os.getpid()}")
    try:
        part.rename(own)
    except FileNotFoundError:
        own.touch()
    try:
        yield own
    finally:
        if own.exists():
            own.replace(part)
            if part.stat().st_size == 0:
                part.unlink()


def _fetch(urls: Sequence[str], part: Path, md5: str, progress: Progress, task: TaskID) -> None:
    """Complete `part`, a file in the folder of the data set, from the first URL that can.

    Raises EquispikeError with the reasons if none could.
    """
    reasons = []
    for url in urls:
        for _ in range(ATTEMPTS):
            start = part.stat().st_size
            try:
                _transfer(url, part, progress, task)
            except (OSError, HTTPException) as error:
                reasons.append(_reason(error))
                if part.stat().st_size <= start:
                    break
                continue
            if _matches(part, md5):
                return
            reasons.append(f"wrong checksum of {url}")
            part.write_bytes(b"")
            # What was resumed may have begun elsewhere, so it gets a second chance; a whole wrong file does not.
            if start == 0:
                break
    raise _gave_up(part.parent, reasons)


def _transfer(url: str, part: Path, progress: Progress, task: TaskID) -> None:
    """Append to `part` what it lacks, or write it anew if the server knows no ranges.

    Raises OSError or HTTPException if the network or the server fails; what has arrived by then stays in `part`.
    """
    start = part.stat().st_size
    request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response = urlopen(request, timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416 and start:
            return  # Nothing lies beyond what is here already; the checksum says whether it is the file.
        raise
    with response, part.open("ab" if response.status == 206 else "wb") as out:
        progress.update(task, completed=out.tell(), total=out.tell() + response.length if response.length else None)
        while chunk := response.read(_CHUNK):
            out.write(chunk)
            progress.advance(task, len(chunk))
        # http.client tells a cut connection from the end of the file only by what it still waits for.
        if response.length:
            raise ConnectionError("the connection was cut")


def _matches(path: Path, md5: str) -> bool:
    content = path.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() == md5:
        return True
    try:
        unpacked = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return False
    return hashlib.md5(unpacked, usedforsecurity=False).hexdigest() == md5


def _reason(error: OSError | HTTPException) -> str:
    """Why a transfer failed, in a few words and without an error number."""
    cause = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _gave_up(folder: Path, reasons: list[str]) -> EquispikeError:
    name, why = folder.name, ", ".join(dict.fromkeys(reasons))
    return EquispikeError(
        f"Could not download {name} ({why}): put its four files into {folder}, set EQUISPIKE_DATA or --data-dir to a "
        f"folder that has them in its subfolder '{name}', or use --data digits."
    )
