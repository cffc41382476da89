"""From frames to scores, differentiably: the program made of a network's Brian2 objects."""

from __future__ import annotations

import jax

from equispike.models.codegen.jax import SURROGATES, differentiable
from equispike.models.layered import LayeredParams
from equispike.protocols.procedures.gradients.optimisation import Forward
from equispike.protocols.procedures.gradients.params import GradientParams
from equispike.protocols.spec import TrainingSpec


def of_program(spec: TrainingSpec) -> Forward:
    """Return the forward pass of the network of ``spec``."""
    params, own, network = spec.params, spec.procedure_params, spec.network
    assert isinstance(params, LayeredParams) and isinstance(own, GradientParams) and network.build
    program = differentiable(
        network.build(params, 1),
        inputs=["frames"],
        trainable=list(network.initial_state(params, spec.seed)),
        surrogate=SURROGATES[own.surrogate](own.beta),
        reset_gradient=["classes.score"] if params.readout == "spikes" else False,  # spikes are counted at resets
    )
    spiking = [f"{name}.spike" for name in params.spiking_names]

    def scores(trainable, shown, key):
        def one(sample, key):
            state, totals = program.run(trainable, {"frames": sample}, params.n_steps, total=spiking, key=key)
            return state["classes.score"], totals

        scores, totals = jax.vmap(one)(shown, jax.random.split(key, len(shown)))
        rates = {key: spikes.mean() for key, spikes in totals.items()}
        return scores, rates, own.rate_penalty * sum(rates.values())

    return scores
