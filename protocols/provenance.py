"""Where and with what a run was made."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("equispike", "brian2", "numpy", "scipy", "pandas", "Cython", "jax", "optax", "equinox", "scikit-learn")


def provenance(before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Versions, commit and host, and all commands up to this one, as JSON-ready values.

    ``before``: the record that is gone on with, whose commands are kept.
    """
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    host = {
        "machine": platform.machine(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }
    commit = _commit()
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    this = {"command": ["equispike", *sys.argv[1:]], "date": date, "commit": commit}
    commands = [*(before or {}).get("commands", []), this]
    return {"versions": versions, "commit": commit, "commands": commands, "host": host}


def usable_cores() -> int:
    """Cores that this process may use: on a cluster those of the job, not of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _commit() -> str:
    """The project's commit, with '+' if tracked files differ from it; 'unknown' outside a checkout."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "..")
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
