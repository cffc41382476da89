"""The comparison is what the records say."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import keep_evaluation, run_record

from equispike.analysis import comparison
from equispike.analysis.representation import selectivity, similarities
from equispike.analysis.results import collect, to_markdown, to_summary
from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import get_system
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec

ROOT = Path(__file__).parent.parent
LOAD = {name: 1 for name in comparison.WORKLOAD} | {
    "spikes": {"a": 2.0, "b": 3.0},
    "first_layer": "words",
    "weights": None,
}


def config(system: str, seed: int, settings: dict | None = None, **changes) -> dict:
    """The configuration in run.json of a training on MNIST."""
    chosen = get_system(system)
    params, own = chosen.settled(settings or {})
    known = {"n_images": 60_000, "n_train": 60_000, "backend": "cpp"} | changes
    return TrainingSpec(chosen, params, own, "mnist", seed=seed, **known).as_json()


def record(
    folder: Path, name: str, accuracy: float, *, system: str = "mlp", measured: bool = True, **changes
) -> RunFolder:
    run = RunFolder.create(folder / name)
    told = config(system, int(name[-1]), changes, backend="jax")
    run.write_json("run.json", run_record(told, commit="abc"))
    keep_evaluation(run, {"largest output": accuracy}, n_images=1000, n_split=1000, backend="jax", cpu_s=2.0)
    if measured:
        run.write_json("workload.json", LOAD)
    return run


def test_one_row_per_readout_and_an_interval_by_hand(tmp_path: Path) -> None:
    record(tmp_path, "a0", 0.5)
    (row,) = comparison.compare([tmp_path]).to_dict("records")
    # Wilson: (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4 n^2)) / (1 + z^2 / n) with p = 1 / 2, n = 1000, z = 1.96
    assert row["accuracy_low"] == pytest.approx(0.5 - 0.03093, abs=1e-4)
    assert (row["kind"], row["spikes"], row["inference_cpu_s"]) == ("ANN", 5.0, 0.002)


def test_a_seed_counts_once_and_evaluations_that_differ_are_apart(tmp_path: Path) -> None:
    record(tmp_path, "a0", 0.9)
    again = record(tmp_path, "b0", 0.8)
    with pytest.raises(EquispikeError, match="a0 and b0 are trainings with the same settings and seed 0"):
        comparison.to_markdown(comparison.compare([tmp_path]))
    (found,) = again.path.glob("evaluation-*.json")
    again.write_json(found.name, again.read_json(found.name) | {"n_label": 300})
    assert set(comparison.compare([tmp_path])["n_label"]) == {0, 300}
    assert len(comparison.settings(comparison.compare([tmp_path]))) == 2


def test_costs_are_means_over_measured_seeds_and_accuracies_over_all(tmp_path: Path) -> None:
    for seed, accuracy in enumerate((0.96, 0.98, 1.0)):
        record(tmp_path, f"a{seed}", accuracy, measured=seed > 0)
    record(tmp_path, "b0", 0.5, layers="784,10,10", measured=False)
    (row,) = comparison.settings(comparison.compare([tmp_path])).to_dict("records")
    assert (row["accuracy"], row["seeds"], row["energy"]) == (pytest.approx(0.98), 3, 1.0)
    # sqrt(1.96^2 0.98 0.02 / 1000 + t^2 0.02^2 / 3), t of two degrees of freedom 4.3027
    assert row["high"] - row["accuracy"] == pytest.approx(
        (1.96**2 * 0.0000196 + 4.302653**2 * 0.0004 / 3) ** 0.5, rel=1e-5
    )
    assert "98.00 ± 2.00" in comparison.to_markdown(comparison.compare([tmp_path]))


def test_settings_whose_short_names_agree_get_long_ones(tmp_path: Path) -> None:
    record(tmp_path, "a0", 0.5)
    record(tmp_path, "b0", 0.6, shift=0)
    names = [label for label, _, _ in comparison.labelled(comparison.compare([tmp_path]))]
    assert sorted(names) == ["mlp 784-800-10", "mlp 784-800-10, shift=0"]


def test_a_changed_record_changes_the_comparison(tmp_path: Path) -> None:
    path = record(tmp_path, "a0", 0.5).path / "workload.json"
    before = comparison.to_markdown(comparison.compare([tmp_path]))
    path.write_text(json.dumps(LOAD | {"effective_macs": 12_345}))
    after = comparison.to_markdown(comparison.compare([tmp_path]))
    assert before != after and "12.3 k" in after


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (97.04, "97"), (999.6, "1 k"), (12_345, "12.3 k"), (1.05e6, "1.05 M")]
)
def test_counts_in_words(number: float, text: str) -> None:
    assert comparison.count(number) == text


def test_the_readme_says_what_the_committed_records_say() -> None:
    runs, page = collect([ROOT / "records"]), (ROOT / "docs" / "results.md").read_text()
    assert to_markdown(runs) in page and to_summary(runs) in (ROOT / "README.md").read_text()
    table = comparison.compare([ROOT / "records"])
    assert comparison.to_markdown(table) in page
    committed = pd.read_csv(ROOT / "results" / "comparison.csv")
    assert sorted(committed["record"]) == sorted(table["record"])
    assert committed["accuracy"].tolist() == pytest.approx(table["accuracy"].tolist())


@given(st.integers(0, 99))
def test_similarity_knows_no_rotation_scale_or_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, 4))
    rotation, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    found = similarities({"x": x, "y": 3 * x @ rotation + 5, "z": np.ones((30, 2))})
    values = found.set_index(["one", "other"])["cka"]
    assert values["x", "x"] == pytest.approx(1) and values["x", "y"] == pytest.approx(1) and np.isnan(values["x", "z"])


def test_orthogonal_responses_are_not_alike() -> None:
    one, other = np.array([[1.0], [-1], [1], [-1]]), np.array([[1.0], [1], [-1], [-1]])
    assert similarities({"a": one, "b": other})["cka"].tolist() == pytest.approx([1, 0, 0, 1])


def test_selectivity_by_hand() -> None:
    """Neuron 0 responds to class 0 alone, neuron 1 never."""
    found = selectivity(np.array([[2.0, 0], [4, 0], [0, 0]]), np.array([0, 0, 1]))
    assert found == {"lifetime": pytest.approx(1), "population": pytest.approx(1), "silent": 0.5}
