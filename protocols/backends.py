"""What of a model runs on which backend, found out before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from equispike.models.build_request import BuildRequest
from equispike.models.catalogue import Model
from equispike.models.codegen import BACKENDS
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.params import Params


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


def _networks(model: Model, params: Params) -> dict[str, BuildRequest]:
    if isinstance(params, ConvStdpParams):
        learning = {"learning": params.conv_names[-1]}
        return {
            "training": BuildRequest(model.name, params, 1, learning),
            "evaluation": BuildRequest(model.name, params, 1, {"grid": 4}),
        }
    # Deep networks are trained by the program of their gradients, which is JAX's whatever the backend.
    purpose = "evaluation" if model.protocol == "gradients" else "training and evaluation"
    return {purpose: BuildRequest(model.name, params, 1)}
