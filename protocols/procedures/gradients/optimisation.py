"""Gradient steps: softmax cross-entropy of the classes' scores, Optax, and the learning rate's schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax

from equispike.models.codegen.jax.compiling import Compiled
from equispike.protocols.procedures.gradients.params import DescentParams

#: Samples of a forward pass.
FORWARD = 500
#: By name: (learning rates, weight decay, which weights decay) -> optimiser.
OPTIMISERS: dict[str, Callable[..., optax.GradientTransformation]] = {
    "adamw": lambda rates, decay, which: optax.adamw(rates, weight_decay=decay, mask=which),
    "adamax": lambda rates, decay, which: optax.adamaxw(rates, weight_decay=decay, mask=which),
    "lion": lambda rates, decay, which: optax.lion(rates, weight_decay=decay, mask=which),
    "sgd": lambda rates, decay, which: optax.chain(
        optax.trace(0.9), optax.add_decayed_weights(decay, which), optax.scale_by_learning_rate(rates)
    ),
}
#: (trainable arrays, frames (n, n_frames, n_input), random key) -> scores (n, n_classes), mean spikes per neuron and sample
#: of each layer, and what they cost.
type Forward = Callable[
    [Mapping[str, jax.Array], jax.Array, jax.Array], tuple[jax.Array, dict[str, jax.Array], jax.Array | float]
]


@dataclass(frozen=True)
class Optimisation:
    """A network's loss and optimiser, jitted; states are lists of arrays, trainable ones and the optimiser's."""

    optimiser: optax.GradientTransformation
    step: Callable
    scores: Callable
    trainable: dict[str, jax.Array]

    @classmethod
    def of(
        cls, params: DescentParams, forward: Forward, start: Mapping[str, np.ndarray], n_images: int, n_train: int
    ) -> Optimisation:
        """Prepare the training of a network from ``start``, on ``n_images`` in all, in passes of ``n_train``."""
        n_steps = -(-n_images // params.batch_size)
        warm_up = min(n_train // params.batch_size, n_steps // 2) or 1
        schedule = {
            "cosine": optax.warmup_cosine_decay_schedule(0.0, params.learning_rate, warm_up, n_steps + 1),
            "constant": optax.constant_schedule(params.learning_rate),
        }[params.schedule]
        optimiser = OPTIMISERS[params.optimiser](
            schedule, params.weight_decay, lambda tree: {k: k.endswith((".w", ".weight")) for k in tree}
        )

        def loss(trainable, shown, labels, key):
            scores, rates, penalty = forward(trainable, shown, key)
            fit = optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()
            return fit + penalty, {"loss": fit, "hits": (scores.argmax(1) == labels).sum(), **rates}

        @jax.jit
        def step(trainable, state, shown, labels, key):
            grads, found = jax.grad(loss, has_aux=True)(trainable, shown, labels, key)
            updates, state = optimiser.update(grads, state, trainable)
            return optax.apply_updates(trainable, updates), state, found

        trainable = {key: jnp.asarray(values, jnp.float32) for key, values in start.items()}
        scores = jax.jit(lambda *given: forward(*given)[0])
        return cls(optimiser, Compiled(step, "a gradient step"), Compiled(scores, "the classes' scores"), trainable)

    def begin(self) -> list[np.ndarray]:
        """Return the state before the first step."""
        return self.leaves(self.trainable, self.optimiser.init(self.trainable))

    @staticmethod
    def leaves(trainable, state) -> list[np.ndarray]:
        return [np.asarray(leaf) for leaf in jax.tree.leaves((trainable, state))]

    def restored(self, leaves: list[np.ndarray]):
        """Return trainable arrays and the optimiser's state."""
        like, structure = jax.tree.flatten((self.trainable, self.optimiser.init(self.trainable)))
        return jax.tree.unflatten(
            structure, [jnp.asarray(values, as_.dtype) for values, as_ in zip(leaves, like, strict=True)]
        )

    def classes(self, trainable, shown_of: Callable[[int], np.ndarray], n: int) -> np.ndarray:
        """Return classes (n,) by the program, in single precision; ``shown_of(start)`` are frames of up to FORWARD samples."""
        parts = []
        for start in range(0, n, FORWARD):
            shown = shown_of(start)
            padded = np.zeros((FORWARD, *shown.shape[1:]), np.float32)
            padded[: len(shown)] = shown
            parts.append(np.asarray(self.scores(trainable, padded, jax.random.key(start)))[: len(shown)].argmax(1))
        return np.concatenate(parts)
