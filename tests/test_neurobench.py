"""NeuroBench's own code counts what protocols.measuring.workload counts."""

import pytest
from small_runs import saved_run

from equispike.protocols.data import load
from equispike.scripts.studies.neurobench_counts import compare

pytest.importorskip("neurobench", reason="pip install neurobench snntorch, which bring PyTorch, to compare with it")
pytest.importorskip("nir")


@pytest.mark.parametrize(("model", "settings"), [("mlp", {"layers": "784,30,20,10"}), ("lenet5", {}), ("softmax", {})])
def test_anns(tmp_path, model, settings) -> None:
    run = saved_run(tmp_path / "run", model, **settings)
    (ours, macs, acs) = compare(run, load("digits"), 5)["all"]
    assert (
        ours == pytest.approx(macs, rel=1e-4) and acs == 0
    )  # an output that one rounds to zero may be tiny in the other


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("spiking-mlp", {"layers": "784,30,20,10", "init_scale": 4, "encoding": "poisson"}),
        ("spiking-cnn", {"layers": "28x28,4C5S3,6C3S2,10", "init_scale": 6, "encoding": "latency"}),
    ],
)
def test_spiking_networks(tmp_path, model, settings) -> None:
    run = saved_run(tmp_path / "run", model, **settings)
    for ours, macs, acs in compare(run, load("digits"), 5).values():
        assert ours == pytest.approx(acs) and ours > 0 and macs == 0


def test_constant_currents_are_multiplied_in_every_step_there(tmp_path) -> None:
    found = compare(saved_run(tmp_path / "run", "spiking-mlp", layers="784,30,10", init_scale=4), load("digits"), 5)
    ours, macs, acs = found["hidden1_in"]
    assert macs == pytest.approx(16 * ours) and acs == 0
    ours, macs, acs = found["classes_in"]
    assert acs == pytest.approx(ours) and macs == 0
