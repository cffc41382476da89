"""Synaptic operations as NeuroBench itself counts them:

``python -m equispike.scripts.studies.neurobench_counts RUN --images 10``.

Needs ``pip install neurobench snntorch torch nir``. ANNs run in PyTorch; layers of spiking networks come from the
exported graph (NIR) and get the spikes that Brian2 recorded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from equispike.models.ann import AnnParams, Lenet5Params
from equispike.models.layered import SPIKING_INPUTS, LayeredParams
from equispike.protocols.beginning import data_of
from equispike.protocols.data import Dataset
from equispike.protocols.exporting import export
from equispike.protocols.measuring.trained_runs import TrainedRun
from equispike.protocols.measuring.workload import workload
from equispike.protocols.procedures.gradients.frames import frames
from equispike.protocols.run_folder import RunFolder
from equispike.scripts.cli import existing_run
from equispike.scripts.studies.layered_in_sinabs import chain, inputs


def counted(layer: Any, values: Any) -> dict[str, float]:
    """Return what NeuroBench's SynapticOperations says of a PyTorch network that sees ``values`` (n, ...)."""
    from neurobench.metrics.workload import SynapticOperations
    from neurobench.models import TorchModel

    model = TorchModel(layer)
    model.register_hooks()
    predictions = model(values)
    return SynapticOperations()(model, predictions, (values, None))


def torch_network(params: AnnParams, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return an ANN as a PyTorch module."""
    from torch import nn, tensor

    layers: list[nn.Module] = []
    convolutional = isinstance(params, Lenet5Params)
    names = sorted((name for name in arrays if name.endswith(".weight")), key=lambda name: int(name.split(".")[1]))
    for number, name in enumerate(names):
        weights = arrays[name]
        if weights.ndim == 4:
            layer: Any = nn.Conv2d(weights.shape[1], weights.shape[0], weights.shape[2], padding=0 if number else 2)
        else:
            if convolutional and number == 2:
                layers.append(nn.Flatten())
            layer = nn.Linear(weights.shape[1], weights.shape[0])
        layer.weight.data = tensor(np.array(weights, np.float32))
        layer.bias.data = tensor(np.array(arrays[name.replace("weight", "bias")], np.float32).ravel())
        layers += [layer, nn.ReLU()] + ([nn.AvgPool2d(2)] if weights.ndim == 4 else [])
    return nn.Sequential(*layers[:-1])


def of_ann(params: AnnParams, arrays: Mapping[str, np.ndarray], images: np.ndarray) -> dict[str, float]:
    """Return NeuroBench's counts of an image, of an ANN."""
    import torch

    shown = frames(params, images)[:, 0]
    shape = (len(images), *params.input_shape)
    values = np.moveaxis(shown.reshape(shape), -1, 1) if isinstance(params, Lenet5Params) else shown
    return counted(torch_network(params, arrays), torch.tensor(np.array(values)).float())


def of_spikes(trained: TrainedRun, samples: Any) -> dict[str, dict[str, float]]:
    """Return NeuroBench's counts of an image by projection, of a spiking network."""
    import nir
    import torch

    params = trained.spec.params
    assert isinstance(params, LayeredParams)
    with tempfile.TemporaryDirectory() as folder:
        export(trained.run, Path(folder) / "network.nir")
        graph = nir.read(Path(folder) / "network.nir")
    recording = trained.procedure.record(trained.state, samples)
    found, source = {}, "pixels"
    shape = tuple(graph.nodes["input"].input_type["input"])  # maps first
    for name in chain(graph)[1:-1]:
        node = graph.nodes[name]
        if isinstance(node, nir.Flatten):
            continue
        if not isinstance(node, nir.Affine | nir.Conv2d):
            source, shape = name, node.r.shape
            continue
        spiking = source != "pixels" or params.encoding in SPIKING_INPUTS
        values = recording.raster(source) if spiking else inputs(params, samples)
        values = values.reshape(*values.shape[:2], *np.roll(shape, -1))
        signal = torch.tensor(np.moveaxis(values, -1, 2) if len(shape) == 3 else values).float().flatten(0, 1)
        if isinstance(node, nir.Affine):
            layer: Any = torch.nn.Linear(*node.weight.shape[::-1])
            signal = signal.flatten(1)
        else:
            n_maps, n_before, *size = node.weight.shape
            layer = torch.nn.Conv2d(n_before, n_maps, size, tuple(node.stride))
        layer.weight.data = torch.tensor(node.weight)
        split = signal.split(100)  # so that sums in single precision are exact
        parts, sizes = [counted(torch.nn.Sequential(layer), part) for part in split], [len(part) for part in split]
        found[name] = {key: float(np.dot([part[key] for part in parts], sizes)) / len(samples) for key in parts[0]}
    return found


def compare(run: RunFolder, data: Dataset, n_images: int) -> dict[str, tuple[float, float, float]]:
    """Return operations an image that the suite counts, and NeuroBench's MACs and ACs, by projection or in all."""
    trained = TrainedRun(run, data)
    own, params = workload(trained, n_images), trained.spec.params
    if isinstance(params, AnnParams):
        theirs = of_ann(params, run.trained_arrays(), data.test_images[:n_images])
        return {"all": (own.total("MAC"), theirs["Effective_MACs"], theirs["Effective_ACs"])}
    samples = trained.seen.test_images[:n_images]
    ours = {each.projection.replace("_kernels", "_in"): each.effective for each in own.operations}
    return {
        name: (ours[name], theirs["Effective_MACs"], theirs["Effective_ACs"])
        for name, theirs in of_spikes(trained, samples).items()
    }


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--images", type=click.IntRange(min=1), default=10, show_default=True, help="Of the test set.")
def main(run: Path, images: int) -> None:
    """Compare what is counted of RUN."""
    folder = existing_run(run)
    for name, (ours, macs, acs) in compare(folder, data_of(folder, None), images).items():
        click.echo(f"{name}: {ours:.1f} operations here, {macs:.1f} MACs and {acs:.1f} ACs in NeuroBench")


if __name__ == "__main__":
    main()
