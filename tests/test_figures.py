"""Figures: drawn from the run folder alone, right in what they show, and saying where they are from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from small_runs import keep_evaluation, run_record
from test_comparison import config

from equispike.analysis.figures import draw, style
from equispike.analysis.figures.confusion import confusion
from equispike.analysis.figures.numbers import numbers
from equispike.analysis.figures.weights import weight_map
from equispike.analysis.statistics import confusion_matrix, lifetime_sparseness, row_percent, tuning_order
from equispike.models.errors import EquispikeError
from equispike.protocols.derived import weights_of
from equispike.protocols.learned import LearnedFrom
from equispike.protocols.run_folder import RunFolder

N_EXC, N_INPUT = 7, 784
NAMES = ["learning", "confusion-test", "raster", "weights", "thresholds", "tuning"]
#: Neuron 0 is silent, 1 and 3 and 5 respond most to class 2 (5 the strongest), 2 and 4 to class 0, 6 to class 9.
RATES = np.zeros((10, N_EXC))
RATES[2, [1, 3, 5]] = 1, 2, 3
RATES[0, [2, 4]] = 4, 0.5
RATES[9, 6] = 1
RATES[8, 6] = 1 / 2
ASSIGNED = np.array([-1, 2, 0, 2, 0, 2, 9])
ORDER = [2, 4, 5, 3, 1, 6, 0]


@pytest.fixture
def trained(tmp_path: Path) -> RunFolder:
    """A run folder as training leaves it."""
    run = RunFolder.create(tmp_path / "run-a")
    run.write_json("run.json", run_record(config("diehl-cook", 7, {"n_exc": N_EXC}), commit="abc123"))
    rng = np.random.default_rng(0)
    run.write_arrays("arrays.npz", {"w": rng.random((N_INPUT, N_EXC)), "theta": rng.random(N_EXC) / 100})
    metrics = ["running_accuracy", "spikes_per_image", "presentations_per_image", "theta_mean_mV"]
    rows = [(images, name, 0.5) for images in (10, 20, 30) for name in metrics if images > 10 or name != metrics[0]]
    run.write_metrics(pd.DataFrame(rows, columns=["images", "metric", "value"]))
    return run


@pytest.fixture
def complete(trained: RunFolder) -> RunFolder:
    """A run folder with everything in it."""
    weights = weights_of(trained)
    learned = {"vote.class_rates": RATES, "vote.assignments": ASSIGNED}
    LearnedFrom(50, "cpp", {}, "abc", weights).write(trained, learned)
    name = keep_evaluation(trained, {"vote": 2 / 3}, n_images=3, n_split=3).stem
    guesses = {"truth": np.array([0, 1, 9], np.uint8), "vote": np.array([0, 9, 9])}
    trained.write_arrays(f"{name}.npz", guesses | {"weights": np.array(weights)})
    spikes = {"inputs.spikes": np.array([[20, 5], [600, 700]]), "exc.spikes": np.array([[400, 6]])}
    shown = {"image": np.zeros((28, 28), np.uint8), "label": np.array(9), "n_presentations": np.array(2)}
    times = {"dt": np.array(0.0005), "n_steps": np.array(740), "n_steps_present": np.array(700)}
    trained.write_arrays("activity.npz", spikes | shown | times | {"weights": np.array(weights)})
    return trained


ENDS = (".png", ".pdf", "-numbers.csv")


def test_a_complete_run_gives_every_figure_with_its_origin_in_the_file(
    complete: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(style.PAPER, "savefig.dpi", 300)  # of other tests' pictures it is less
    monkeypatch.setattr("sys.argv", ["pytest"])
    before = {path: path.read_bytes() for path in complete.path.rglob("*") if path.is_file()}
    written, skipped = draw(complete.path)
    assert skipped == []
    assert written == [complete.path / "figures" / f"{name}{end}" for name in NAMES for end in ENDS]
    assert sorted(written) == sorted((complete.path / "figures").iterdir())
    for path in written:
        if path.suffix == ".pdf":
            assert b"(run run-a, commit abc123, seed 7)" in path.read_bytes()
        elif path.suffix == ".png":
            with Image.open(path) as picture:
                assert {"Run": "run-a", "Commit": "abc123", "Seed": "7"}.items() <= picture.info.items()
                assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    again, _ = draw(complete.path, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]
    assert {path: path.read_bytes() for path in before} == before


def test_the_command_in_a_figure_says_nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["figures", f"{tmp_path}/runs/a", "--out=/home/me/figures", "--set", "rule=/home/me/rule.py:MINE", "a/b"]
    monkeypatch.setattr("sys.argv", ["/opt/bin/equispike", *words])
    png, *_ = style.save(Figure(), tmp_path, "empty", {})
    with Image.open(png) as picture:
        command = picture.info["Command"]
    assert command == "equispike figures runs/a --out=figures --set rule=rule.py:MINE a/b"


def test_numbers_are_what_is_drawn() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    left.plot([1, 2], [3, 4], label="a line")
    left.axhline(7)
    left.errorbar([5], [6], yerr=[[1], [2]], label="measured")
    right.bar([1, 2], [10, 20])
    right.barh([3], [30])
    right.imshow([[0, 1], [2, 3]])
    right.fill_between([0, 1], [2, 2], [3, 3])
    found = numbers(figure)
    for kind, panel, x, y in (
        ("line", 1, [1, 2], [3, 4]), ("line", 1, [5], [6]), ("bars", 1, [5, 5], [5, 8]), ("columns", 2, [1, 2], [10, 20]),
        ("columns", 2, [30], [3]),
    ):  # fmt: skip
        rows = found[(found["kind"] == kind) & (found["panel"] == panel)][["x", "y"]].to_numpy().tolist()
        assert all(list(row) in rows for row in zip(x, y, strict=True)), (kind, rows)
    assert found["label"].tolist().count("a line") == 2 and set(found[found["kind"] == "bars"]["label"]) == {"measured"}
    assert 7 not in found["y"].tolist()
    assert found[found["kind"] == "picture"]["value"].tolist() == [0, 1, 2, 3]
    assert {2.0, 3.0} == set(found[found["kind"] == "band"]["y"])


def test_what_is_missing_is_said_in_one_sentence_each(trained: RunFolder) -> None:
    written, skipped = draw(trained.path)
    assert {path.stem for path in written if path.suffix == ".png"} == {"learning", "weights", "thresholds"}
    assert [reason.partition(" figure: ")[0] for reason in skipped] == ["no confusion-test", "no raster", "no tuning"]
    assert "was not evaluated" in skipped[2]
    assert all("\n" not in reason for reason in skipped)


def test_inputs_that_are_no_square_image_leave_out_the_weight_map_only(trained: RunFolder) -> None:
    trained.write_json("run.json", run_record(config("diehl-cook", 7, {"n_exc": N_EXC, "n_input": 12})))
    trained.write_arrays("arrays.npz", {"w": np.ones((12, N_EXC)), "theta": np.zeros(N_EXC)})
    written, skipped = draw(trained.path)
    assert {path.stem for path in written if path.suffix == ".png"} == {"learning", "thresholds"}
    assert skipped[2] == "no weights figure: 12 inputs are not a square image, so their weights cannot be shown as one"


def test_a_folder_without_a_run_and_one_that_cannot_be_written_are_refused(complete: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(EquispikeError, match="not a run folder"):
        draw(tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EquispikeError, match="cannot be written"):
        draw(complete.path, tmp_path / "file")


def test_confusion_counts_and_percentages() -> None:
    counts = confusion_matrix(np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 1, 0]), n_classes=4)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert row_percent(counts)[[0, 3]] == pytest.approx(np.array([[200 / 3, 100 / 3, 0, 0], [np.nan] * 4]), nan_ok=True)


def test_the_confusion_figure_writes_the_counts_into_their_cells() -> None:
    axes = confusion(np.array([3, 3, 3, 5]), np.array([3, 3, 8, 5]), "Test set", 10).axes[0]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {(3, 3): "2", (8, 3): "1", (5, 5): "1"}
    assert "75.0 %" in axes.get_title() and "n = 4" in axes.get_title()


def test_neurons_are_ordered_by_class_then_response_and_unassigned_ones_come_last() -> None:
    assert tuning_order(RATES, ASSIGNED).tolist() == ORDER


def test_the_weight_map_shows_each_neuron_at_its_place() -> None:
    grey = np.linspace(0, 1, N_EXC)  # neuron j has weight grey[j] everywhere
    figure = weight_map(np.tile(grey, (N_INPUT, 1)), RATES, ASSIGNED)
    picture = np.asarray(figure.axes[0].images[0].get_array())
    rows, columns = 3, 3
    tile = picture.reshape(rows, picture.shape[0] // rows, columns, picture.shape[1] // columns, 4)
    darkness = 1 - tile[:, 14, :, 14, 0].ravel()
    assert darkness[:N_EXC] == pytest.approx(grey[ORDER], abs=0.01)
    assert darkness[N_EXC:].tolist() == [0, 0]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["0–2", "2–9", "none"]


def test_a_field_keeps_the_orientation_of_the_image() -> None:
    w = np.zeros((N_INPUT, 1))
    w[3 * 28 + 20] = 1  # row 3, column 20
    picture = np.asarray(weight_map(w).axes[0].images[0].get_array())
    assert np.argwhere(picture[..., 0] < 0.5).tolist() == [[3, 20]]


def test_selectivity_is_one_for_one_class_zero_for_all_alike_and_unknown_for_silence() -> None:
    rates = np.array([[3.0, 2, 0], [0, 2, 0], [0, 2, 0], [0, 2, 0]])
    assert lifetime_sparseness(rates) == pytest.approx([1, 0, np.nan], nan_ok=True)
