"""Whether a trained network does in Brian2 what its differentiable program does: the same spikes in the same steps."""

from __future__ import annotations

import jax
import numpy as np

import models
from models.codegen import get_backend
from models.codegen.jax import differentiable
from models.deep import DeepParams
from protocols.gradients.frames import frames
from protocols.training import TrainingSpec

#: Images of a run of the program, which keeps every spike of every step.
_AT_A_TIME = 50


def verify(
    spec: TrainingSpec, arrays: dict[str, np.ndarray], images: np.ndarray, backend: str | None = None
) -> dict[str, object]:
    """Compare spikes on ``images`` (n, height, width[, channels]) in double precision.

    Returns
    -------
    ``backend``, ``images``, ``spikes`` (of all hidden layers in Brian2), ``mismatches`` (spikes that only one of the two
    has) and ``largest_score_difference``.
    """
    params, model = spec.params, models.get_model(spec.model)
    assert isinstance(params, DeepParams)
    double = {key: values.astype(np.float64) for key, values in arrays.items()}
    shown = frames(params, images).astype(np.float64)
    names = [f"hidden{number + 1}" for number in range(len(params.hidden))]
    name = backend or ("cpp" if spec.backend == "cpp-float32" else spec.backend)
    n = len(images)
    result = (
        get_backend(name)
        .compile(lambda: model.build(params, n, record_spikes=True))
        .run(double, {"frames": shown.reshape(-1, params.n_input)}, {"n_images": n}, 0)
    )
    program = differentiable(model.build(params, 1), inputs=["frames"], trainable=list(double), dtype=np.float64)
    keys = [f"{each}.spike" for each in names]

    @jax.jit
    def run(part):
        return jax.vmap(lambda x: program.run(double, {"frames": x}, params.n_steps, record=keys))(part)

    n_spikes = mismatches = 0
    difference = 0.0
    scores = result.records["answers"]["score"].reshape(n, params.n_classes)
    for start in range(0, n, _AT_A_TIME):
        state, found = run(shown[start : start + _AT_A_TIME])
        difference = max(difference, float(np.abs(state["classes.score"] - scores[start : start + _AT_A_TIME]).max()))
        for each in names:
            record, spikes = result.records[f"{each}_spikes"], np.asarray(found[f"{each}.spike"]) > 0
            step = np.rint(record["t"] / float(params.dt)).astype(int)
            image = step // params.n_steps
            ours = (image >= start) & (image < start + len(spikes))
            brians = np.zeros_like(spikes)
            brians[image[ours] - start, step[ours] % params.n_steps, record["i"][ours]] = True
            n_spikes += int(brians.sum())
            mismatches += int((brians != spikes).sum())
    return {
        "backend": name,
        "images": n,
        "spikes": n_spikes,
        "mismatches": mismatches,
        "largest_score_difference": difference,
    }
