"""Is there a C++ compiler, how to get one, and what it says where it fails."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from equispike.models.codegen import children, disk
from equispike.models.errors import EquispikeError

_NO_SPACE = r"No space left on device|Disk quota exceeded"
_NO_MEMORY = r"Killed signal|out of memory|virtual memory exhausted|Cannot allocate memory"


def compiler_command() -> list[str]:
    """The words of the C++ compiler's command: CXX, read as a shell would, or g++.

    Raises
    ------
    EquispikeError
        CXX cannot be read so.
    """
    text = os.environ.get("CXX", "")
    try:
        return shlex.split(text) or ["g++"]
    except ValueError as error:
        raise EquispikeError(
            f"CXX, which is {text}, cannot be read as a command ({str(error).lower()}): set it to one such as g++"
        ) from None


def compiler_missing(*tools: str) -> str | None:
    """One sentence if the compiler or one of ``tools`` is not on the PATH, else None."""
    try:
        compiler = compiler_command()[0]
    except EquispikeError as error:
        return str(error)
    for tool in (compiler, *tools):
        if shutil.which(tool) is None:
            return (
                f"'{tool}' was not found: install a C++ compiler and make (Debian: apt-get install g++ make; "
                "conda: conda install cxx-compiler make) or use --backend numpy"
            )
    return None


def version(command: list[str]) -> str:
    """What a compiler says of itself.

    Raises
    ------
    EquispikeError
        It cannot be run.
    """
    try:
        return children.run([*command, "--version"], stdin=subprocess.DEVNULL).stdout
    except OSError as error:
        raise EquispikeError(
            f"the compiler '{command[0]}' cannot be run ({error.strerror}): set CXX to another, or use --backend numpy"
        ) from None


def for_make() -> str:
    """The assignment by which make calls the compiler with the same words as we do."""
    return f"CXX={shlex.join(compiler_command())}".replace("$", "$$")


def build(command: list[str], folder: Path, what: str, log: Path, **environment: str) -> None:
    """Run a command that builds something in ``folder``.

    Raises
    ------
    EquispikeError
        It failed: for want of space or memory, or else ``what``, such as "the C++ code did not compile", with the place of all
        messages.
    """
    # In English, so that the reason can be found in the messages.
    done = children.run(command, cwd=folder, env=os.environ | {"LC_ALL": "C"} | environment, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return
    if done.returncode < 0:
        raise EquispikeError(f"{what}: {command[0]} did not end, {children.how_it_ended(done)}")
    messages = done.stdout + done.stderr
    if line := _line(_NO_SPACE, messages):
        if re.search(
            rf"{re.escape(tempfile.gettempdir())}/[^/:]+: '?({_NO_SPACE})", line
        ):  # compilers write there as well
            raise disk.full(tempfile.gettempdir(), "TMPDIR")
        raise disk.full(log.parent, "EQUISPIKE_CACHE")
    if _line(_NO_MEMORY, messages):
        raise EquispikeError(f"{what}: memory ran out; end other programs, or use a machine with more")
    try:
        log.write_text(messages, errors="replace")
    except OSError as error:
        raise disk.cannot_write(log.parent, error, "EQUISPIKE_CACHE") from None
    raise EquispikeError(f"{what} ({gist(messages)}); the compiler's messages are in {log}")


def gist(messages: str) -> str:
    """The first line that speaks of an error, else the last."""
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    return (_line("error:", messages).strip() or (lines[-1] if lines else ""))[:200]


def _line(pattern: str, messages: str) -> str:
    return next((line for line in messages.splitlines() if re.search(pattern, line, re.IGNORECASE)), "")
