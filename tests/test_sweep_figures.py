"""What figures of a sweep show is in its table: one readout, and as many runs as there are seeds."""

import pandas as pd
import pytest
from scipy.stats import t as student

from equispike.analysis.figures.sweeps import draw
from equispike.models.errors import EquispikeError

#: Two seeds of two readouts, headline first; and the same runs on held-out images.
VOTE, PROPORTION = (0.80, 0.84), (0.90, 0.92)


def table(**more: list) -> pd.DataFrame:
    rows = [
        {"run": f"r{seed}", "system": "diehl-cook", "seed": seed, "readout": readout, "split": split, "n_exc": 400,
         "rule": "pair", "accuracy": values[seed] - (0.5 if split == "validation" else 0)}
        for seed in (0, 1) for split in ("test", "validation") for readout, values in (("vote", VOTE), ("proportion", PROPORTION))
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**more)


MAP = {"kind": "map", "name": "m", "x": "n_exc", "y": "rule", "z": "accuracy"}
LINES = {"kind": "lines", "name": "l", "x": "n_exc", "y": "accuracy"}


@pytest.mark.parametrize(
    ("asked", "shown", "named"), [({}, "82", "vote"), ({"readout": "proportion"}, "91", "proportion")]
)
def test_a_map_shows_the_mean_of_one_readout(asked: dict, shown: str, named: str) -> None:
    axes = draw(table(), MAP | asked).axes[0]
    assert [text.get_text() for text in axes.texts] == [shown]
    assert axes.get_title() == f"{named}, test set\nmeans of 2 seeds"


def test_an_interval_has_as_many_degrees_of_freedom_as_seeds() -> None:
    axes = draw(table(), LINES).axes[0]
    (bar,) = axes.containers[0].lines[2]
    (low, high) = bar.get_segments()[0][:, 1]
    half = student.ppf(0.975, 1) * 100 * (0.04 / 2**0.5) / 2**0.5  # of two values 0.04 apart
    assert (high + low) / 2 == pytest.approx(82) and (high - low) / 2 == pytest.approx(half)
    assert (
        len(axes.lines[-1].get_xdata()) == 2 and axes.get_title() == "vote, test set\nmeans of 2 seeds, 95 % intervals"
    )


def test_one_seed_has_no_interval() -> None:
    axes = draw(table().query("seed == 0"), LINES).axes[0]
    (bar,) = axes.containers[0].lines[2]
    assert not bar.get_segments()[0].size
    assert axes.get_title() == "vote, test set\none seed each"


def test_readouts_side_by_side_are_not_put_together() -> None:
    axes = draw(table(), LINES | {"lines": "readout"}).axes[0]
    means = [container.lines[0].get_ydata()[0] for container in axes.containers]
    assert means == pytest.approx([91, 82]) and axes.get_title() == "test set\nmeans of 2 seeds, 95 % intervals"


def test_nothing_but_seeds_is_averaged() -> None:
    with pytest.raises(EquispikeError, match="would average runs that differ in theta"):
        draw(pd.concat([table(theta=1.0), table(theta=2.0)]), LINES)
    with pytest.raises(EquispikeError, match="no readout svm; there are: vote, proportion"):
        draw(table(), MAP | {"readout": "svm"})


def test_a_scatter_has_a_point_a_run() -> None:
    both = pd.concat([table(theta=1.0), table(theta=2.0)])
    (line,) = draw(both, {"kind": "scatter", "name": "s", "y": "accuracy"}).axes[0].lines
    assert sorted(line.get_ydata()) == pytest.approx([80, 80, 84, 84])
