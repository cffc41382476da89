"""Data and programs on the disk of the machine that a job runs on: shared file systems are slow, and many jobs read the same."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from equispike.models.codegen.standalone.ownership import private_folder
from equispike.models.codegen.standalone.staging import copied
from equispike.protocols.data import available


def local_folder() -> Path | None:
    """EQUISPIKE_STAGE, or in a job of Slurm a private folder in the scheduler's for the job, or in that for temporary files.

    Raises OSError where there can be none.
    """
    if chosen := os.environ.get("EQUISPIKE_STAGE"):
        return Path(chosen)
    if "SLURM_JOB_ID" not in os.environ:
        return None
    return private_folder(Path(os.environ.get("SLURM_TMPDIR") or tempfile.gettempdir()))


def stage(data: str) -> None:
    """Let this process read the data set, and run compiled programs, from the local disk; where that is full or not to be had,
    everything stays where it is.
    """
    try:
        local, source = local_folder(), available(data)
    except OSError as error:
        print(f"everything is read where it is: there is no folder on a local disk ({error.strerror})", flush=True)
        return
    if local is None:
        return
    os.environ["EQUISPIKE_STAGE"] = str(local)  # backends copy programs there
    if source is None or not Path(source).is_dir():
        return
    try:
        place = local / f"data-{_state(Path(source))}"
        copied(Path(source), place / Path(source).name)
    except OSError as error:
        print(f"{source} is read where it is: {local} cannot be used ({error.strerror})", flush=True)
    else:
        os.environ["EQUISPIKE_DATA"] = str(place)


def _state(folder: Path) -> str:
    """Changes with the files in a folder."""
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    return hashlib.sha256(repr(files).encode()).hexdigest()[:12]
