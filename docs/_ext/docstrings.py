"""Docstrings as this project writes them (``name : what it is`` in a line), for napoleon, which takes that for a type."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

_FIELDS = {"Parameters", "Attributes"}
_ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(?:, \w+)*) : (?P<meaning>.+)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Run before napoleon."""
    app.connect("autodoc-process-docstring", _process, priority=400)
    return {"parallel_read_safe": True}


def _process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = as_numpy(lines)
    if what == "module":  # an indented block is code
        begin = next((number for number, line in enumerate(lines) if line.startswith("    ")), None)
        if begin is not None:
            lines[begin:begin] = ["::", ""]


def as_numpy(lines: list[str]) -> list[str]:
    """Return the lines of a docstring with what a name means in a paragraph below it, and results without a type."""
    made: list[str] = []
    section = ""
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if after and set(after) == {"-"}:
            section = line
        if section == "Returns":
            made.append({"Returns": "", "-" * len(section): ":returns:"}.get(line, f"    {line}" if line else ""))
        elif section in _FIELDS and (entry := _ENTRY.fullmatch(line)):
            made += [entry["names"], f"    {entry['meaning']}"]
        else:
            made.append(line)
    return made
