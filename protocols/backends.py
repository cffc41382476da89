"""What of a model runs on which backend, found out before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.catalogue import Model
from models.codegen import BACKENDS
from models.conv_stdp import ConvStdpParams
from models.params import Params
from models.parts import Parts


@dataclass(frozen=True)
class Verdict:
    """Whether a backend can run a model for a purpose.

    Attributes
    ----------
    purpose : ``training`` or ``evaluation``
    refusal : why it cannot, on any machine; None where it can
    missing : why not on this machine; None where it works here
    """

    backend: str
    purpose: str
    refusal: str | None
    missing: str | None


def verdicts(model: Model, params: Params) -> Iterator[Verdict]:
    """Every backend's, for each network that training and evaluation of ``model`` run."""
    networks = _networks(model, params)
    found: dict[tuple[type, str], str | None] = {}  # precision and templates make no difference
    for name, backend in BACKENDS.items():
        for purpose, build in networks.items():
            kind = type(backend), purpose
            if kind not in found:
                found[kind] = backend.refuses(build)
            yield Verdict(name, purpose, found[kind], backend.why_not())


def _networks(model: Model, params: Params) -> dict[str, Callable[[], Parts]]:
    if isinstance(params, ConvStdpParams):
        return {
            "training": lambda: model.build(params, 1, learning=params.conv_names[-1]),
            "evaluation": lambda: model.build(params, 1, grid=4),
        }
    if model.protocol == "gradients":  # trained by the program of gradients, which is JAX's whatever the backend
        return {"evaluation": lambda: model.build(params, 1)}
    return {"training and evaluation": lambda: model.build(params, 1)}
