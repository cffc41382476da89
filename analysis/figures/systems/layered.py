"""The figures of layered networks' own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from matplotlib.figure import Figure

from equispike.analysis.figures.kernels import kernel_map
from equispike.analysis.figures.sources import Source, arrays
from equispike.models.errors import EquispikeError
from equispike.models.layered import ConvLayer, LayeredParams
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

#: Neurons whose weights are shown.
MOST = 100


def figures(run: RunFolder) -> Iterator[Source]:
    """Yield names of figures and how to make them; what they need may be missing."""
    spec = TrainingSpec.of_run(run)
    params = spec.params
    assert isinstance(params, LayeredParams)
    if spec.source is None and params.hidden:
        yield "weights", partial(_weights, params=params)


def _weights(run: RunFolder, params: LayeredParams) -> Figure:
    """Draw what the first layer's neurons or maps take from the pixels of a square image."""
    learned, first, n_maps = arrays(run), params.hidden[0], (*params.input_shape, 1, 1)[2]
    if isinstance(first, ConvLayer):
        kernels = learned["hidden1_kernels.w"].reshape(n_maps, first.size, first.size, first.maps)
        fields, what = kernels[:, ::-1, ::-1].transpose(3, 1, 2, 0), "maps"
    else:
        height, width = params.input_shape[:2] if len(params.input_shape) == 3 else (round(params.n_input**0.5),) * 2
        if height != width or height * width * n_maps != params.n_input:
            raise EquispikeError(f"the {params.n_input} pixels of layers = {params.layers} are no square")
        fields = learned["hidden1_in.w"].reshape(height, width, n_maps, first.n)[..., :MOST].transpose(3, 0, 1, 2)
        what = f"of {first.n} neurons"
    if params.encoding == "events" and n_maps == 2:
        return kernel_map(fields[..., 1] - fields[..., 0], what)
    return kernel_map(fields.sum(-1), what, "Weight")
