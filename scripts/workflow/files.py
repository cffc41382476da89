"""The folders and small files of a sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from equispike.protocols.atomic_write import atomic_write

#: In the folder of a sweep: what is done, failed and held; the attempts at each run, the steps that it has done; programs built.
DONE, FAILED, CLAIMS, ATTEMPTS, STEPS, BUILDS = "done", "failed", "claims", "attempts", "steps", "builds"


def names(folder: Path) -> set[str]:
    """What the files in ``folder`` are about; nothing where there is no such folder."""
    return {path.name.removesuffix(".json") for path in folder.iterdir()} if folder.is_dir() else set()


def read(path: Path) -> dict[str, Any]:
    """A JSON file; empty where it is not there or not whole."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def write(path: Path, content: dict[str, Any]) -> None:
    """A JSON file, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")
