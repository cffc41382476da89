"""What was made of the weights of a run: each file carries their checksum, and is void where they are others now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import numpy as np

from equispike.protocols.one_writer import explained
from equispike.protocols.run_folder import RunFolder

#: Names of derived files.
DERIVED = ("evaluation-*", "verification-*", "readouts-*", "activity.npz", "workload.json", "anytime.csv", "robustness.csv",
           "responses.npz")  # fmt: skip
#: Field, array or column with the checksum.
WEIGHTS = "weights"


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of arrays by name."""
    digest = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        digest.update(name.encode() + np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def weights_of(run: RunFolder) -> str | None:
    """Return the checksum of what a run has learned; None of a record whose arrays are gone and never had one."""
    if run.has("arrays.npz"):
        about = (run.path / "arrays.npz").stat()
        return _checksum_of(run.path.resolve(), about.st_ino, about.st_size, about.st_mtime_ns)
    return run.read_json("run.json").get(WEIGHTS)


@lru_cache(maxsize=1024)
def _checksum_of(path: Path, *about: int) -> str:
    """Return the checksum of a run's arrays, which are read again where what is known ``about`` the file has changed."""
    return checksum(RunFolder(path).read_arrays("arrays.npz"))


def why_void(run: RunFolder, name: str) -> str | None:
    """Return why a derived file must not be shown as the run's, or None: it is not there, or of other weights."""
    if not run.has(name):
        return f"{run.path} has no {name}"
    if run.read_json("run.json")["status"] != "trained":
        return f"{run.path} is not fully trained"
    if name.endswith(".json"):
        found = run.read_json(name).get(WEIGHTS)
    elif name.endswith(".csv"):
        column = run.read_table(name).get(WEIGHTS)
        found = None if column is None or column.empty else column.iloc[0]
    else:
        array = run.read_arrays(name).get(WEIGHTS)
        found = None if array is None else str(array)
    return None if found == weights_of(run) else f"{run.path / name} was made of other weights than the run has now"


def discard(run: RunFolder) -> None:
    """Remove what was made of weights that are others now."""
    with explained(run.path):
        for path in (path for pattern in DERIVED for path in run.path.glob(pattern)):
            if not path.is_dir():
                path.unlink()


def is_of_a_run(path: Path) -> bool:
    """Return whether ``path`` is, or would be, one of the files that a run folder is made of."""
    own = ("run.json", "metrics.csv", "arrays.npz", "features-*", "checkpoint", "own_files", *DERIVED)
    path = path.absolute()
    for folder in (path.parent, path.parent.parent):
        if (folder / "run.json").exists():
            return any(fnmatch(path.relative_to(folder).parts[0], each) for each in own)
    return False
