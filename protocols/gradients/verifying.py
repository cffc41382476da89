"""Whether a trained network does in Brian2 what its differentiable program does: the same spikes in the same steps."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from equispike import models
from equispike.models.codegen import get_backend
from equispike.models.codegen.jax import differentiable
from equispike.models.errors import EquispikeError
from equispike.models.layered import LayeredNetworkParams
from equispike.protocols.data import Dataset, Recordings
from equispike.protocols.evaluating import split_images
from equispike.protocols.features import with_features
from equispike.protocols.gradients.frames import frames
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec

#: Samples of a run, which keeps every spike of every step.
_AT_A_TIME = 50


def verify_run(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    n_images: int = 1000,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> dict[str, object]:
    """Verify a trained run on the first images of ``split``; the outcome goes into verification-BACKEND.json."""
    spec = TrainingSpec.from_json(run.read_json("run.json")["config"])
    arrays = run.trained_arrays()
    data = with_features(data, spec, run, split, report=report)
    samples = split_images(data, spec, split)[0][:n_images]
    found = verify(spec, arrays, samples, backend, lambda done: report("comparing spikes", done, len(samples)))
    run.write_json(f"verification-{found['backend']}.json", {"split": split, **found, **provenance()})
    return found


def verify(
    spec: TrainingSpec,
    arrays: dict[str, np.ndarray],
    samples: np.ndarray | Recordings,
    backend: str | None = None,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, object]:
    """Compare spikes on ``samples`` (as for frames) in double precision.

    Where the network draws its input spikes, the program gets those that Brian2 drew.

    Returns
    -------
    ``backend``, ``images``, ``spikes`` (of all neurons that spike, in Brian2), ``mismatches`` (spikes that only one of the
    two has) and ``largest_score_difference``.
    """
    params, model = spec.params, models.get_model(spec.model)
    assert isinstance(params, LayeredNetworkParams)
    double = {key: values.astype(np.float64) for key, values in arrays.items()}
    if backend == "cpp-float32":
        raise EquispikeError("spikes are compared in double precision: name cpp in place of cpp-float32")
    name = backend or ("cpp" if spec.backend == "cpp-float32" else spec.backend)
    brian = get_backend(name).compile(lambda: model.build(params, _AT_A_TIME, record_spikes=True))
    drawn = params.encoding == "poisson"
    source = "pixels" if drawn else "frames"
    program = differentiable(model.build(params, 1), inputs=[source], trainable=list(double), dtype=np.float64)
    names = params.spiking_names
    keys = [f"{each}.spike" for each in names]

    @jax.jit
    def run(shown):
        return jax.vmap(lambda x: program.run(double, {source: x}, params.n_steps, record=keys))(shown)

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
        "backend": name,
        "images": len(samples),
        "spikes": n_spikes,
        "mismatches": n_mismatches,
        "largest_score_difference": difference,
    }


def _raster(params: LayeredNetworkParams, spikes: dict[str, np.ndarray], n: int) -> np.ndarray:
    """Recorded spikes of ``n`` neurons as (_AT_A_TIME, n_steps, n)."""
    sample, step = np.divmod(np.rint(spikes["t"] / float(params.dt)).astype(int), params.n_steps)
    raster = np.zeros((_AT_A_TIME, params.n_steps, n), bool)
    raster[sample, step, spikes["i"]] = True
    return raster
