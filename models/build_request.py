"""How a model's network is built, as plain data: what a backend needs that builds it in another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from equispike.models.built_network import BuiltNetwork
from equispike.models.catalogue import get_model
from equispike.models.params import Params


@dataclass(frozen=True)
class BuildRequest:
    """A network to be built; calling it builds it.

    Attributes
    ----------
    n_images : most images of a chunk
    options : further keywords of the model's build()
    """

    model: str
    params: Params
    n_images: int
    options: Mapping[str, object] = field(default_factory=dict)

    def __call__(self) -> BuiltNetwork:
        return get_model(self.model).build(self.params, self.n_images, **self.options)

    def as_json(self) -> dict:
        params = self.params.as_text()
        return {"model": self.model, "params": params, "n_images": self.n_images, "options": dict(self.options)}

    @classmethod
    def from_json(cls, text: dict) -> BuildRequest:
        return cls(**{**text, "params": get_model(text["model"]).params().updated(text["params"])})
