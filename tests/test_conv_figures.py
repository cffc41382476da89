"""Every figure of a run of layers is drawn from its folder."""

import numpy as np
import pytest

from equispike.analysis.figures import draw
from equispike.models.codegen import BACKENDS
from equispike.models.conv_stdp import ConvStdpParams
from equispike.protocols import layerwise
from equispike.protocols.activity import record_activity
from equispike.protocols.data import load
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import TrainingSpec


@pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason=str(BACKENDS["cpp"].why_not()))
def test_a_run_from_training_to_figures(tmp_path):
    data = load("digits", None)
    layers = [
        {"conv": {"maps": 4, "size": 5, "threshold": 8}},
        {"pool": {}},
        {"conv": {"maps": 6, "size": 3, "threshold": 4}},
    ]
    params = ConvStdpParams().updated({"layers": layers})
    run = RunFolder.create(tmp_path / "run")
    layerwise.train(TrainingSpec("conv-stdp", params, "digits", 40, 0, "cpp", 100, chunk_images=40), data, run)
    for readout in ("svm", "lif"):
        evaluation = layerwise.evaluate(
            run, data, readouts=[readout], split="validation", n_label=200, bins=[5] if readout == "svm" else []
        )
    assert set(evaluation.accuracy) == {"lif", "lif-global"}
    record = run.read_json("evaluation-validation.json")
    assert set(record["accuracy"]) == {"svm", "svm-global", "lif", "lif-global"}
    assert list(record["accuracy_by_bins"]["accuracy"]) == ["5"]
    assert record["accuracy"]["svm"] > 0.2  # a tenth is chance
    record_activity(run, data, 20)
    counts = run.read_arrays("activity.npz")
    assert np.all(counts["conv2.counts"] <= params.shapes["conv2"].n_places)
    written, skipped = draw(run.path)
    assert not skipped
    names = {path.stem for path in written}
    assert names >= {"contrasts", "kernels-conv1", "kernels-conv2", "convergence", "latencies", "spikes", "accuracy"}
