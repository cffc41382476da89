"""Is a built program still what it was when it was built?"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

_FILE = "checksums.json"
#: What a run executes or reads.
_NEEDED = ("main", "static_arrays/*", "**/*.so", "layout.json")


def record(folder: Path) -> None:
    """Write down what a finished build is."""
    needed = {path for pattern in _NEEDED for path in folder.glob(pattern) if path.is_file() and not path.is_symlink()}
    found = {str(path.relative_to(folder)): _state(path) for path in sorted(needed)}
    (folder / _FILE).write_text(json.dumps(found, indent=1) + "\n")


def damage(folder: Path, original: Path | None = None) -> str | None:
    """In a few words, how a built program differs from what was written down there, or at its ``original``; else None."""
    try:
        recorded = json.loads(((original or folder) / _FILE).read_text())
        for name, state in recorded.items():
            if _state(folder / name) != state:
                return f"{name} is not as it was built"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, AttributeError):
        return "it cannot be read"
    return None


def _state(path: Path) -> str:
    """The checksum of a file, and whether it can be executed."""
    found = path.stat()
    checksum = _checksum(path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return f"{checksum}{' executable' if found.st_mode & 0o100 else ''}"


@cache
def _checksum(path: Path, *unchanged: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
