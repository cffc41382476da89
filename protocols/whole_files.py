"""Files that other libraries write, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import EquispikeError


@contextmanager
def whole_file(final: Path) -> Iterator[Path]:
    """A temporary name to write to, which becomes ``final`` when the block ends; after an error nothing is left of it.

    Raises EquispikeError at once where the folder cannot be written.
    """
    temporary = final.with_name(f".{final.name}.{os.getpid()}")
    try:
        temporary.touch()
        try:
            yield temporary
            temporary.replace(final)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EquispikeError(f"{final} cannot be written ({error.strerror or error}): choose another --out") from None
