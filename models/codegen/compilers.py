"""Is there a C++ compiler, and how to get one."""

from __future__ import annotations

import os
import shlex
import shutil


def compiler_command() -> str:
    """The C++ compiler that make would call."""
    return os.environ.get("CXX") or "g++"


def compiler_missing(*tools: str) -> str | None:
    """One sentence if the compiler or one of ``tools`` is not on the PATH, else None."""
    for tool in (shlex.split(compiler_command())[0], *tools):
        if shutil.which(tool) is None:
            return (
                f"'{tool}' was not found: install a C++ compiler and make (Debian: apt-get install g++ make; "
                "conda: conda install cxx-compiler make) or use --backend numpy"
            )
    return None
