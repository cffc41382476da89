"""Training by gradients of the classes' scores, in minibatches."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from equispike.models.classifier_params import ClassifierParams
from equispike.models.errors import EquispikeError
from equispike.models.extras import missing
from equispike.protocols.procedures.base import TRAINING, Arrays, Procedure, Samples
from equispike.protocols.procedures.gradients.frames import frames, varied
from equispike.protocols.procedures.gradients.params import DescentParams

if TYPE_CHECKING:
    from equispike.protocols.procedures.gradients.optimisation import Forward, Optimisation


class Descent(Procedure):
    """What trainings by gradients have in common; their state is a list of arrays, ``leaf:0000`` and so on."""

    params = DescentParams
    planned = True  # the learning rate changes along the way
    supervised = True
    shown = {  # noqa: RUF012
        "loss": "loss {:.4f}",
        "running_accuracy": "running accuracy {:.2%}",
        "validation_accuracy": "validation accuracy {:.2%}",
    }

    def __init__(self, spec, backend=None, n_samples=None) -> None:
        super().__init__(spec, backend, n_samples)
        assert isinstance(spec.procedure_params, DescentParams) and isinstance(spec.params, ClassifierParams)
        self._own, self._seen = spec.procedure_params, spec.params

    @classmethod
    def why_not(cls, spec) -> str | None:
        return missing("gradients", "jax", "optax", "equinox")

    @abstractmethod
    def forward(self) -> Forward:
        """Return the network as a function that can be differentiated."""

    @cached_property
    def optimisation(self) -> Optimisation:
        from equispike.protocols.procedures.gradients.optimisation import Optimisation

        spec = self.spec
        return Optimisation.of(self._own, self.forward(), super().begin(), spec.n_images, spec.n_train)

    def begin(self) -> Arrays:
        return _named(self.optimisation.begin())

    def ready(self, stage: int | None) -> None:
        if stage is not None:
            _ = self._warm

    @cached_property
    def _warm(self) -> bool:
        """Let JAX compile what is small, and no step of its own, before time counts."""
        import jax

        self.optimisation.restored(self.optimisation.begin())
        jax.random.key(0)
        return True

    def chunk_end(self, stop: int) -> int:
        size = self._own.batch_size
        return min(self.spec.n_images, -(-stop // size) * size)

    def advance(
        self, state: Arrays, samples: Samples, labels: np.ndarray, *, start: int, stage: int
    ) -> tuple[Arrays, dict[str, float]]:
        import jax

        trainable, optimiser = self.optimisation.restored(list(state.values()))
        size, found, sizes = self._own.batch_size, [], []
        for first in range(0, len(samples), size):
            words, batch = [self.spec.seed, TRAINING, (start + first) // size], slice(first, first + size)
            shown = varied(self._seen, self._own, samples[batch], np.random.default_rng([*words, 1]))
            key = jax.random.key(np.random.default_rng([*words, 2]).integers(2**31))
            trainable, optimiser, outcome = self.optimisation.step(
                trainable, optimiser, shown, labels[batch].astype(np.int32), key
            )
            found.append(outcome)
            sizes.append(len(labels[batch]))
        row = {"running_accuracy": sum(int(each["hits"]) for each in found) / sum(sizes)}
        for name in found[0]:
            if name != "hits":
                values = np.average([float(each[name]) for each in found], weights=sizes)
                row[name.replace(".spike", ".spikes")] = float(values)
        if not np.isfinite(row["loss"]):
            raise EquispikeError("the loss is no longer finite: lower learning_rate, or beta")
        return _named(self.optimisation.leaves(trainable, optimiser)), row

    def validated(self, state: Arrays, samples: Samples, labels: np.ndarray) -> dict[str, float]:
        from equispike.protocols.procedures.gradients.optimisation import FORWARD

        def shown(start: int) -> np.ndarray:
            return frames(self._seen, samples[start : start + FORWARD])

        trainable, _ = self.optimisation.restored(list(state.values()))
        guesses = self.optimisation.classes(trainable, shown, len(samples))
        return {"validation_accuracy": float((guesses == labels).mean())}

    def arrays_like(self) -> Arrays:
        return self.spec.network.initial_state(self.spec.params, self.spec.seed)

    def arrays(self, state: Arrays) -> Arrays:
        trainable, _ = self.optimisation.restored(list(state.values()))
        return {key: np.asarray(values) for key, values in trainable.items()}


def _named(leaves: list[np.ndarray]) -> Arrays:
    return {f"leaf:{number:04d}": leaf for number, leaf in enumerate(leaves)}
