"""Histogram of weights under random inputs, and the neuron's rate on the way there."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import model_of
from equispike.analysis.figures.sources import Source
from equispike.analysis.plasticity import distribution_summary
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> list[Source]:
    return [
        (
            "weight-distribution",
            lambda run: weight_distribution(model_of(run), run.read_table("weights.csv"), run.read_table("output.csv")),
        )
    ]


@rc_context(style.PAPER)
def weight_distribution(name: str, weights: pd.DataFrame, output: pd.DataFrame) -> Figure:
    """After Song, Miller & Abbott 2000, figure 2: part of the synapses against the weight, part of the largest."""
    summary = distribution_summary(weights)
    figure = style.new_figure(style.DOUBLE, 62)
    histogram, rates = figure.subplots(1, 2, width_ratios=(1.3, 1))
    colours = style.CLASS_COLOURS
    bins = np.linspace(0, 1, 21)
    for row, (colour, each) in enumerate(zip(colours, summary.itertuples(), strict=False)):
        w = weights.loc[weights["input_rate_Hz"] == each.input_rate_Hz, "w_end"]
        label = f"{each.input_rate_Hz:g} Hz inputs"
        histogram.hist(w, bins, weights=np.full(len(w), 1 / len(w)), color=colour, label=label,
                       histtype="stepfilled" if len(summary) == 1 else "step", alpha=0.9, zorder=-row)  # fmt: skip
        course = output[output["input_rate_Hz"] == each.input_rate_Hz]
        rates.plot(course["t_s"], course["output_rate_Hz"], color=colour)
    histogram.set(xlabel="Weight (part of the largest)", ylabel="Part of the synapses", xlim=(0, 1), title=name)
    histogram.margins(y=0.25)
    histogram.legend(loc="upper center")
    rates.set(xlabel="Time (s)", ylabel="Output rate (Hz)", ylim=(0, None))
    return figure
