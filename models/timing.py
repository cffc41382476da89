"""What takes time besides a model's own work: long steps such as compiling are told, and clocks do not count them."""

from __future__ import annotations

import logging
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Is told, at level INFO, what takes longer than a second.
LOG = logging.getLogger("equispike")
SOON = 1.0

_about: ContextVar[str] = ContextVar("about", default="")
_inside: ContextVar[bool] = ContextVar("inside", default=False)
_spent = [0.0, 0.0]  # wall and CPU seconds
_one_at_a_time = threading.Lock()


def cpu_seconds() -> float:
    """CPU time used so far by this process and the finished ones it started."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(r.ru_utime + r.ru_stime for r in used)


@contextmanager
def about(what: str) -> Iterator[None]:
    """Say of each step in the block that it is for ``what``."""
    token = _about.set(what)
    try:
        yield
    finally:
        _about.reset(token)


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Log what is being done once it has taken a second and, at its end, how long it took; no :class:`Stopwatch` counts it.

    ``doing`` : such as ``compiling C++``
    """
    doing = f"{about_what}: {doing}" if (about_what := _about.get()) else doing
    timer = threading.Timer(SOON, LOG.info, ("%s ...", doing))
    timer.daemon = True
    outermost, token, wall, cpu = not _inside.get(), _inside.set(True), time.monotonic(), cpu_seconds()
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _inside.reset(token)
        wall, cpu = time.monotonic() - wall, cpu_seconds() - cpu
        if outermost:
            with _one_at_a_time:
                _spent[:] = _spent[0] + wall, _spent[1] + cpu
    if wall > SOON:
        LOG.info("%s: done in %.1f s", doing, wall)


class Stopwatch:
    """Wall and CPU seconds since it was made, steps not counted."""

    def __init__(self) -> None:
        self._began = _now()

    def read(self) -> tuple[float, float]:
        """Return wall and CPU seconds."""
        wall, cpu = _now()
        return max(0.0, wall - self._began[0]), max(0.0, cpu - self._began[1])


def _now() -> tuple[float, float]:
    with _one_at_a_time:
        return time.monotonic() - _spent[0], cpu_seconds() - _spent[1]
