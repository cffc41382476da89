"""What a system is: a published network, how it is trained, and what its paper reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from typing import TYPE_CHECKING, Any

from equispike.models.references import resolve

if TYPE_CHECKING:
    from equispike.models.network import Network
    from equispike.models.params import Params
    from equispike.protocols.procedures.base import Procedure, ProcedureParams


@dataclass(frozen=True)
class Headline:
    """The paper's own figure.

    Attributes
    ----------
    accuracy : fraction of the test set
    data, of : data set, and what network
    where : in the paper
    """

    accuracy: float
    data: str
    of: str
    where: str


@dataclass(frozen=True)
class System:
    """A row of the catalogue. Objects are named by where they stand, so that reading the catalogue imports none.

    Attributes
    ----------
    network : where its :class:`Network` stands
    procedure : where its :class:`Procedure` stands, which has encoder and readouts
    training : the procedure's parameters that differ from its defaults
    small : settings of a small version, to try it and to test it
    figures : where its own figures stand; those that all systems have are drawn without
    headline : None where the paper has no figure for it
    """

    name: str
    summary: str
    citation: str
    network: str | Network
    procedure: str | type[Procedure]
    training: Mapping[str, Any] = field(default_factory=dict)
    small: Mapping[str, Any] = field(default_factory=dict)
    figures: Any = ""
    headline: Headline | None = None

    @property
    def label(self) -> str:
        """Return its name as a part of a file's name: of one from a file, what it is called there."""
        return self.name.rpartition(":")[2]

    @property
    def built_by(self) -> Network:
        """Return its network."""
        return resolve(self.network)

    @property
    def trained_by(self) -> type[Procedure]:
        """Return its procedure."""
        return resolve(self.procedure)

    def params(self) -> Params:
        """Return the network's parameters as published."""
        return self.built_by.params()

    def procedure_params(self) -> ProcedureParams:
        """Return the procedure's parameters as this system is trained by default."""
        return self.trained_by.params().updated(self.training)

    def fields(self) -> dict[str, Field]:
        """Return the declared parameters of network and training, by name."""
        sections = self.params().sections() | {"training": self.procedure_params()}
        named = {"training": ""}
        return {
            named.get(prefix, prefix) + field.name: field
            for prefix, section in sections.items()
            for field in section.declared()
        }

    @property
    def is_spiking(self) -> bool:
        """Return whether it is made of equations; ANNs are not."""
        return self.built_by.build is not None

    def settled(
        self, settings: Mapping[str, Any], params: Params | None = None, procedure: ProcedureParams | None = None
    ) -> tuple[Params, ProcedureParams]:
        """Return parameters of network and procedure with ``settings`` applied, each to the one that has it.

        Raises EquispikeError for a key that neither has, or a value that is out of range.
        """
        params, procedure = params or self.params(), procedure or self.procedure_params()
        own = {key: value for key, value in settings.items() if key in procedure.keys()}
        others = {key: value for key, value in settings.items() if key not in own}
        return _updated(params, others, procedure), procedure.updated(own)


def _updated(params: Params, settings: Mapping[str, Any], procedure: ProcedureParams) -> Params:
    from equispike.models.errors import EquispikeError

    try:
        return params.updated(settings)
    except EquispikeError as error:
        if not str(error).startswith("unknown parameter"):
            raise
        raise EquispikeError(f"{error}; of its training: {', '.join(procedure.keys())}") from None
