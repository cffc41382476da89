"""Cores and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from equispike.protocols.doctor.findings import Finding, size
from equispike.protocols.provenance import usable_cores

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def cores() -> Iterator[Finding]:
    """Cores that this process may use."""
    yield Finding("cores", "ok", f"{usable_cores()} of {os.cpu_count()} may be used")


def memory() -> Iterator[Finding]:
    """Memory of the machine, and what this process may take of it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = [size(total)]
    if Path("/proc/meminfo").exists():
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        found.append(f"{size(int(lines['MemAvailable'].split()[0]) * 1024)} available")
    limit = memory_limit()
    if limit is not None and limit < total:
        found.append(f"{size(limit)} at most here (control group)")
    yield Finding("memory", "ok", ", ".join(found))


def memory_limit() -> int | None:
    """The least of the limits of this process's control groups, in bytes; None without any."""
    if not OWN_GROUPS.exists():
        return None
    limits = []
    for line in OWN_GROUPS.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, name = GROUPS, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = GROUPS / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = root / path.lstrip("/")
        for folder in (own, *own.parents):
            if folder.is_relative_to(root) and (folder / name).exists():
                limits.append((folder / name).read_text().strip())
    return min((int(limit) for limit in limits if limit.isdigit()), default=None)
