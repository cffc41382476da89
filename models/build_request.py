"""What a backend is asked to build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from equispike.models.built_network import BuiltNetwork
from equispike.models.network import Network
from equispike.models.params import Params
from equispike.models.references import resolve


@dataclass(frozen=True)
class BuildRequest:
    """A network to be built; calling it builds it.

    Attributes
    ----------
    reference : where the network stands, such as ``equispike.models.diehl_cook:NETWORK``, or the network itself
    n_samples : most samples of a run
    options : further keywords of the network's build()
    """

    reference: str | Network
    params: Params
    n_samples: int
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        return resolve(self.reference)

    def __call__(self) -> BuiltNetwork:
        assert self.network.build is not None  # ANNs have no programs
        return self.network.build(self.params, self.n_samples, **self.options)
