"""ANNs: trained by gradients of the same loop, or fitted; their answers are scores of the classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from equispike.models.ann import AnnParams, ann, with_arrays
from equispike.models.build_request import BuildRequest
from equispike.models.errors import EquispikeError
from equispike.models.extras import need
from equispike.models.params import param
from equispike.protocols.procedures.base import Arrays, Procedure, ProcedureParams, Samples, ignore
from equispike.protocols.procedures.gradients.descent import Descent
from equispike.protocols.procedures.gradients.frames import frames
from equispike.protocols.readouts.base import Scores
from equispike.protocols.readouts.linear import of_all_classes
from equispike.protocols.structure import Fan, Structure

if TYPE_CHECKING:
    import jax

    from equispike.protocols.procedures.gradients.optimisation import Forward
    from equispike.protocols.readouts import Readout

#: Samples of a forward pass.
FORWARD = 1000


class Ann(Procedure):
    """What ANNs have in common: no backend of Brian2, no time."""

    chunk_samples = None
    default_backend = "jax"

    def __init__(self, spec, backend=None, n_samples=None) -> None:
        need("gradients", "jax", "equinox")
        super().__init__(spec, backend, n_samples)
        if backend not in (None, self.default_backend):
            raise EquispikeError(f"{spec.system.name} is an ANN, which runs on no backend of Brian2: omit --backend")
        assert isinstance(spec.params, AnnParams)
        self._network = spec.params

    @classmethod
    def chosen_backend(cls, name: str) -> str:
        if name not in ("auto", cls.default_backend):
            raise EquispikeError("an ANN runs on no backend of Brian2: omit --backend")
        return cls.default_backend

    def programs(self) -> dict[str, BuildRequest]:
        return {}

    @property
    def n_answers(self) -> int:
        return self._network.n_classes

    @property
    def readouts(self) -> dict[str, Readout]:
        return {"largest output": Scores()}

    def ready(self, stage: int | None) -> None:
        super().ready(stage)
        if stage is None:
            blank = np.zeros((min(FORWARD, self.n_samples or FORWARD), *self._network.input_shape), np.uint8)
            outputs(self._network, self.spec.network.initial_state(self._network, 0), blank)

    def respond(
        self, state: Arrays, samples: Samples, *, phase: int, jobs: int = 1, steps: int | None = None,
        report: Callable[[int], None] = ignore,
    ) -> np.ndarray:  # fmt: skip
        """Return scores (n, n_classes)."""
        scores = list(outputs(self._network, state, samples).values())[-1]
        report(len(samples))
        return scores

    def respond_by_step(self, state: Arrays, samples: Samples, *, phase: int, jobs: int = 1):
        yield 1, self.respond(state, samples, phase=phase)

    first_layer = "pixels: MACs"

    @property
    def classes(self) -> str:  # type: ignore[override]
        return f"layer{sum(hasattr(layer, 'weight') for layer in ann(self._network).layers)}"

    def structure(self, state: Arrays) -> Structure:
        return of_ann(self._network, state)

    def arriving_numbers(self, samples: Samples, state: Arrays | None = None) -> Arrays:
        """Return the fraction of ``samples`` in which each input of a layer is not zero, and each output after rectification,
        the latter as ``active layer1``.
        """
        assert state is not None
        found = {}
        for name, values in outputs(self._network, state, samples).items():
            fraction = (values.reshape(len(values), -1) != 0).mean(axis=0)
            number = int(name[5:])
            arrives = f"layer{number - 1}" if number > 1 else "input"
            found[arrives if name.startswith("input") else f"active {name}"] = fraction
        return found

    def layer_responses(self, state: Arrays, samples: Samples) -> Arrays:
        found = outputs(self._network, state, samples)
        return {name: values.reshape(len(values), -1) for name, values in found.items() if name.startswith("layer")}


class AnnGradients(Ann, Descent):
    """An ANN trained by gradients."""

    def forward(self) -> Forward:
        import jax

        network, params = ann(self._network), self._network

        def scores(trainable, shown, key):
            images = shown.reshape(len(shown), *params.input_shape)
            return jax.vmap(with_arrays(network, trainable))(images), {}, 0.0

        return scores


@dataclass(frozen=True)
class SvmParams(ProcedureParams):
    """Linear support vector machines, one class against all others; their optimum depends on no seed."""

    epochs: int = param(1, "all images are seen at once", "by definition", minimum=1, maximum=1)
    c: float = param(
        0.03, "cost of an image on the wrong side of the margin", "chosen here on validation images", minimum=0,
        exclusive=True,
    )  # fmt: skip


class SvmFit(Ann):
    """Linear support vector machines, fitted to all images at once by scikit-learn."""

    params = SvmParams
    default_backend = "scikit-learn"
    planned = supervised = True
    shuffled = False
    shown = {"running_accuracy": "accuracy on training images {:.2%}"}  # noqa: RUF012

    @classmethod
    def why_not(cls, spec) -> str | None:
        if spec.chunk_images < spec.n_images or spec.n_images > spec.n_train:
            return f"{spec.system.name} is fitted to all images at once, each seen once: omit --chunk-images, lower --images"
        return None

    def begin(self) -> Arrays:
        return {}

    def advance(
        self, state: Arrays, samples: Samples, labels: np.ndarray, *, start: int, stage: int
    ) -> tuple[Arrays, dict[str, float]]:
        from sklearn.svm import LinearSVC

        if len(np.unique(labels)) < 2:
            raise EquispikeError(f"{len(labels)} training images are of one class: images of at least two are needed")
        shown, own = frames(self._network, samples)[:, 0], self.spec.procedure_params
        assert isinstance(own, SvmParams)
        machines = LinearSVC(C=own.c, dual=False, random_state=self.spec.seed % 2**32).fit(shown, labels)
        weights, biases = of_all_classes(machines, self._network.n_classes)
        arrays = {"layers.1.weight": weights.astype(np.float32), "layers.1.bias": biases.astype(np.float32)}
        return arrays, {"running_accuracy": machines.score(shown, labels)}

    def arrays(self, state: Arrays) -> Arrays:
        return state

    def state_like(self) -> Arrays:
        return self.arrays_like()

    def arrays_like(self) -> Arrays:
        return self.spec.network.initial_state(self._network, 0)


def outputs(params: AnnParams, arrays: Mapping[str, np.ndarray], images: Samples) -> dict[str, np.ndarray]:
    """Return what goes into each layer with weights and what comes out after rectification, for ``images`` (n, ...).

    Arrays (n, ...) by name: ``input1``, ``layer1``, ``input2`` and so on; the last ones are the scores (n, n_classes).
    """
    import jax

    single = {name: np.asarray(values, np.float32) for name, values in arrays.items()}
    parts = [
        jax.device_get(_forward(params)(single, frames(params, images[start : start + FORWARD])))
        for start in range(0, len(images), FORWARD)
    ]
    names = sorted(parts[0], key=lambda name: (int(name[5:]), name))
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


@cache
def _forward(params: AnnParams) -> Callable:
    """Return the compiled forward pass; JAX is imported when it is first needed."""
    import jax

    from equispike.models.codegen.jax.compiling import Compiled

    @jax.jit
    def outputs(arrays: dict[str, jax.Array], shown: jax.Array) -> dict[str, jax.Array]:
        network = with_arrays(ann(params), arrays)

        def one(values):
            found: dict[str, jax.Array] = {}
            weighted = 0
            for before, layer in zip((None, *network.layers), network.layers, strict=False):
                if hasattr(layer, "weight"):
                    weighted += 1
                    found[f"input{weighted}"] = values
                values = layer(values)
                if hasattr(layer, "weight") or hasattr(before, "weight"):  # the layer itself, then its rectification
                    found[f"layer{weighted}"] = values
            return found

        return jax.vmap(one)(shown.reshape(len(shown), *params.input_shape))

    return Compiled(outputs, "the answers")


def of_ann(params: AnnParams, arrays: Mapping[str, np.ndarray]) -> Structure:
    """Return the structure of an ANN; sources are ``input`` and ``layer1`` and so on, whose rectified outputs arrive."""
    found, neurons = [], {}
    shape = params.input_shape[::-1]
    layers = [(place, layer) for place, layer in enumerate(ann(params).layers) if hasattr(layer, "weight")]
    for number, (place, layer) in enumerate(layers, start=1):
        name = f"layers.{place}.weight"
        weights = np.asarray(arrays[name])
        if weights.ndim == 4:
            (padding, _), *_ = layer.padding
            n_maps, _, size, _ = weights.shape
            height, width = (side + 2 * padding - size + 1 for side in shape[1:])
            reached = [_reached(weights[:, channel], height, width, padding) for channel in range(shape[0])]
            all_reached = _reached(np.ones_like(weights[:, 0]), height, width, padding)
            fan_out, n_synapses = np.concatenate(reached), int(all_reached.sum()) * shape[0]
            neurons[f"layer{number}"] = n_maps * height * width
            shape = (n_maps, height // 2, width // 2)
            of: tuple[int, ...] = weights.shape
            axes: tuple[str, ...] = ("target maps", "source maps", "rows", "columns")
        else:
            fan_out, n_synapses = np.count_nonzero(weights, axis=0), weights.size
            neurons[f"layer{number}"] = weights.shape[0]
            of, axes = weights.shape, ("target", "source")
            if len(shape) == 3 and number > 1:  # maps come first
                of, axes = (len(weights), shape[0], shape[1] * shape[2]), ("target", "source maps", "source places")
            shape = (len(weights),)
        source = f"layer{number - 1}" if number > 1 else "input"
        found.append(Fan(f"weights{number}", source, f"layer{number}", "MAC", fan_out, n_synapses, name, of, axes))
    return Structure(found, neurons, dict.fromkeys(neurons, 0))


def _reached(kernels: np.ndarray, height: int, width: int, padding: int) -> np.ndarray:
    """Return how many outputs of ``height`` x ``width`` places each input reaches by ``kernels`` (maps, rows, columns)."""
    from scipy.signal import convolve2d

    wide = convolve2d(np.ones((height, width)), np.count_nonzero(kernels, axis=0))
    inner = wide[padding : len(wide) - padding, padding : wide.shape[1] - padding]
    return np.rint(inner).astype(int).ravel()
