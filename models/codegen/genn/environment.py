"""The second environment, with the Brian2 that Brian2GeNN needs, and GeNN itself."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

from equispike.models.codegen.standalone.ownership import why_unsafe

PROJECT = Path(__file__).resolve().parents[3]
VERSIONS = {"brian2": "2.5.4", "brian2genn": "1.7.0", "numpy": "1.26.4"}
GENN_VERSION = "4.9.0"
_ASK = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found[name] = "missing"
print(json.dumps(found))
"""


def genn_path() -> Path | None:
    """GENN_PATH, GeNN's source."""
    path = os.environ.get("GENN_PATH")
    return Path(path).absolute() if path else None


def genn_python() -> Path:
    """Python of the GeNN environment: EQUISPIKE_GENN_PYTHON, or that of .venv-genn here, unless other users could have put
    it there, or in the project's folder."""
    if given := os.environ.get("EQUISPIKE_GENN_PYTHON"):
        return Path(given)
    here, project = (folder / ".venv-genn" / "bin" / "python" for folder in (Path.cwd(), PROJECT))
    return here if here.exists() and why_unsafe(here.parent) is None else project


def genn_missing() -> str | None:
    """One sentence about what GeNN lacks here, or None."""
    path = genn_path()
    if path is None:
        return (
            f"GENN_PATH is not set: git clone --depth 1 --branch {GENN_VERSION} https://github.com/genn-team/genn and "
            "export GENN_PATH=$PWD/genn"
        )
    if not (path / "bin" / "genn-buildmodel.sh").is_file():
        return f"GENN_PATH is {path}, which has no bin/genn-buildmodel.sh: set it to the folder of GeNN {GENN_VERSION}"
    try:
        version = (path / "version.txt").read_text().strip()
    except OSError:
        version = "of an unknown version"
    if version != GENN_VERSION:
        return f"GENN_PATH holds GeNN {version}, but Brian2GeNN is used with {GENN_VERSION}: set GENN_PATH to that"
    return None


def environment_missing() -> str | None:
    """One sentence about what the GeNN environment lacks, or None."""
    python = genn_python()
    if not python.exists():
        return (
            f"there is no GeNN environment ({python} does not exist): make genn-env, or set EQUISPIKE_GENN_PYTHON to the "
            "Python of one"
        )
    found = _versions(python, python.stat().st_mtime)
    if found is None:
        return f"the Python of the GeNN environment, {python}, does not run: make genn-env"
    for name, wanted in VERSIONS.items():
        if found[name] != wanted:
            return f"the GeNN environment has {name} {found[name]}, but {wanted} is needed: make genn-env"
    return None


@cache
def _versions(python: Path, changed: float) -> dict[str, str] | None:
    done = subprocess.run([str(python), "-c", _ASK, *VERSIONS], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None
