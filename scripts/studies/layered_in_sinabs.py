"""Whether an exported network spikes in Sinabs as in Brian2:

``python -m equispike.scripts.studies.layered_in_sinabs RUN --images 1000``.

Needs ``pip install sinabs``, which brings PyTorch.
"""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np

from equispike.models.layered import LayeredParams
from equispike.protocols.beginning import data_of
from equispike.protocols.data import Dataset, Recordings
from equispike.protocols.exporting import export
from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.procedures.base import TESTING
from equispike.protocols.procedures.gradients.frames import frames
from equispike.protocols.run_folder import RunFolder
from equispike.scripts.cli import existing_run

_SCORES = {
    "mean": lambda v: v.mean(1),
    "max": lambda v: v.max(1),
    "last": lambda v: v[:, -1],
    "spikes": lambda spikes: spikes.sum(1),
}


def inputs(params: LayeredParams, samples: np.ndarray | Recordings) -> np.ndarray:
    """Return what to feed a simulator (n, n_steps, n_input); not for encoding=poisson, where Brian2 draws spikes of its own."""
    values = frames(params, samples).astype(float)
    if params.encoding == "latency":
        return (values == np.arange(params.n_steps)[:, None]).astype(float)
    return np.repeat(values, params.n_steps // params.n_frames, axis=1)


def chain(graph: Any) -> list[str]:
    """Return the names of a graph's nodes from input to output."""
    following, names = dict(graph.edges), ["input"]
    while names[-1] != "output":
        names.append(following[names[-1]])
    return names


def maps_last(values: np.ndarray) -> np.ndarray:
    """Return values of a layer with places (n, n_steps, maps, rows, columns) in the order of our neurons (n, n_steps, n)."""
    return np.moveaxis(values, 2, -1).reshape(*values.shape[:2], -1) if values.ndim == 5 else values


def simulate(graph: Any, values: np.ndarray, *, plain: bool = False) -> dict[str, np.ndarray]:
    """Return the output of each layer of neurons (n, n_steps, neurons) in Sinabs, in single precision.

    Sinabs decays exactly, counts time in steps and adds its input to the potential, so that currents have to be scaled by
    what they leave after a step, and spikes, which come after a step's threshold, by the decay of the next.

    Parameters
    ----------
    values : (n, n_steps, n_input)
    plain : change time constants alone
    """
    import nir
    import torch
    from sinabs.activation import SingleSpike
    from sinabs.nir import _import_sinabs_module as imported

    dt, (n, n_steps, _) = float(graph.metadata["dt"]), values.shape
    signal = torch.tensor(values).float().reshape(n, n_steps, *graph.nodes["input"].input_type["input"])
    spikes, found, names = graph.metadata["encoding"] != "current", {}, chain(graph)
    for name, following in pairwise(names[1:]):
        node, neurons = graph.nodes[name], graph.nodes[following]
        if isinstance(node, nir.Flatten):
            signal = signal.flatten(2)
        elif isinstance(node, nir.Affine | nir.Conv2d):
            steps = float(neurons.tau.flat[0]) / dt
            decay = np.exp(-1 / steps)
            weight, bias = node.weight, node.bias
            if not plain:
                bias = bias * (1 - decay) * steps
                # Potentials of neurons that never fire count after the spikes of a step.
                late = spikes and isinstance(neurons, nir.LIF)
                weight = weight * (decay if late else 1 if spikes else (1 - decay) * steps)
                if late:
                    signal = torch.cat([torch.zeros_like(signal[:, :1]), signal[:, :-1]], 1)
            node.weight, node.bias = np.float32(weight), np.float32(bias)
            with torch.no_grad():
                signal = imported(node, n, n_steps)(signal.flatten(0, 1)).unflatten(0, (n, n_steps))
        else:
            constants = {"tau": node.tau / dt, "r": np.ones_like(node.r), "v_leak": node.v_leak}
            if fires := isinstance(node, nir.LIF):
                constants["v_threshold"] = node.v_threshold
            layer = imported(
                type(node)(**{key: torch.tensor(each).flatten() for key, each in constants.items()}), n, n_steps
            )
            if fires and not plain:
                layer.spike_fn = SingleSpike
            with torch.no_grad():
                signal = layer(signal.flatten(2).flatten(0, 1)).reshape(signal.shape)
            spikes, found[name] = True, maps_last(signal.numpy())
    return found


def compare(
    run: RunFolder, data: Dataset, n_images: int, *, plain: bool = False
) -> tuple[dict[str, tuple[int, int]], float]:
    """Return spikes in Brian2, and spikes that one of the two has alone, by layer; and the part of the classes that agree."""
    import nir

    trained = TrainedRun(run, data)
    params = trained.spec.params
    assert isinstance(params, LayeredParams)
    with tempfile.TemporaryDirectory() as folder:
        export(run, Path(folder) / "network.nir")
        graph = nir.read(Path(folder) / "network.nir")
    samples = trained.seen.test_images[:n_images]
    expected = trained.procedure.record(trained.state, samples)
    found = simulate(graph, inputs(params, samples), plain=plain)
    spikes = {
        name: (len(expected.spikes[name].step), int((found[name] != expected.raster(name)).sum()))
        for name in expected.spikes
        if name in found
    }
    scores = trained.procedure.respond(trained.state, samples, phase=TESTING)
    agree = _SCORES[params.readout](found["classes"]).argmax(1) == scores.argmax(1)
    return spikes, float(agree.mean())


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--images", type=click.IntRange(min=1), default=1000, show_default=True, help="Of the test set.")
@click.option("--plain", is_flag=True, help="Set Sinabs no further than time constants in steps.")
def main(run: Path, images: int, plain: bool) -> None:
    """Compare RUN in Sinabs and in Brian2."""
    folder = existing_run(run)
    spikes, agree = compare(folder, data_of(folder, None), images, plain=plain)
    for name, (n, different) in spikes.items():
        click.echo(f"{name}: {different} of {n} spikes differ")
    click.echo(f"{100 * agree:.1f} % of the classes agree")


if __name__ == "__main__":
    main()
