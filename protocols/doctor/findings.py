"""What a check says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "broken", "not needed"]


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing.

    Attributes
    ----------
    what : the thing
    state : missing things are not there, broken ones are there and fail
    found : facts such as a version or a folder; of a broken thing, how it fails
    to_do : commands, or what to do in a few words; empty where there is nothing to do
    vital : whether the suite needs it on any machine
    """

    what: str
    state: State
    found: str = ""
    to_do: str = ""
    vital: bool = False


Check = Callable[[], Iterator[Finding]]


def size(n_bytes: float) -> str:
    """Bytes, in MB or GB."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"
