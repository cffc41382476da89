"""Systems, networks, neurons, synapses and rules from a file of a user's own: ``my_rules.py:NAME``."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from equispike.models.errors import EquispikeError


def is_own(reference: object) -> bool:
    """Return whether a name is one of a file: ``PATH.py:NAME``."""
    return isinstance(reference, str) and ".py:" in reference


def absolute(reference: str) -> str:
    """Return the reference with the file's whole path, so that it holds in other folders and processes."""
    path, name = _split(reference)
    return f"{path.resolve()}:{name}"


def load(reference: str, kind: type | None = None) -> Any:
    """Execute the file, once per process and content, and return the object of that name.

    Raises
    ------
    EquispikeError
        The file cannot be read or run, has nothing of that name, or it is not a ``kind``; names file and line.
    """
    path, name = _split(reference)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EquispikeError(f"cannot read {path} ({error.strerror}): write PATH.py:NAME") from None
    module = _module(path.resolve(), content)
    if not hasattr(module, name):
        able = [key for key, value in vars(module).items() if kind and isinstance(value, kind)]
        hint = f"; it has {', '.join(able)}" if able else ""
        raise EquispikeError(f"{path} has no {name}{hint}")
    found = getattr(module, name)
    if kind is not None and not isinstance(found, kind):
        raise EquispikeError(f"{name} of {path} is of type {type(found).__name__}, but a {kind.__name__} is needed")
    return found


def checksum(reference: str) -> str:
    """Return the SHA-256 of the file; raises EquispikeError where it is gone."""
    path, _ = _split(reference)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise EquispikeError(f"cannot read {path} ({error.strerror})") from None


def _split(reference: str) -> tuple[Path, str]:
    path, _, name = reference.rpartition(":")
    if not name.isidentifier():
        raise EquispikeError(f"'{reference}' names nothing in the file: write PATH.py:NAME")
    return Path(path).expanduser(), name


@cache
def _module(path: Path, content: bytes) -> Any:
    name = f"equispike_own_{path.stem}_{hashlib.sha256(bytes(path) + content).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        exec(compile(content, str(path), "exec"), vars(module))
    except EquispikeError as error:
        del sys.modules[name]
        raise EquispikeError(f"{_where(error, path)}: {error}") from None
    except SyntaxError as error:
        del sys.modules[name]
        where = f"{path}, line {error.lineno}" if error.lineno else str(path)
        raise EquispikeError(f"{where}: {error.msg}") from None
    except (Exception, SystemExit) as error:  # whatever somebody's file raises
        del sys.modules[name]
        raise EquispikeError(f"{_where(error, path)}: {type(error).__name__}: {error}") from None
    return module


def _where(error: BaseException, path: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}, line {lines[-1]}" if lines else str(path)
