"""Signals that ask this process to end: its programs end first, what is half written goes, and one sentence says so."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from equispike.models.codegen import children

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: s; libraries may swallow what is raised here, and may wait for threads that do not end.
_AGAIN_AFTER = 5.0


class Stopped(BaseException):
    """This process was asked to end by signal ``number``; what is noted says how to go on."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number, self.code = number, 128 + number

    def sentence(self) -> str:
        """What there is to say."""
        what = "Interrupted" if self.number == signal.SIGINT else f"Stopped by {signal.Signals(self.number).name}"
        return "; ".join([what, "what was written is whole", *getattr(self, "__notes__", [])]) + "."


@contextmanager
def heeded(first: Callable[[int], None] = lambda number: None) -> Iterator[None]:
    """Raise :class:`Stopped` in the block, after calling ``first`` with the signal's number, for signals that ask to end.

    What is ignored from the beginning, as SIGHUP by nohup, stays so.
    """

    def stop(number: int, frame: object) -> None:
        children.end_all()
        logging.disable()  # Brian2 warns of networks that never ran
        first(number)
        signal.signal(signal.SIGALRM, lambda alarm, frame: stop(number, frame))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_AFTER)
        raise Stopped(number)

    before = {number: signal.getsignal(number) for number in (*_SIGNALS, signal.SIGALRM)}
    for number in _SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    except Stopped as stopped:
        _leave_within_time(stopped.code)
        raise
    finally:
        for number in _SIGNALS:
            signal.signal(number, before[number])


def take_time() -> None:
    """Let what is cleared away now take as long as it needs."""
    signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def noted(how_to_go_on: Callable[[], str | None]) -> Iterator[None]:
    """Say how to go on, where there is a way, if the block is stopped."""
    try:
        yield
    except (Stopped, KeyboardInterrupt) as stopped:
        if note := how_to_go_on():
            stopped.add_note(note)
        raise


def _leave_within_time(code: int) -> None:
    """Threads of libraries must not keep a process that has nothing left to do."""
    signal.signal(signal.SIGALRM, lambda number, frame: os._exit(code))
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_AFTER)
