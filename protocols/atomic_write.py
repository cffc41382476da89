"""Files outside run folders, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from equispike.models.errors import EquispikeError


@contextmanager
def atomic_write(final: Path) -> Iterator[Path]:
    """A temporary name to write to, which becomes ``final`` when the block ends; after an error nothing is left of it.

    Folders are made where they are missing. Raises EquispikeError at once where the folder cannot be written.
    """
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
