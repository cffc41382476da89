"""Whole copies of folders on a local disk."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path


def copied(source: Path, final: Path) -> Path:
    """``final``, a copy of the folder ``source`` that is whole; made where it is not there yet.

    Raises OSError where it cannot be made.
    """
    if not final.is_dir():
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
        try:
            shutil.copytree(source, temporary)
            temporary.rename(final)
        except OSError:
            if not final.is_dir():  # nobody else was faster
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return final
