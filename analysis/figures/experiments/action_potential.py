"""An action potential with its measures, and the threshold of a second one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import column, model_of, potential_label, unit_of
from equispike.analysis.figures.sources import Source
from equispike.protocols.run_folder import RunFolder


def figures(run: RunFolder) -> list[Source]:
    def make(run: RunFolder) -> Figure:
        shape, refractoriness, trace = (
            run.read_table(f"{name}.csv") for name in ("action_potential", "refractoriness", "trace")
        )
        limit = float(run.read_json("run.json")["config"]["experiment_params"]["limit"])
        return action_potential(shape, refractoriness, trace, limit, model_of(run))

    return [("action-potential", make)]


@rc_context(style.PAPER)
def action_potential(
    shape: pd.DataFrame, refractoriness: pd.DataFrame, trace: pd.DataFrame, limit: float, model: str
) -> Figure:
    """The trace with onset, height, half width and trough; beside it, thresholds of a second pulse against the interval."""
    figure = style.new_figure(style.DOUBLE, 65)
    left, right = figure.subplots(1, 2)
    v = column(trace, "v")
    unit = unit_of(v, "v")
    left.plot(trace["t_ms"], trace[v], color=style.MAIN)
    found = shape.iloc[0]
    rest, onset, peak, height, trough = (
        found[column(shape, name)] for name in ("rest", "onset", "peak", "height", "trough")
    )
    left.set(xlabel="Time (ms)", ylabel=potential_label(v), title=f"{model}: shape")
    if np.isfinite(peak):
        end = found["t_trough_ms"] if found["t_trough_ms"] < 0.6 * trace["t_ms"].iloc[-1] else found["t_peak_ms"]
        span = max(2.2 * end, 4 * found["t_peak_ms"])
        left.set_xlim(-0.35 * span, span)
        left.set_ylim(np.nanmin([trough, rest]) - 0.2 * height, peak + 0.15 * height)
        at = found["t_peak_ms"]
        left.hlines(rest, -0.35 * span, 0, color=style.MAIN)
        left.annotate("", (at, rest), (at, peak), arrowprops={"arrowstyle": "<->", "color": "0.35", "linewidth": 0.7})
        left.text(at, peak + 0.02 * height, f" height {height:.4g} {unit}", va="bottom", ha="left")
        left.plot(found["t_onset_ms"], onset, "o", color=style.ACCENT, markersize=4)
        left.text(found["t_onset_ms"] - 0.03 * span, onset + 0.03 * height, f"onset {onset:.3g} {unit}", va="bottom",
                  ha="right", color=style.ACCENT)  # fmt: skip
        if np.isfinite(found["half_width_ms"]):
            half = rest + height / 2
            above = trace[trace[v] >= half]["t_ms"]
            left.plot([above.iloc[0], above.iloc[-1]], [half, half], color="black", linewidth=1)
            left.text(above.iloc[-1] + 0.03 * span, half, f"width {found['half_width_ms']:.3g} ms", va="center")
        if np.isfinite(trough):
            left.text(span, trough - 0.04 * height, f"trough {trough:.3g} {unit}", ha="right", va="top")
    table = refractoriness
    known = np.isfinite(table["relative_threshold"])
    right.plot(table["interval_ms"], table["relative_threshold"], "o-", color=style.MAIN, markersize=3)
    right.axhline(1, color="black", linestyle=":", linewidth=0.7)
    if (~known).any():
        right.plot(table["interval_ms"][~known], [limit] * int((~known).sum()), "x", color=style.ACCENT, markersize=3.5,
                   label=f"none up to {limit:g} thresholds, or\nspikes come without it")  # fmt: skip
        right.legend(loc="upper right")
    right.set(xlabel="Interval between pulses (ms)", ylabel="Threshold of the second pulse\n(of that at rest)",
              title="Refractoriness", ylim=(0, limit * 1.08))  # fmt: skip
    return figure
