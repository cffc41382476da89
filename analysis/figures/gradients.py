"""The figures of a network that gradients trained."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from equispike.analysis.figures.confusion import confusion
from equispike.analysis.figures.descent import descent_curves
from equispike.analysis.figures.kernels import kernel_map
from equispike.analysis.figures.sources import SPLITS, Source, evaluated, need
from equispike.models.errors import EquispikeError
from equispike.models.layered import ConvLayer, LayeredParams, SpikingRnnParams
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

#: Neurons whose weights are shown.
MOST = 100


def figures(run: RunFolder) -> Iterator[Source]:
    """Names of figures and how to make them; what they need may be missing."""
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    params = spec.params
    assert isinstance(params, LayeredParams)
    yield "learning", learning
    if spec.features is None and params.hidden and not isinstance(params, SpikingRnnParams):  # rows are no picture
        yield "weights", partial(_weights, params=params)
    for split in evaluated(run) or SPLITS[:1]:
        yield f"confusion-{split}", partial(confusion_of, split=split)


def learning(run: RunFolder) -> Figure:
    need(run, "metrics.csv", "its first chunk of images is not done yet")
    return descent_curves(run.read_metrics())


def _weights(run: RunFolder, params: LayeredParams) -> Figure:
    """What the first layer's neurons or maps take from the pixels of a square image."""
    need(run, "arrays.npz", "it is not fully trained")
    arrays, first, n_maps = run.read_arrays("arrays.npz"), params.hidden[0], (*params.input_shape, 1, 1)[2]
    if isinstance(first, ConvLayer):
        kernels = arrays["hidden1_kernels.w"].reshape(n_maps, first.size, first.size, first.maps)
        fields, what = kernels[:, ::-1, ::-1].transpose(3, 1, 2, 0), "maps"
    else:
        height, width = params.input_shape[:2] if len(params.input_shape) == 3 else (round(params.n_input**0.5),) * 2
        if height != width or height * width * n_maps != params.n_input:
            raise EquispikeError(f"the {params.n_input} pixels of layers = {params.layers} are no square")
        fields = arrays["hidden1_in.w"].reshape(height, width, n_maps, first.n)[..., :MOST].transpose(3, 0, 1, 2)
        what = f"of {first.n} neurons"
    if params.encoding == "events" and n_maps == 2:
        return kernel_map(fields[..., 1] - fields[..., 0], what)
    return kernel_map(fields.sum(-1), what, "Weight")


def confusion_of(run: RunFolder, split: str) -> Figure:
    need(run, f"evaluation-{split}.npz", "it was not evaluated")
    outcome = run.read_arrays(f"evaluation-{split}.npz")
    return confusion(outcome["truth"], outcome["guesses"], f"{split.capitalize()} set")
