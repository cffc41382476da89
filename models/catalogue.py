"""The only catalogue of the suite: networks, and the neurons, synapses and plasticity rules that protocols characterise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from equispike.models import ann, conv_stdp, diehl_cook, layered, neurons, plasticity
from equispike.models.built_network import BuiltNetwork
from equispike.models.errors import EquispikeError
from equispike.models.neurons import Neuron
from equispike.models.params import Params
from equispike.models.plasticity import Rule
from equispike.models.synapses import SYNAPSES


def _nothing(*arguments: object) -> dict[str, np.ndarray]:
    return {}


def _no_equations(params: Params, *arguments: object, **options: object) -> BuiltNetwork:
    raise EquispikeError(f"{params.structure()} is an ordinary network: it has no equations")


@dataclass(frozen=True)
class Model:
    """A published model.

    Attributes
    ----------
    params : its parameter class
    protocol : how it is trained and evaluated; ``presenting``: image after image, classes from spike counts;
        ``layerwise``: layer after layer, classes from features; ``gradients``: by gradients of the classes' scores;
        ``baseline``: an ordinary network
    initial_state : (params, seed) -> state variables by name, SI units
    frozen_state : (params, w, theta) -> state for presenting without learning
    fixed_inputs : (params, seed) -> input arrays that stay the same in all chunks
    build : (params, n_images, **options) -> the network for chunks of up to n_images images
    one_run : module with the network for simulators that know one run and no custom events, where there is one
    """

    name: str
    summary: str
    citation: str
    params: type[Params]
    protocol: str
    initial_state: Callable[..., dict[str, np.ndarray]]
    build: Callable[..., BuiltNetwork] = _no_equations
    frozen_state: Callable[..., dict[str, np.ndarray]] = _nothing
    fixed_inputs: Callable[..., dict[str, np.ndarray]] = _nothing
    one_run: ModuleType | None = None


MODELS = {
    model.name: model
    for model in (
        Model(
            name="diehl-cook",
            summary="digits learned without labels by STDP, adaptive thresholds and lateral inhibition",
            citation="Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099",
            params=diehl_cook.DiehlCookParams,
            protocol="presenting",
            initial_state=diehl_cook.initial_state,
            frozen_state=diehl_cook.frozen_state,
            fixed_inputs=diehl_cook.fixed_inputs,
            build=diehl_cook.build,
            one_run=diehl_cook.one_run,
        ),
        Model(
            name="conv-stdp",
            summary="difference-of-Gaussians input and convolutional layers that learn by STDP, one after the other",
            citation="Kheradpisheh et al. 2018, Neural Networks 99:56-67, doi:10.1016/j.neunet.2017.12.005",
            params=conv_stdp.ConvStdpParams,
            protocol="layerwise",
            initial_state=conv_stdp.initial_state,
            build=conv_stdp.build,
        ),
        *(
            Model(
                name=name,
                summary=summary,
                citation=citation,
                params=params,
                protocol="gradients",
                initial_state=layered.initial_state,
                build=layered.build,
            )
            for name, summary, citation, params in (
                (
                    "spiking-mlp",
                    "fully connected layers of spiking neurons, trained by surrogate gradients",
                    "Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36:51-63, doi:10.1109/MSP.2019.2931595",
                    layered.SpikingMlpParams,
                ),
                (
                    "spiking-cnn",
                    "convolutional layers of spiking neurons, trained by surrogate gradients",
                    "Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36:51-63, doi:10.1109/MSP.2019.2931595",
                    layered.SpikingCnnParams,
                ),
                (
                    "spiking-rnn",
                    "a recurrent layer with adapting neurons that sees images row by row, trained by surrogate gradients",
                    "Bellec et al. 2018, NeurIPS 31, arXiv:1803.09574",
                    layered.SpikingRnnParams,
                ),
                (
                    "lif-readout",
                    "spiking neurons, one a class, trained by surrogate gradients on features of another run",
                    "Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36:51-63, doi:10.1109/MSP.2019.2931595",
                    layered.LifReadoutParams,
                ),
            )
        ),
        *(
            Model(
                name=name,
                summary=summary,
                citation="LeCun, Bottou, Bengio & Haffner 1998, Proc. IEEE 86:2278-2324, doi:10.1109/5.726791",
                params=params,
                protocol="baseline",
                initial_state=ann.initial_state,
            )
            for name, summary, params in (
                ("softmax", "ordinary network: softmax regression on pixels", ann.SoftmaxParams),
                ("mlp", "ordinary network: fully connected layers of rectified linear units", ann.MlpParams),
                ("lenet5", "ordinary network: LeNet-5 with rectified linear units", ann.Lenet5Params),
                ("linear-svm", "ordinary classifier: linear support vector machines on pixels", ann.LinearSvmParams),
            )
        ),
    )
}


def get_model(name: str) -> Model:
    """The model of that name; raises EquispikeError naming the ones there are."""
    if name not in MODELS:
        raise EquispikeError(f"unknown model '{name}'; the models are: {', '.join(MODELS)}")
    return MODELS[name]


NEURONS: dict[str, Neuron] = {
    neuron.name: neuron
    for neuron in (
        neurons.LIF,
        neurons.ADAPTIVE_LIF,
        neurons.QUADRATIC,
        neurons.ADEX,
        neurons.IZHIKEVICH,
        neurons.HODGKIN_HUXLEY,
        neurons.CONDUCTANCE_LIF,
        neurons.ADAPTIVE_CONDUCTANCE_LIF,
        neurons.DIMENSIONLESS_LIF,
        neurons.DIMENSIONLESS_ALIF,
    )
}
RULES: dict[str, Rule] = plasticity.ALL_RULES

#: What an experiment may take, by the word for it: each entry has a name, a summary, a citation and a parameter class.
KINDS: dict[str, dict[str, Any]] = {"neuron": NEURONS, "synapse": SYNAPSES, "plasticity": RULES}


def get_of_kind(kind: str, name: str) -> Any:
    """The neuron, synapse or plasticity rule of that name; raises EquispikeError naming the ones there are."""
    if name not in KINDS[kind]:
        raise EquispikeError(f"unknown {_WORDS[kind]} '{name}'; there are: {', '.join(KINDS[kind])}")
    return KINDS[kind][name]


_WORDS = {"neuron": "neuron model", "synapse": "synapse model", "plasticity": "plasticity rule"}
