"""Packages that only some work needs."""

from __future__ import annotations

from importlib.util import find_spec

from equispike.models.errors import EquispikeError


def missing(extra: str, *packages: str) -> str | None:
    """Return the command that installs those of ``packages``, which come with the ``extra`` of that name, that are not here,
    or None where all are; imports nothing.
    """
    if absent := [package for package in packages if find_spec(package) is None]:
        names = " and ".join(absent)
        return f"{names} cannot be imported: pip install 'equispike[{extra}]' (in a checkout '.[{extra}]')"
    return None


def need(extra: str, *packages: str) -> None:
    """Raise EquispikeError where one of ``packages`` is missing."""
    if sentence := missing(extra, *packages):
        raise EquispikeError(sentence)
