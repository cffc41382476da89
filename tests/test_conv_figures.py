"""Every figure of a run of layers is drawn from its folder."""

import numpy as np
import pytest

import equispike
from equispike.analysis.figures import draw
from equispike.models.codegen import BACKENDS
from equispike.protocols.evaluations import chosen
from equispike.protocols.spec import TrainingSpec


@pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))
def test_a_run_from_training_to_figures(tmp_path):
    layers = [
        {"conv": {"maps": 4, "size": 5, "threshold": 8}},
        {"pool": {}},
        {"conv": {"maps": 6, "size": 3, "threshold": 4}},
    ]
    run = equispike.train("conv-stdp", "digits", {"layers": layers}, images=40, backend="cpp", holdout=100,
                          chunk_images=40, out=tmp_path / "run")  # fmt: skip
    for readout in ("svm", "lif"):
        outcome = equispike.evaluate(run, readouts=[readout], split="validation", label_images=200)
    assert set(outcome.accuracy) == {"lif", "lif-global"}
    record = chosen(run, "validation").record
    assert set(record["accuracy"]) == {"svm", "svm-global", "lif", "lif-global"}
    assert record["accuracy"]["svm"] > 0.2  # a tenth is chance
    counts, params = run.read_arrays("activity.npz"), TrainingSpec.of_run(run).params
    assert np.all(counts["conv2.counts"] <= params.shapes["conv2"].n_places)
    written, skipped = draw(run.path)
    assert not skipped
    names = {path.stem for path in written}
    assert names >= {
        "contrasts",
        "kernels-conv1",
        "kernels-conv2",
        "convergence",
        "latencies",
        "spikes",
        "accuracy",
        "raster",
    }
