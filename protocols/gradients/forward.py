"""From images to scores, differentiably: by the program made of a network's Brian2 objects, or by an ordinary network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax

from equispike import models
from equispike.models.ann import AnnParams, ann, with_arrays
from equispike.models.codegen.jax import SURROGATES, differentiable
from equispike.models.layered import LayeredNetworkParams
from equispike.protocols.training import TrainingSpec

#: (trainable arrays, frames (n, n_frames, n_input), random key) -> scores (n, n_classes), mean spikes a neuron and image
#: of each layer, and what they cost.
type Forward = Callable[
    [Mapping[str, jax.Array], jax.Array, jax.Array], tuple[jax.Array, dict[str, jax.Array], jax.Array]
]


def forward(spec: TrainingSpec) -> Forward:
    """The forward pass of the network of ``spec``."""
    return _of_ann(spec.params) if isinstance(spec.params, AnnParams) else _of_program(spec)


def _of_program(spec: TrainingSpec) -> Forward:
    params, model = spec.params, models.get_model(spec.model)
    assert isinstance(params, LayeredNetworkParams)
    program = differentiable(
        model.build(params, 1),
        inputs=["frames"],
        trainable=list(model.initial_state(params, spec.seed)),
        surrogate=SURROGATES[params.surrogate](params.beta),
        reset_gradient=["classes.score"] if params.readout == "spikes" else False,  # spikes are counted at resets
    )
    spiking = [f"{name}.spike" for name in params.spiking_names]

    def scores(trainable, shown, key):
        def one(sample, key):
            state, totals = program.run(trainable, {"frames": sample}, params.n_steps, total=spiking, key=key)
            return state["classes.score"], totals

        scores, totals = jax.vmap(one)(shown, jax.random.split(key, len(shown)))
        rates = {key: spikes.mean() for key, spikes in totals.items()}
        return scores, rates, params.rate_penalty * sum(rates.values())

    return scores


def _of_ann(params: AnnParams) -> Forward:
    network = ann(params)

    def scores(trainable, shown, key):
        images = shown.reshape(len(shown), *params.input_shape)
        return jax.vmap(with_arrays(network, trainable))(images), {}, 0.0

    return scores
