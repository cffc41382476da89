"""What a sweep will cost is what its kind of run has cost here, for each image."""

import dataclasses
from pathlib import Path

import pytest

from equispike.scripts.workflow.costs import Cost, benchmark, costs_file, estimate, known
from equispike.scripts.workflow.plan import Plan, plan
from equispike.scripts.workflow.sweep_file import open_sweep


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path / "cache"))


def written(images: int) -> Plan:
    Path("a.yaml").write_text(
        f"system: mlp\ndata: digits\nimages: {images}\ngrid: {{layers: ['784,9,10', '784,20,10']}}\n"
    )
    return plan(open_sweep(Path("a.yaml")))


def test_costs_by_hand() -> None:
    cost = Cost(train_cpu_s=2.0, images=100, other_cpu_s=3.0, tested=10, labelled=20, max_rss=5, bytes=7)
    found = cost.of(images=1000, tested=100, labelled=50)
    assert dataclasses.astuple(found) == (20.0, 1000, 3.0 * 150 / 30, 100, 50, 5, 7)
    assert dataclasses.replace(cost, labelled=0).of(100, 20, 1000).other_cpu_s == 6.0


def test_a_benchmark_tells_what_all_runs_of_its_kind_cost() -> None:
    found = written(50_000)
    assert set(estimate(found).values()) == {None}
    assert benchmark(found, lambda what, done, total: None) == []
    assert len(known()) == 2 and not Path("runs").exists()
    costs = estimate(found)
    assert all(cost.images == 50_000 and cost.tested == 360 and cost.max_rss > 1e7 for cost in costs.values())
    more = estimate(written(100_000))
    for one, other in zip(costs.values(), more.values(), strict=True):
        assert other.train_cpu_s == pytest.approx(2 * one.train_cpu_s) and other.other_cpu_s == one.other_cpu_s
    with costs_file().open("a") as file:
        file.write('{"kind": "cut sho')
    assert len(known()) == 2


def test_what_nobody_measured_costs_nobody_knows(equispike) -> None:
    written(50_000)
    told = equispike("sweep", "a.yaml", "--dry-run")
    out = told.out + told.err
    assert (
        told.out.count("\tmissing\t") == 2
        and "Left to do: 2 runs whose cost is unknown" in out
        and "0.00 CPU hours" not in out
        and " 0 MB" not in out
    )
