"""Trained networks of all kinds, ready to tell the classes of images with weights of one's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from equispike import models
from equispike.models.ann import AnnParams, Lenet5Params
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.errors import EquispikeError
from equispike.models.layered import ConvLayer, LayeredNetworkParams
from equispike.protocols import baselines, readout
from equispike.protocols.data import Dataset
from equispike.protocols.evaluating import label_indices
from equispike.protocols.features import GRID, features_of
from equispike.protocols.gradients.frozen_network import FrozenNetwork
from equispike.protocols.layerwise.features import Features, frozen_state
from equispike.protocols.layerwise.readouts import READOUTS, Readout
from equispike.protocols.measuring.perturbations import Units
from equispike.protocols.presenting import TESTING, Presenter
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, presenter

type Arrays = Mapping[str, np.ndarray]

#: Training images for the linear readout of conv-stdp's features, fewer than in an evaluation.
READOUT_LABELS = 10_000


@dataclass
class Subject:
    """A trained run.

    Attributes
    ----------
    jobs : runs at a time
    """

    run: RunFolder
    data: Dataset
    backend: str | None = None
    jobs: int = 1
    spec: TrainingSpec = field(init=False)
    arrays: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.spec = TrainingSpec.from_json(self.run.read_json("run.json")["config"])
        self.arrays = self.run.trained_arrays()

    @property
    def units(self) -> list[Units]:
        """What can be lost."""
        raise NotImplementedError

    @property
    def weights(self) -> list[str]:
        """Names of the arrays of synapses."""
        return [name for name in self.arrays if name.endswith((".w", ".weight"))]

    def classes(self, images: np.ndarray, arrays: Arrays) -> np.ndarray:
        """Classes (n,) of ``images`` (n, height, width) uint8 with the weights ``arrays``."""
        raise NotImplementedError


class DiehlCook(Subject):
    """Neurons keep the labels that they had before any damage; the paper's vote."""

    @property
    def units(self) -> list[Units]:
        return [Units("w", self.arrays["w"].shape, 1, "exc")]  # without input a neuron never fires

    @property
    def weights(self) -> list[str]:
        return ["w"]

    @cached_property
    def network(self) -> Presenter:
        return presenter(self.spec, self.backend)

    @cached_property
    def rates(self) -> np.ndarray:
        if not self.run.has("labels.npz"):
            raise EquispikeError(
                f"the neurons of {self.run.path} have no labels yet: run equispike evaluate {self.run.path}"
            )
        return self.run.read_arrays("labels.npz")["class_rates"]

    def classes(self, images: np.ndarray, arrays: Arrays) -> np.ndarray:
        state = models.get_model(self.spec.model).frozen_state(self.spec.params, arrays["w"], arrays["theta"])
        counts = np.concatenate(list(self.network.frozen_counts(state, images, phase=TESTING, jobs=self.jobs)))
        return readout.vote(counts, self.rates).argmax(axis=1)


class ConvStdp(Subject):
    """Multinomial regression on features, before any damage, tells the classes: of images that are stopped early, most of
    whose features are 0 throughout, linear support vector machines take more than minutes to learn.
    """

    @property
    def params(self) -> ConvStdpParams:
        assert isinstance(self.spec.params, ConvStdpParams)
        return self.spec.params

    @property
    def units(self) -> list[Units]:
        return [Units(f"{name}.w", self.params.kernel_shape(name), 3, name) for name in self.params.conv_names]

    @cached_property
    def network(self) -> Features:
        return Features.of_run(self.run, self.spec, GRID, self.backend)

    def trained_readout(self, n_bins: int | None = None) -> Readout:
        """Trained on features of training images that are stopped after ``n_bins``."""
        which = label_indices(self.spec, self.data, READOUT_LABELS)
        features = self.network.extract(self.data.train_images[which], jobs=self.jobs, n_bins=n_bins)
        return READOUTS["softmax"]("").fit(features, self.data.train_labels[which])

    @cached_property
    def readout(self) -> Readout:
        return self.trained_readout()

    def classes(self, images: np.ndarray, arrays: Arrays) -> np.ndarray:
        readout = self.readout
        state = frozen_state(self.params, arrays)
        features = Features(self.params, self.network.program, state, GRID, self.network.chunk_images)
        return readout.predict(features.extract(images, jobs=self.jobs))


class Deep(Subject):
    """Networks that gradients trained, in Brian2."""

    @property
    def params(self) -> LayeredNetworkParams:
        assert isinstance(self.spec.params, LayeredNetworkParams)
        return self.spec.params

    @property
    def units(self) -> list[Units]:
        found = []
        layers = self.params.hidden
        for number, layer in enumerate(layers, start=1):
            after = layers[number] if number < len(layers) else None
            name = f"hidden{number}"
            if isinstance(after, ConvLayer):
                shape = (layer.shape[-1], after.size, after.size, after.maps)
                found.append(Units(f"hidden{number + 1}_kernels.w", shape, 0, name))
            else:
                target = "classes" if after is None else f"hidden{number + 1}"
                n = self.params.n_classes if after is None else after.n
                maps = layer.shape[-1] if isinstance(layer, ConvLayer) else layer.n  # at all places
                found.append(Units(f"{target}_in.w", (layer.n // maps, maps, n), 1, name))
            if "recurrent.w" in self.arrays:
                found.append(Units("recurrent.w", (layer.n, layer.n), 0, name))
        return found

    def classes(self, images: np.ndarray, arrays: Arrays) -> np.ndarray:
        samples = images if self.spec.features is None else features_of(images, self.spec, self.run, self.backend)
        shown = self.network.records(arrays, samples, phase=TESTING, jobs=self.jobs)
        return np.concatenate([self.network.scores_of(n, records) for n, records in shown]).argmax(axis=1)

    @cached_property
    def network(self) -> FrozenNetwork:
        return FrozenNetwork.of(self.spec, len(self.data.test_images), self.backend)


class Ann(Subject):
    """Ordinary networks."""

    @property
    def params(self) -> AnnParams:
        assert isinstance(self.spec.params, AnnParams)
        return self.spec.params

    @property
    def weights(self) -> list[str]:
        return sorted(super().weights, key=lambda name: int(name.split(".")[1]))

    @property
    def units(self) -> list[Units]:
        names = self.weights[1:]
        shapes = [self.arrays[name].shape for name in names]
        if isinstance(self.params, Lenet5Params):  # maps reach the first fully connected layer at 25 places
            shapes[1] = (shapes[1][0], 16, 25)
        return [Units(name, shape, 1, name) for name, shape in zip(names, shapes, strict=True)]

    def classes(self, images: np.ndarray, arrays: Arrays) -> np.ndarray:
        return baselines.scores(self.params, arrays, images).argmax(axis=1)


def evenly(n: int, wanted: int) -> np.ndarray:
    """Indices of ``wanted`` of ``n`` images, or of all, at even distances."""
    wanted = min(n, wanted)
    return np.arange(wanted) * n // wanted


def subject(run: RunFolder, data: Dataset, backend: str | None = None, jobs: int = 1) -> Subject:
    """The trained run of that folder; raises EquispikeError where it is not fully trained."""
    params = TrainingSpec.from_json(run.read_json("run.json")["config"]).params
    kinds: list[tuple[type, type[Subject]]] = [
        (DiehlCookParams, DiehlCook), (ConvStdpParams, ConvStdp), (LayeredNetworkParams, Deep), (AnnParams, Ann),
    ]  # fmt: skip
    kind = next(subject for of, subject in kinds if isinstance(params, of))
    if kind is Ann and backend is not None:
        raise EquispikeError(
            f"{run.path} is an ordinary network, which runs on no backend of Brian2: leave --backend away"
        )
    return kind(run, data, backend, jobs)
