"""What a training is, completely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from equispike.models import own_files
from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import get_system

if TYPE_CHECKING:
    from equispike.models.network import Network
    from equispike.models.params import Params
    from equispike.protocols.data import Dataset
    from equispike.protocols.procedures.base import Procedure, ProcedureParams
    from equispike.protocols.run_folder import RunFolder
    from equispike.protocols.system import System


@dataclass(frozen=True)
class TrainingSpec:
    """What to train, completely.

    Attributes
    ----------
    params, procedure_params : of the network, and of its training
    n_images : samples to present, in each stage at most; beyond the size of the training set they come again in another order
    n_train : samples of the training set that are not held out: a pass
    holdout : samples at the end of the training set kept out of training and labelling, for validation
    chunk_images : samples between checkpoints
    source : the run that another run learns from, as seen from the run folder
    """

    system: System
    params: Params
    procedure_params: ProcedureParams
    data: str
    n_images: int
    n_train: int
    seed: int
    backend: str
    holdout: int = 0
    chunk_images: int = 1000
    source: str | None = None

    @property
    def network(self) -> Network:
        return self.system.built_by

    @property
    def own_files(self) -> list[str]:
        """Return references to files of the user's own that it depends on."""
        words = [self.system.name, *self.params.as_text().values()]
        return [word for word in words if own_files.is_own(word)]

    def procedure(self, backend: str | None = None, n_samples: int | None = None) -> Procedure:
        """Return its procedure, for answers on ``backend`` and in runs of up to ``n_samples`` where they are given."""
        return self.system.trained_by(self, backend, n_samples)

    def replaced(self, **changes: Any) -> TrainingSpec:
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Return the configuration as run.json holds it."""
        config = {
            "system": self.system.name,
            "params": self.params.as_text(),
            "procedure_params": self.procedure_params.as_text(),
            "data": self.data,
            "n_images": self.n_images,
            "n_train": self.n_train,
            "seed": self.seed,
            "backend": self.backend,
            "holdout": self.holdout,
            "chunk_images": self.chunk_images,
        }
        return config if self.source is None else config | {"source": self.source}

    @classmethod
    def from_json(cls, config: dict[str, Any]) -> TrainingSpec:
        """Read the configuration of run.json; raises EquispikeError where it is damaged."""
        try:
            system = get_system(config["system"])
            params = system.params().updated(config["params"])
            own = system.procedure_params().updated(config["procedure_params"])
            return cls(**{**config, "system": system, "params": params, "procedure_params": own})
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
            raise EquispikeError(
                "the configuration in run.json is damaged: delete the run folder and train anew"
            ) from None

    @classmethod
    def of_run(cls, run: RunFolder) -> TrainingSpec:
        """Read what a run folder was trained as; raises EquispikeError where its configuration cannot be."""
        try:
            return cls.from_json(run.read_json("run.json")["config"])
        except EquispikeError as error:
            where = str(run.path / "run.json")
            raise EquispikeError(str(error) if where in str(error) else f"{where}: {error}") from None

    def check(self, data: Dataset) -> None:
        """Raise EquispikeError where the numbers cannot work with ``data``, or the procedure not with them."""
        if self.holdout < 0:
            raise EquispikeError(f"--holdout must be at least 0, but is {self.holdout}")
        if self.n_train < 1:
            raise EquispikeError(
                f"--holdout {self.holdout} leaves nothing to train on: {data.name} has {len(data.train_images)} training images"
            )
        if self.chunk_images < 1:
            raise EquispikeError(f"--chunk-images must be at least 1, but is {self.chunk_images}")
        if self.n_images < 1:
            raise EquispikeError(f"--images must be at least 1, but is {self.n_images}")
        if reason := self.system.trained_by.why_not(self):
            raise EquispikeError(reason)
        kind = "features" if self.source is not None else data.kind
        self.params.check_kind(self.system.name, data.name, kind)
        own = getattr(self.params, "n_classes", None)
        if own is not None and data.n_classes > own:
            raise EquispikeError(
                f"{data.name} has {data.n_classes} classes, but the network has {own}: change the last of layers"
            )
        self.params.check_images(data.name, data.train_images.shape[1:])
