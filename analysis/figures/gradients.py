"""The figures of a network that gradients trained."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from analysis.figures.confusion import confusion
from analysis.figures.descent import descent_curves
from analysis.figures.kernels import kernel_map
from analysis.figures.sources import SPLITS, Source, evaluated, need
from models.deep import ConvLayer, DeepParams
from models.errors import EquispikeError
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec

#: Neurons whose weights are shown.
MOST = 100


def figures(run: RunFolder) -> Iterator[Source]:
    """Names of figures and how to make them; what they need may be missing."""
    params = TrainingSpec.from_json(run.read_json("run.json")["config"]).params
    assert isinstance(params, DeepParams)
    yield "learning", _learning
    if params.n_frames == 1:  # weights of parts of an image are no picture
        yield "weights", partial(_weights, params=params)
    for split in evaluated(run) or SPLITS[:1]:
        yield f"confusion-{split}", partial(_confusion, split=split)


def _learning(run: RunFolder) -> Figure:
    need(run, "metrics.csv", "its first chunk of images is not done yet")
    return descent_curves(run.read_metrics())


def _weights(run: RunFolder, params: DeepParams) -> Figure:
    """What the first layer's neurons or maps take from the pixels of a square image."""
    need(run, "arrays.npz", "it is not fully trained")
    arrays, first = run.read_arrays("arrays.npz"), params.hidden[0]
    if isinstance(first, ConvLayer):
        kernels = arrays["hidden1_kernels.w"].reshape(params.input_shape[2], first.size, first.size, first.maps)
        fields = kernels[:, ::-1, ::-1].sum(axis=0).transpose(2, 0, 1)
        return kernel_map(fields, "maps", "Weight")
    side = round(params.n_input**0.5)
    if side * side != params.n_input:
        raise EquispikeError(f"{params.n_input} pixels are no square")
    fields = arrays["hidden1_in.w"].reshape(params.n_input, first.n).T[:MOST].reshape(-1, side, side)
    return kernel_map(fields, f"of {first.n} neurons", "Weight")


def _confusion(run: RunFolder, split: str) -> Figure:
    need(run, f"evaluation-{split}.npz", "it was not evaluated")
    outcome = run.read_arrays(f"evaluation-{split}.npz")
    return confusion(outcome["truth"], outcome["guesses"], f"{split.capitalize()} set")
