"""What Brian2 says of equations that it cannot take, as one sentence."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brian2

from equispike.models.errors import EquispikeError

_BRIAN2 = str(Path(brian2.__file__).parent)
_NAMED = re.compile(r"Error encountered with object named '([^']+)'")


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Raise EquispikeError, with the name of the object, for what Brian2 raises about a network; all else goes on as it is."""
    try:
        yield
    except (EquispikeError, OSError, MemoryError):  # not what a network is to blame for
        raise
    except Exception as error:
        if not any(frame.filename.startswith(_BRIAN2) for frame in traceback.extract_tb(error.__traceback__)):
            raise
        raise EquispikeError(_sentence(error)) from error


def _sentence(error: BaseException) -> str:
    """The innermost reason, after the object that Brian2 names."""
    named, reason = "", error
    while True:
        if match := _NAMED.search(str(reason)):
            named = match[1]
        if reason.__cause__ is None:
            break
        reason = reason.__cause__
    text = str(reason.args[0]) if isinstance(reason, KeyError) and reason.args else str(reason)
    if isinstance(reason, SyntaxError) and reason.text:
        text = f"{reason.msg} in '{reason.text.strip()}'"
    text = " ".join(text.split()) or type(reason).__name__
    return f"{named}: {text}" if named else text
