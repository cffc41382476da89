"""Folders that are written to, their disks, and data sets."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from equispike.models.errors import EquispikeError
from equispike.protocols.doctor.findings import Finding, size

ENOUGH = 1e9
"""Free bytes below which a disk is reported."""

_WRITTEN = 1 << 20


def build_cache() -> Iterator[Finding]:
    """Where compiled networks are kept."""
    from equispike.models.codegen.standalone.cache import cache_dir
    from equispike.models.codegen.standalone.ownership import why_unsafe

    folder = cache_dir()
    if fault := _writing_fault(folder) or why_unsafe(folder):
        to_do = "export EQUISPIKE_CACHE=DIR, a folder that you can write and that has space"
        yield Finding("build cache", "broken", f"{folder}: {fault}", to_do, vital=True)
        return
    programs = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    yield Finding("build cache", "ok", f"{folder}: {len(programs)} programs, {_size(folder)}", vital=True)


def data_cache() -> Iterator[Finding]:
    """Where downloads go."""
    from equispike.protocols.data.locate import cache_folder

    folder = cache_folder("")
    if fault := _writing_fault(folder):
        to_do = "export XDG_CACHE_HOME=DIR, or EQUISPIKE_DATA=DIR with data sets in it"
        yield Finding("data cache", "broken", f"{folder}: {fault}", to_do)
    else:
        yield Finding("data cache", "ok", f"{folder}: {_size(folder)}")


def free_space() -> Iterator[Finding]:
    """What is left on the disks of the build cache, of temporary files and of the current folder."""
    from equispike.models.codegen.standalone.cache import cache_dir

    cache = cache_dir()
    for what, folder, to_do in (
        ("space in the build cache", cache, f"rm -r {cache} (built again when needed), or export EQUISPIKE_CACHE=DIR"),
        ("space in TMPDIR", Path(tempfile.gettempdir()), "free some, or export TMPDIR=DIR"),
        ("space in this folder", Path.cwd(), "free some, or --out DIR elsewhere"),
    ):
        existing = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
        free = shutil.disk_usage(existing).free
        found = f"{existing}: {size(free)} free"
        yield Finding(what, "ok", found) if free >= ENOUGH else Finding(what, "missing", found, to_do)


def data_sets(data_dir: Path | None) -> Iterator[Finding]:
    """Where each data set is, read as training reads it; nothing is downloaded."""
    from equispike.protocols.data import DATASETS, available, load
    from equispike.protocols.data.locate import cache_folder, find

    for name, spec in DATASETS.items():
        downloaded = bool(spec.mirrors) and data_dir is None and find(name) == cache_folder(name)
        if available(name, data_dir) is None and downloaded:
            yield Finding(name, "missing", to_do="nothing: it is downloaded when first used")
            continue
        try:
            yield Finding(name, "ok", load(name, data_dir).source)
        except EquispikeError as error:
            yield Finding(name, "broken" if available(name, data_dir) else "missing", to_do=str(error))


def _writing_fault(folder: Path) -> str | None:
    """Why a file cannot be written there, tried; the folder is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_WRITTEN))
            file.flush()
            os.fsync(file.fileno())  # quotas and network file systems may refuse only now
    except OSError as error:
        return error.strerror or str(error)
    return None


def _size(folder: Path) -> str:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:  # gone meanwhile
                continue
    return size(total)
