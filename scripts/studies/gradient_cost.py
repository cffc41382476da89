"""What a gradient costs: a differentiable program beside the bare matrix products of the same batch, and beside snnTorch.

    python -m equispike.scripts.studies.gradient_cost --rounds 5

All are measured in turn in one process, so that ratios hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise

import click
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from brian2 import Clock, Hz, Network, NeuronGroup, PoissonGroup, Synapses, ms
from rich.console import Console
from rich.table import Table

from equispike.models.codegen.jax import differentiable
from equispike.models.neurons import DIMENSIONLESS_LIF
from equispike.models.timing import cpu_seconds
from equispike.protocols.benchmarking import summary

#: Neurons, time steps and images of a batch, as in common tutorials.
LAYERS, N_STEPS, BATCH = (784, 128, 10), 50, 256
#: Probability of an input spike in a step.
RATE = 0.05
#: Batches of a measurement.
N_BATCHES = 10


def benchmark(rounds: int, report: Callable[[str], None]) -> Iterator[tuple[int, str, float]]:
    """Yield (round, formulation, batches per CPU second) of gradients in single precision; compilation is not counted.

    snnTorch takes part where it is installed.
    """
    formulations = {"matrix products alone": _products(), "differentiable program": _gradients()}
    if find_spec("snntorch") is None:
        report("snnTorch is not installed and is omitted: pip install torch snntorch")
    else:
        formulations["snnTorch"] = _snntorch()
    for name, batch in formulations.items():
        report(f"compiling: {name}")
        batch()
    for number in range(rounds):
        for name, batch in formulations.items():
            before = cpu_seconds()
            for _ in range(N_BATCHES):
                batch()
            yield number, name, N_BATCHES / (cpu_seconds() - before)


def _spikes() -> jnp.ndarray:
    return jnp.asarray(np.random.default_rng(0).random((N_STEPS, BATCH, LAYERS[0])) < RATE, jnp.float32)


def _gradients() -> Callable[[], None]:
    """Return gradients of a network of two layers whose inputs spike; the classes' neurons do not."""
    clock = Clock(1 * ms)
    space = {"tau_mem": 10 * ms, "v_threshold": 1.0, "n_steps": N_STEPS}
    source = PoissonGroup(LAYERS[0], 1 * Hz, name="source", clock=clock)
    hidden = NeuronGroup(LAYERS[1], DIMENSIONLESS_LIF.equations, threshold=DIMENSIONLESS_LIF.threshold,
                         reset=DIMENSIONLESS_LIF.reset, method="exact", name="hidden", clock=clock, namespace=space)  # fmt: skip
    classes = NeuronGroup(LAYERS[2], "dv/dt = -v / tau_mem : 1\nscore : 1", method="exact", name="classes", clock=clock,
                          namespace=space)  # fmt: skip
    classes.run_regularly("score += v / n_steps", when="end")
    synapses = []
    for name, before, after in (("first", source, hidden), ("second", hidden, classes)):
        synapses.append(Synapses(before, after, "w : 1", on_pre="v_post += w", name=name, clock=clock))
        synapses[-1].connect()
        synapses[-1].w = np.random.default_rng(1).normal(0, len(before) ** -0.5, len(synapses[-1]))
    network = Network(source, hidden, classes, *synapses)
    program = differentiable(network, inputs=["source"], trainable=["first.w", "second.w"])
    labels = jnp.asarray(np.random.default_rng(2).integers(0, LAYERS[2], BATCH))

    @jax.jit
    def gradient(trainable, spikes):
        def loss(trainable):
            run = jax.vmap(lambda x: program.run(trainable, {"source": x}, N_STEPS)[0]["classes.score"], in_axes=1)
            return optax.softmax_cross_entropy_with_integer_labels(run(spikes), labels).mean()

        return jax.grad(loss)(trainable)

    spikes = _spikes()
    return lambda: jax.block_until_ready(gradient(program.trainable, spikes))


def _snntorch() -> Callable[[], None]:
    """Return the same two layers in snnTorch: leaky neurons with subtractive reset, and classes that never fire."""
    import snntorch
    import torch
    from snntorch import surrogate

    decay, generator = float(np.exp(-0.1)), torch.Generator().manual_seed(1)
    layers = [torch.nn.Linear(*shape, bias=False) for shape in pairwise(LAYERS)]
    for layer in layers:
        torch.nn.init.normal_(layer.weight, 0, layer.in_features**-0.5, generator=generator)
    hidden = snntorch.Leaky(beta=decay, spike_grad=surrogate.fast_sigmoid(slope=10), reset_mechanism="subtract")
    classes = snntorch.Leaky(beta=decay, reset_mechanism="none")
    x = torch.from_numpy(np.array(_spikes()))
    labels = torch.from_numpy(np.random.default_rng(2).integers(0, LAYERS[2], BATCH))

    def batch() -> None:
        v_hidden, v_classes, score = hidden.init_leaky(), classes.init_leaky(), 0
        for k in range(N_STEPS):
            spikes, v_hidden = hidden(layers[0](x[k]), v_hidden)
            _, v_classes = classes(layers[1](spikes), v_classes)
            score = score + v_classes / N_STEPS
        for layer in layers:
            layer.weight.grad = None
        torch.nn.functional.cross_entropy(score, labels).backward()

    return batch


def _products() -> Callable[[], None]:
    """Return products forward, and for the gradients of weights and of the hidden layer, over all steps at once."""
    rng = np.random.default_rng(3)
    n, shapes = BATCH * N_STEPS, pairwise(LAYERS)
    first, second = (jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes)
    hidden, classes = (jnp.asarray(rng.normal(size=(n, size)), jnp.float32) for size in LAYERS[1:])

    @jax.jit
    def products(x, first, second, hidden, classes):
        return x @ first, hidden @ second, x.T @ hidden, hidden.T @ classes, classes @ second.T

    x = _spikes().reshape(n, -1)
    return lambda: jax.block_until_ready(products(x, first, second, hidden, classes))


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Measurements of each.")
def main(rounds: int) -> None:
    """Print batches per CPU second of each formulation, and its CPU time beside that of the first within a round."""
    columns = ("round", "backend", "images_per_cpu_s")
    found = summary(pd.DataFrame(benchmark(rounds, lambda text: click.echo(text, err=True)), columns=columns))
    size = "-".join(map(str, LAYERS))
    table = Table(
        title=f"gradients, {size}, {N_STEPS} steps: batches of {BATCH} per CPU second, {rounds} paired rounds"
    )
    for column in ("formulation", "median", "min", "max", f"CPU time, {found.index[0]} = 1"):
        table.add_column(column, justify="left" if column == "formulation" else "right")
    for name, row in found.iterrows():
        table.add_row(str(name), *(f"{row[c]:.2f}" for c in ("median", "min", "max", "ratio")))
    Console().print(table)


if __name__ == "__main__":
    main()
