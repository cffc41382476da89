"""Whether a trained network does in Brian2 what its differentiable program does: the same spikes in the same steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import numpy as np

from equispike.models.build_request import BuildRequest
from equispike.models.codegen import BACKENDS, get_backend
from equispike.models.codegen.jax import differentiable
from equispike.models.codegen.jax.compiling import Compiled
from equispike.models.layered import LayeredParams
from equispike.models.timing import about
from equispike.protocols.procedures.base import Samples, ignore
from equispike.protocols.procedures.gradients.frames import frames

if TYPE_CHECKING:
    from equispike.protocols.procedures.gradients.procedure import Gradients

#: Samples of a run, which keeps every spike of every step.
_AT_A_TIME = 50


def verify(
    procedure: Gradients, arrays: dict[str, np.ndarray], samples: Samples, report: Callable[[int], None] = ignore
) -> dict[str, object]:
    """Compare spikes on ``samples`` in double precision, on the procedure's backend or its counterpart in that precision.

    Where the network draws its input spikes, the program gets those that Brian2 drew.

    Returns
    -------
    ``backend``, ``images``, ``spikes`` (of all neurons that spike, in Brian2), ``mismatches`` (spikes that only one of the
    two has) and ``largest_score_difference``.
    """
    spec, backend = procedure.spec, BACKENDS[procedure.backend].in_double
    params, network = spec.params, spec.system.network
    assert isinstance(params, LayeredParams)
    double = {key: values.astype(np.float64) for key, values in arrays.items()}
    with about(f"{spec.system.label}, verification"):
        brian = get_backend(backend).compile(BuildRequest(network, params, _AT_A_TIME, {"record_spikes": True}))
    drawn = params.encoding == "poisson"
    source = "pixels" if drawn else "frames"
    built = BuildRequest(network, params, 1)()
    program = differentiable(built, inputs=[source], trainable=list(double), dtype=np.float64)
    names = params.spiking_names
    keys = [f"{each}.spike" for each in names]

    def of_all(shown):
        return jax.vmap(lambda x: program.run(double, {source: x}, params.n_steps, record=keys))(shown)

    run = Compiled(jax.jit(of_all), "the network in double precision")

    n_spikes = n_mismatches = 0
    difference = 0.0
    for start in range(0, len(samples), _AT_A_TIME):
        part = frames(params, samples[start : start + _AT_A_TIME]).astype(np.float64)
        shown = np.zeros((_AT_A_TIME, *part.shape[1:]))
        shown[: len(part)] = part
        inputs, numbers = {"frames": shown.reshape(-1, params.n_input)}, {"n_images": len(part)}
        records = brian.run(double, inputs, numbers, seed=start).records
        state, found = run(_raster(params, records["pixels_spikes"], params.n_input).astype(float) if drawn else shown)
        scores = records["answers"]["score"].reshape(len(part), params.n_classes)
        difference = max(difference, float(np.abs(state["classes.score"][: len(part)] - scores).max()))
        for each in names:
            ours = np.asarray(found[f"{each}.spike"])[: len(part)] > 0
            brians = _raster(params, records[f"{each}_spikes"], ours.shape[2])[: len(part)]
            n_spikes += int(brians.sum())
            n_mismatches += int((brians != ours).sum())
        report(start + len(part))
    return {
        "backend": backend,
        "images": len(samples),
        "spikes": n_spikes,
        "mismatches": n_mismatches,
        "largest_score_difference": difference,
    }


def _raster(params: LayeredParams, spikes: dict[str, np.ndarray], n: int) -> np.ndarray:
    """Recorded spikes of ``n`` neurons as (_AT_A_TIME, n_steps, n)."""
    sample, step = np.divmod(np.rint(spikes["t"] / float(params.dt)).astype(int), params.n_steps)
    raster = np.zeros((_AT_A_TIME, params.n_steps, n), bool)
    raster[sample, step, spikes["i"]] = True
    return raster
