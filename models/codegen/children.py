"""Programs that this process starts and waits for: they end before it does, and how they ended is said in words."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from equispike.models.errors import EquispikeError

#: s; a program that was asked to end for so long is ended.
_PATIENCE = 4.0
_running: set[subprocess.Popen] = set()
_ending = False

_BY_SIGNAL = {
    "SIGKILL": "it was killed by SIGKILL, as happens when memory runs out: use fewer --jobs, a smaller network or a "
    "machine with more memory",
    "SIGSEGV": "it crashed with SIGSEGV: try --backend numpy, and report it as a mistake of Equispike's",
    "SIGILL": "it ended by SIGILL, as it uses instructions that this processor has not: set EQUISPIKE_PORTABLE=1",
    "SIGXFSZ": "it was ended by SIGXFSZ, as files may not become so large here: raise the limit (ulimit -f)",
    "SIGXCPU": "it was ended by SIGXCPU, as its CPU time was up: raise the limit (ulimit -t)",
}


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a program, whose output is text; it is ended where the block is left before it has."""
    if _ending:
        raise EquispikeError(f"{command[0]} was not started, as this process is ending")
    process = subprocess.Popen(command, text=True, errors="replace", **options)
    _running.add(process)
    try:
        if _ending:  # meanwhile
            process.terminate()
        yield process
    finally:
        _end(process)
        _running.discard(process)


def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, and keep what it says; ended by the signal -N, its return code is N below zero."""
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def end_all() -> None:
    """Ask every program that runs to end, and let no other begin; to be called by a process that is about to end."""
    global _ending
    _ending = True
    for process in list(_running):
        process.terminate()


def how_it_ended(done: subprocess.CompletedProcess[str]) -> str:
    """In words, how a program failed: by which signal, or with which code and last words."""
    if done.returncode >= 0:
        message = (done.stderr or done.stdout).strip()[-500:]
        return f"it stopped with code {done.returncode}: {message or 'it said nothing'}"
    try:
        name = signal.Signals(-done.returncode).name
    except ValueError:
        name = f"signal {-done.returncode}"
    return _BY_SIGNAL.get(name, f"it was ended by {name}")


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()
