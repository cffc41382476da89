"""Figures of little: one run, one chunk, a few samples. Axes have numbers, and every point is within them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from equispike.analysis.figures.comparison import anytime_curves, costs, looks
from equispike.analysis.figures.convergence import convergence_curves
from equispike.analysis.figures.experiments import fi_curve

PARTS = np.array([0.05, 0.1, 0.4, 1.0])
ONE = pd.DataFrame(
    {"label": "dc", "kind": "spiking", "time": 0.35 * PARTS, "accuracy": [0.1, 0.3, 0.5, 1.0], "acs": 4e4 * PARTS,
     "macs": 0.0, "n_images": 360, "low": [0.05, 0.2, 0.4, 1.0], "high": [0.15, 0.4, 0.6, 1.0]}
)  # fmt: skip


def numbers(axis: Axis) -> list[str]:
    """What is written within the limits of an axis."""
    axis.figure.draw_without_rendering()
    low, high = sorted(axis.get_view_interval())
    return [
        tick.label1.get_text()
        for tick in axis.get_major_ticks()
        if low <= tick.get_loc() <= high and tick.label1.get_text()
    ]


def inside(axes: Axes, line) -> bool:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    x, y = line.get_xdata(), line.get_ydata()
    return bool(((left <= x) & (x <= right) & (bottom <= y) & (y <= top)).all())


@pytest.mark.parametrize("rows", [slice(None), slice(2, None), slice(3, None)], ids=["all", "two", "one"])
def test_one_network_stopped_early(rows: slice) -> None:
    figure = anytime_curves(ONE[rows], looks({"dc": "spiking"}))
    for axes in figure.axes:
        assert len(numbers(axes.xaxis)) > 1 and all(inside(axes, line) for line in axes.lines)
        assert min(line.get_ydata().min() for line in axes.lines) == pytest.approx(50 / 360)  # half an error of 360
    assert figure.axes[0].get_ylabel() == "Errors (%); none is drawn as half of one"


def test_costs_of_two_like_networks() -> None:
    settings = pd.DataFrame(
        [{"label": name, "kind": "ANN", "accuracy": accuracy, "low": accuracy, "high": accuracy, "energy": energy,
          "parameters": 635_000 + 10_000 * k, "n_images": 1000}
         for k, (name, accuracy, energy) in enumerate([("a", 0.98, 5.3e-7), ("b", 1.0, 5.6e-7)])]
    )  # fmt: skip
    for axes in costs(settings, looks({"a": "ANN", "b": "ANN"})).axes:
        assert len(numbers(axes.xaxis)) > 1 and len(numbers(axes.yaxis)) > 1
        assert all(inside(axes, container.lines[0]) for container in axes.containers)


@pytest.mark.parametrize("value", [0.1432, 0.0])
def test_convergence_after_one_chunk(value: float) -> None:
    metrics = pd.DataFrame({"images": [1000], "metric": ["conv1.convergence"], "value": [value]})
    (axes,) = convergence_curves(metrics, ["conv1", "conv2"], 0.01).axes
    assert {"0.01", "0.02", "0.05"} & set(numbers(axes.yaxis)) and axes.get_xlim()[0] == 0
    assert inside(axes, axes.lines[0])


def test_a_closed_form_is_drawn_between_samples() -> None:
    table = pd.DataFrame({"current_nA": [1.0, 3.0], "rate_Hz": [0.0, 100.0], "first_rate_Hz": [0.0, 100.0]})
    currents = np.linspace(1, 3, 7)
    (axes,) = fi_curve.fi_curve(table, "lif", currents, currents**2).axes
    closed = next(line for line in axes.lines if line.get_label() == "closed form")
    np.testing.assert_array_equal(closed.get_ydata(), currents**2)
