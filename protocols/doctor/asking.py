"""Running other programs without ever waiting for them for long."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import NamedTuple

from equispike.models.codegen.compilers import gist


class Answer(NamedTuple):
    """What a program printed, and in a few words how it failed, if it did."""

    out: str
    fault: str | None = None


def ask(*command: str, seconds: float, **environment: str) -> Answer:
    """Run a program; after ``seconds`` it and all that it started are killed, and what it had printed is the answer."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            env=os.environ | environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return Answer("", f"cannot be run: {error.strerror}")
    with process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException as stop:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(stop, subprocess.TimeoutExpired):
                raise
            out = ""
            with suppress(subprocess.TimeoutExpired):  # something may have left the group and still hold the pipes
                out, _ = process.communicate(timeout=1)
            return Answer(out, f"no answer within {seconds:g} s")
    if process.returncode < 0:
        return Answer(out, f"ended by {signal.Signals(-process.returncode).name}")
    return Answer(out, gist(err or out) or f"exit code {process.returncode}" if process.returncode else None)
