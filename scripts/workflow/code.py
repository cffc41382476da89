"""Which code a step of a run depends on, and a hash of it: what a change of code makes stale, and no more."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from equispike.models import own_files
from equispike.protocols.system import System

_ROOT = Path(__file__).parent.parent.parent
#: Packages of the project that may be imported, and that are installed below ``equispike``.
_ROOMS = ("equispike.models", "equispike.protocols", "equispike.analysis")
_CATALOGUE = "equispike.protocols.catalogue"
#: Files that no import shows.
_BESIDE = {
    "equispike.models.codegen.cpp": ("templates/*.cpp", "include/*"),
    "equispike.models.codegen.cuda": ("include/*",),
    "equispike.models.codegen.standalone": ("include/*",),
    "equispike.analysis.report": ("*.html",),
}

#: By step: the module that it begins with. A system's own are named by the catalogue, which imports none.
_ENTRIES = {
    "train": "equispike.protocols.training",
    "evaluate": "equispike.protocols.evaluating",
    "measure": "equispike.protocols.measuring.measuring",
}


def of_step(step: str, system: System) -> str:
    """Return the hash of the code that ``train``, ``evaluate`` or ``measure`` of a system depends on."""
    own = [each.partition(":")[0] for each in (system.network, system.procedure) if isinstance(each, str)]
    files = (own_files.checksum(system.name),) if own_files.is_own(system.name) else ()
    return _hash((_ENTRIES[step], *own), files)


def of_analysis() -> str:
    """Hash of the code that tables, figures and reports of a sweep depend on."""
    return _hash(("equispike.analysis.sweeps", "equispike.analysis.figures.sweeps", "equispike.analysis.report.sweep"))


@cache
def _hash(entries: tuple[str, ...], files: tuple[str, ...] = ()) -> str:
    """Return a hash of modules with all that they import, and of ``files`` that have hashes of their own."""
    digest = hashlib.sha256("".join(files).encode())
    for module in sorted(_closure(entries)):
        for path in (_file(module), *_others(module)):
            text = path.read_text()
            digest.update(module.encode() + (_meaning(text) if path.suffix == ".py" else text.encode()))
    return digest.hexdigest()[:16]


def _closure(entries: Iterable[str]) -> set[str]:
    """Return the modules and all that they import."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += _imported(module)
            if module.count(".") > 1:
                waiting.append(module.rpartition(".")[0])
    return found


def _imported(module: str) -> list[str]:
    """Return modules of the project that ``module`` imports, or names in a string to be imported later, anywhere in it."""
    return [name for name in _named(module, _file(module).read_text()) if _exists(name)]


@cache
def _named(module: str, text: str) -> tuple[str, ...]:
    """Return what in a module's text may be the name of a module of the project.

    The catalogue names all systems, of which a run depends on its own alone.
    """
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and module != _CATALOGUE:
            reference = node.value.partition(":")[0]
            if all(part.isidentifier() for part in reference.split(".")):  # else it is no name but a text
                names += [reference] if reference.startswith("equispike.models.") else [f"{module}.{reference}"]
    return tuple(name for name in dict.fromkeys(names) if name.startswith(_ROOMS))


def _file(module: str) -> Path:
    path = _ROOT.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(module: str) -> bool:
    return _file(module).is_file()


def _others(module: str) -> list[Path]:
    return sorted(path for pattern in _BESIDE.get(module, ()) for path in _file(module).parent.glob(pattern))


@cache
def _meaning(text: str) -> bytes:
    """What a module says to the interpreter, as a hash: comments, docstrings and layout change nothing."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).digest()
