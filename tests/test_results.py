"""The results table is what the records say; the on-track check is what its bands say."""

import json
from pathlib import Path

import pandas as pd
import pytest
from small_runs import keep_evaluation, run_record
from test_comparison import config

from equispike.analysis.results import collect, replace_section, to_markdown
from equispike.models.errors import EquispikeError
from equispike.protocols import training_checks
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training import Progress
from equispike.protocols.training_checks import CHECKPOINTS, METRICS, measured_bands

MARKERS = ("<!-- results: begin (written by make results) -->", "<!-- results: end -->")


def record(
    folder: Path, seed: int, vote: float, *, n_exc: int = 100, images: int = 1000, n_test: int = 10_000, **changes: str
) -> Path:
    """A run folder with the two files that the table is made from."""
    run = RunFolder.create(folder / f"n{n_exc}-s{seed}")
    told = config("diehl-cook", seed, {"n_exc": n_exc, **changes})
    run.write_json("run.json", run_record(told, images_seen=images))
    keep_evaluation(run, {"vote": vote, "proportion": vote + 0.01}, n_images=n_test, n_label=1000)
    return run.path


def cells(table: str) -> list[list[str]]:
    """The rows of a Markdown table below its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_one_row_a_setting_with_mean_and_spread_over_seeds(tmp_path: Path) -> None:
    for seed, vote in enumerate([0.80, 0.81, 0.85]):
        record(tmp_path, seed, vote)
    table = to_markdown(collect([tmp_path]))
    (row,) = cells(table)
    # 80, 81, 85: mean 82, deviations -2, -1, 3, variance 14 / 2
    assert row[:4] == ["diehl-cook", "mnist", "100", "defaults"]
    assert row[4:11] == ["cpp", "1 000", "1 000", "10 000", "3", "82.00 ± 2.65", "83.00 ± 2.65"]
    assert row[11] == "95: 6 400 neurons"  # the paper's
    assert row[12] == "250"  # 1000 images in 4 s
    assert row[13] == "`n100-s0`, `n100-s1`, `n100-s2`"
    assert len(table.splitlines()[0].split("|")) == len(table.splitlines()[2].split("|"))


def test_one_seed_has_no_spread(tmp_path: Path) -> None:
    record(tmp_path, 0, 0.8125)
    assert cells(to_markdown(collect([tmp_path])))[0][9] == "81.25"


def test_a_changed_record_changes_the_table(tmp_path: Path) -> None:
    (path,) = record(tmp_path, 0, 0.80).glob("evaluation-*.json")
    before = to_markdown(collect([tmp_path]))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"accuracy": {"vote": 0.9, "proportion": 0.91}}))
    after = to_markdown(collect([tmp_path]))
    assert before != after
    assert cells(after)[0][9:11] == ["90.00", "91.00"]


def test_different_settings_sizes_and_lengths_are_different_rows(tmp_path: Path) -> None:
    record(tmp_path / "a", 0, 0.1)
    record(tmp_path / "a", 0, 0.2, n_exc=400)
    record(tmp_path / "b", 0, 0.3, images=2000)
    record(tmp_path / "c", 0, 0.4, **{"neuron.tau_mem": "50*ms", "rule": "diehl-cook-pair"})
    rows = cells(to_markdown(collect([tmp_path])))
    assert sorted((row[2], row[3], row[5], row[9]) for row in rows) == [
        ("100", "defaults", "1 000", "10.00"),
        ("100", "defaults", "2 000", "30.00"),
        ("100", "rule=diehl-cook-pair, neuron.tau_mem=50*ms", "1 000", "40.00"),
        ("400", "defaults", "1 000", "20.00"),
    ]


def test_readouts_of_features_say_of_which_runs(tmp_path: Path) -> None:
    for seed, source in enumerate(["../conv-s0", "../conv-s1", "../dc400"]):
        run = RunFolder.create(tmp_path / f"readout-{seed}")
        told = config("lif-readout", seed, source=source)
        run.write_json("run.json", run_record(told))
        keep_evaluation(run, {"spike count": 0.9})
    rows = cells(to_markdown(collect([tmp_path])))
    assert [(row[3], row[8]) for row in rows] == [
        ("defaults, features of conv", "2"),
        ("defaults, features of dc400", "1"),
    ]


def test_an_evaluation_on_part_of_the_test_set_is_not_averaged_with_whole_ones(tmp_path: Path) -> None:
    record(tmp_path, 0, 0.8)
    record(tmp_path, 1, 0.2, n_test=10)
    table = to_markdown(collect([tmp_path]))
    assert "50.00" not in table
    assert [row[7] for row in cells(table)] == ["10 of 10 000", "10 000"]


def test_nothing_evaluated_says_what_to_do(tmp_path: Path) -> None:
    (path,) = record(tmp_path, 0, 0.8).glob("evaluation-*.json")
    path.unlink()
    with pytest.raises(EquispikeError, match="equispike evaluate"):
        collect([tmp_path])


def test_the_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{MARKERS[0]}\nold\n{MARKERS[1]}\nafter\n")
    replace_section(readme, "results", "| new |")
    once = readme.read_text()
    assert once == f"before\n{MARKERS[0]}\n| new |\n{MARKERS[1]}\nafter\n"
    replace_section(readme, "results", "| new |")
    assert readme.read_text() == once


@pytest.mark.parametrize("text", ["", MARKERS[0], MARKERS[1], f"{MARKERS[1]}\n{MARKERS[0]}", None])
def test_a_readme_without_a_section_is_refused(tmp_path: Path, text: str | None) -> None:
    readme = tmp_path / "README.md"
    if text is not None:
        readme.write_text(text)
    with pytest.raises(EquispikeError, match=str(readme)):
        replace_section(readme, "results", "| new |")
    assert (readme.read_text() if readme.exists() else None) == text


def metrics(value: float, **others: float) -> pd.DataFrame:
    """Every metric at every checkpoint has ``value``, but for ``others``."""
    rows = [(images, name, others.get(name, value)) for images in CHECKPOINTS for name in METRICS]
    return pd.DataFrame(rows, columns=["images", "metric", "value"])


def test_bands_by_hand() -> None:
    seeds = [metrics(value, weight_mean=0.1, silent_fraction=0.0) for value in (1.0, 2.0, 3.0)]
    bands = measured_bands("diehl-cook", {"400": seeds}).set_index(["images", "metric"])
    assert len(bands) == len(CHECKPOINTS) * len(METRICS)
    assert bands["network"].unique().tolist() == ["400"] and bands["n_seeds"].unique().tolist() == [3]

    def band(metric: str) -> list[float]:
        return bands.loc[(5_000, metric), ["low", "high"]].astype(float).tolist()

    assert band("spikes_per_image") == pytest.approx([-2, 6])  # 2 ± 4 standard deviations of 1
    assert band("weight_mean") == pytest.approx([0.098, 0.102])  # the same for all: 2 %
    assert band("silent_fraction") == pytest.approx([-0.01, 0.01])  # zero for all: one neuron in a hundred


@pytest.fixture
def bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For 100 neurons after 1 000 images: 10 to 20 spikes per image, threshold 25 to 30 mV."""
    path = tmp_path / "bands.csv"
    path.write_text(
        "system,network,images,metric,low,high,n_seeds\n"
        "diehl-cook,100,1000,spikes_per_image,10,20,5\ndiehl-cook,100,1000,theta_mean_mV,25,30,5\n"
    )
    monkeypatch.setattr(training_checks, "BANDS", path)


def warned(
    spikes: float,
    *,
    theta: float = 27.0,
    data: str = "mnist",
    images: int = 1000,
    n_exc: int = 100,
    chunk: int = 1000,
    **changes,
):
    told = config("diehl-cook", 0, {"n_exc": n_exc, **changes}, chunk_images=chunk)
    spec = TrainingSpec.from_json(told | {"data": data})
    values = {"spikes_per_image": spikes, "theta_mean_mV": theta}
    frame = pd.DataFrame({"images": images, "metric": list(values), "value": list(values.values())})
    return training_checks.warnings(spec, Progress({}, seen=images, metrics=frame))


@pytest.mark.usefixtures("bands")
def test_a_metric_that_left_its_band_is_named() -> None:
    (warning,) = warned(21.5)
    assert "spikes_per_image is 21.5, outside [10, 20]" in warning
    assert "1000 images" in warning
    assert warned(15.0) == warned(10.0) == warned(20.0) == []


@pytest.mark.usefixtures("bands")
@pytest.mark.parametrize(
    "other", [{"data": "digits"}, {"images": 2000}, {"n_exc": 400}, {"chunk": 500}, {"neuron.tau_mem": "50*ms"}]
)
def test_no_warning_where_no_band_applies(other: dict) -> None:
    assert warned(60.0, **other) == []


@pytest.mark.usefixtures("bands")
@pytest.mark.parametrize("spikes", [4007.0, 0.0, float("nan")])
@pytest.mark.parametrize("other", [{"data": "digits"}, {"n_exc": 400, "chunk": 500}, {"neuron.tau_mem": "50*ms"}])
def test_what_is_far_from_all_bands_is_off_track_anywhere(spikes: float, other: dict) -> None:
    (warning,) = warned(spikes, **other)
    assert f"spikes_per_image is {spikes:.4g}, " in warning


@pytest.mark.usefixtures("bands")
def test_a_threshold_without_end_is_off_track() -> None:
    assert "theta_mean_mV is 1e+300, far outside" in "".join(warned(15.0, theta=1e300, data="digits"))


@pytest.mark.usefixtures("bands")
def test_not_a_number_is_off_track() -> None:
    assert len(warned(float("nan"))) == 1
