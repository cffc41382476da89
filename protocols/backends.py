"""What of a model runs on which backend, found out before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from equispike.models.codegen import BACKENDS
from equispike.protocols.spec import TrainingSpec


@dataclass(frozen=True)
class Verdict:
    """Whether a backend can run a model for a purpose.

    Attributes
    ----------
    purpose : such as ``training of conv1`` or ``answers``
    refusal : why it cannot, on any machine; None where it can
    missing : why not on this machine; None where it works here
    """

    backend: str
    purpose: str
    refusal: str | None
    missing: str | None


def verdicts(spec: TrainingSpec) -> Iterator[Verdict]:
    """Yield every backend's, for each program that the training and its answers need."""
    found: dict[tuple[type, str], str | None] = {}  # precision and templates make no difference
    for name, backend in BACKENDS.items():
        for purpose, request in spec.procedure().programs().items():
            kind = type(backend), purpose
            if kind not in found:
                found[kind] = backend.refuses(request)
            yield Verdict(name, purpose, found[kind], backend.why_not())
