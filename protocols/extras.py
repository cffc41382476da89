"""Packages that only some commands need."""

from __future__ import annotations

from importlib.util import find_spec

from equispike.models.errors import EquispikeError


def need(extra: str, *packages: str) -> None:
    """Raise EquispikeError with the command that installs them where one of ``packages``, which come with the ``extra`` of
    that name, is missing; imports nothing.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise EquispikeError(
            f"{' and '.join(missing)} cannot be imported: pip install 'equispike[{extra}]' (in a checkout '.[{extra}]')"
        )
