"""Run folders as trainings on digits leave them, with random weights."""

from pathlib import Path

import numpy as np

from equispike import models
from equispike.models.ann import AnnParams
from equispike.models.conv_stdp import ConvStdpParams
from equispike.models.layered import LayeredParams
from equispike.protocols.data import load
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec, begun_record


def saved_run(path: Path | str, model: str, **settings: object) -> RunFolder:
    """A run of ``model`` that needs no compiler."""
    params = models.get_model(model).params().updated(settings)
    spec = TrainingSpec(model, params, "digits", n_images=100, seed=0, backend="numpy", holdout=37)
    state, rng = models.get_model(model).initial_state(params, spec.seed), np.random.default_rng(1)
    if isinstance(params, LayeredParams):
        arrays = {name: values.astype(np.float32) for name, values in state.items()}
        arrays["classes.b"] = rng.normal(0, 0.3, params.n_classes).astype(np.float32)
    elif isinstance(params, AnnParams):
        arrays = state
    elif isinstance(params, ConvStdpParams):
        arrays = {f"{name}.w": rng.random(params.kernel_shape(name)) for name in params.conv_names}
    else:
        arrays = {"w": state["inputs_exc.w"].reshape(params.n_input, params.n_exc), "theta": 0 * state["exc.theta"]}
    run = RunFolder.create(path)
    run.write_json(
        "run.json", {**begun_record(spec, load("digits")), "status": "trained", "images_seen": 100, "cpu_s": 1.0}
    )
    run.write_arrays("arrays.npz", arrays)
    return run
