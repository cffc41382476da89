"""Every evaluation is kept, and a stated rule chooses the one that stands for the run."""

from pathlib import Path

import pytest
from small_runs import keep_evaluation, saved_run

from equispike.analysis import comparison
from equispike.analysis.results import LeftOut, collect, to_markdown
from equispike.protocols.data import load
from equispike.protocols.evaluating import evaluate
from equispike.protocols.evaluations import chosen, kept
from equispike.protocols.predicting import predict
from equispike.protocols.run_folder import RunFolder

FAST = {"n_exc": 4, "n_spikes_min": 0, "t_present": "10*ms", "t_rest_simulated": "5*ms", "w_total": 400}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return saved_run(tmp_path / "run", "conv-stdp")


def test_the_whole_test_set_goes_first_then_label_images_then_how_it_was_trained(run: RunFolder) -> None:
    """Each that is added is a better one."""
    own = {"backend": "numpy", "settings": {"grid": "4"}}
    for number, facts in enumerate(
        [
            {"n_images": 300, "n_label": 60_000, **own},
            {"n_images": 10_000, "n_label": 100, "settings": {"grid": "4"}},
            {"n_images": 10_000, "n_label": 200, "settings": {"grid": "2"}},
            {"n_images": 10_000, "n_label": 200, "settings": {"grid": "4"}},
            {"n_images": 10_000, "n_label": 200, **own},
        ]
    ):
        keep_evaluation(run, {"svm": number / 10}, **facts)
        assert chosen(run, "test").record["accuracy"] == {"svm": number / 10}
    assert len(list(kept(run, "test"))) == 5
    keep_evaluation(run, {"svm": 0.9}, split="validation", n_images=37, n_split=37, n_label=5)
    assert chosen(run, "test").record["accuracy"] == {"svm": 0.4}
    assert chosen(run, "validation").is_whole


def test_a_quick_check_replaces_nothing(tmp_path: Path) -> None:
    run, data = saved_run(tmp_path / "run", "diehl-cook", **FAST), load("digits")
    evaluate(run, data, n_label=6, n_test=4)
    names, shares = run.names("*"), predict(run, data.test_images[:2])
    before = {name: (run.path / name).read_bytes() for name in names if name != "activity.npz"}
    evaluate(run, data, n_label=2, n_test=3)
    assert {name: (run.path / name).read_bytes() for name in before} == before
    assert len(list(kept(run))) == 2 and chosen(run, "test").record["n_images"] == 4
    assert (predict(run, data.test_images[:2]) == shares).all()  # with the labels of six images, not of two


def test_readouts_that_were_asked_for_one_by_one_are_one_evaluation_with_both_commands(tmp_path: Path) -> None:
    run, data = saved_run(tmp_path / "run", "diehl-cook", **FAST), load("digits")
    for readout in ("vote", "proportion"):
        evaluate(run, data, n_label=4, n_test=3, readouts=[readout])
    (found,) = kept(run)
    assert found.record["accuracy"].keys() == {"vote", "proportion"} == found.guesses().keys() - {"truth"}
    assert len(found.record["commands"]) == 2


def test_a_part_of_the_test_set_is_marked_wherever_it_stands(tmp_path: Path) -> None:
    whole, part = saved_run(tmp_path / "a-s0", "softmax"), saved_run(tmp_path / "b-s1", "mlp")
    keep_evaluation(whole, {"largest output": 0.5}, backend="jax")
    keep_evaluation(part, {"largest output": 0.6}, backend="jax", n_images=300)
    assert "300 of 10 000" in to_markdown(collect([tmp_path]))
    labels = [label for label, _, _ in comparison.labelled(comparison.compare([tmp_path]))]
    assert [label.endswith(", 300 of 10 000 test images") for label in sorted(labels)] == [True, False]


def test_how_it_was_answered_is_said_where_it_is_not_as_it_was_trained(run: RunFolder) -> None:
    keep_evaluation(run, {"svm": 0.5}, settings={"grid": "2"}, backend="cpp")
    (row,) = collect([run.path]).to_dict("records")
    assert row["settings"].endswith("answered with grid=2, answered on cpp")


def test_runs_that_are_left_out_are_named_with_the_reason(run: RunFolder, tmp_path: Path) -> None:
    keep_evaluation(run, {"svm": 0.5})
    saved_run(tmp_path / "bare", "softmax")
    with pytest.warns(LeftOut, match=f"left out: {tmp_path / 'bare'}: not evaluated on the test set"):
        assert len(collect([tmp_path])) == 1
