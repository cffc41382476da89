"""Current and potential after one spike, with the closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equispike.analysis.figures import style
from equispike.analysis.figures.experiments.quantities import params_of
from equispike.analysis.figures.sources import Source
from equispike.models import SYNAPSES
from equispike.models.params import Params
from equispike.protocols.run_folder import RunFolder

#: Responses are shown until they have fallen below this part of their peak.
_SMALL = 0.03


def figures(run: RunFolder) -> list[Source]:
    return [("synaptic-kernel", _of_run)]


def _of_run(run: RunFolder) -> Figure:
    name, params = params_of(run)
    kernel = run.read_table("kernel.csv") if run.has("kernel.csv") else None
    return synaptic_kernel(name, params, run.read_table("traces.csv"), kernel)


@rc_context(style.PAPER)
def synaptic_kernel(name: str, params: Params, traces: pd.DataFrame, kernel: pd.DataFrame | None) -> Figure:
    """Current in voltage clamp, its peak against the potential where that matters, and potential of a free membrane."""
    synapse = SYNAPSES[name]
    n = 1 + (kernel is not None) + (kernel is not None and synapse.conductance)
    figure = style.new_figure(style.SINGLE if n < 3 else style.DOUBLE, 55)
    panels = list(figure.subplots(1, n, squeeze=False)[0])
    if kernel is not None:
        _current(panels.pop(0), name, params, traces[traces["what"] == "current_pA"])
    if kernel is not None and synapse.conductance:
        _current_voltage(panels.pop(0), kernel)
    _potential(panels.pop(0), traces[traces["what"] == "potential_mV"])
    figure.suptitle(f"{name}: {synapse.summary}", fontsize=7.5)
    return figure


def _current(axes: Axes, name: str, params: Params, traces: pd.DataFrame) -> None:
    closed = SYNAPSES[name].kernel
    lines = list(traces.groupby(["weight", "v_hold_mV"]))
    for ((weight, v), trace), colour in zip(lines, _by_potential([v for (_, v), _ in lines]), strict=True):
        t = trace["t_ms"].to_numpy()
        axes.plot(t, trace["value"], color=colour, linewidth=1.6)
        if closed is not None:
            after = t > -1e-6
            expected = weight * closed(params, np.maximum(t[after], 0) * 1e-3, v * 1e-3) * 1e12
            axes.plot(t[after], expected, color="black", linestyle=":", linewidth=0.9)
    axes.plot([], [], color=style.MAIN, linewidth=1.6, label="simulated")
    if closed is not None:
        axes.plot([], [], color="black", linestyle=":", linewidth=0.9, label="closed form")
    axes.set(xlim=_span(traces), xlabel="Time after the spike (ms)", ylabel="Current in voltage clamp (pA)")
    axes.legend(loc="upper right", fontsize=5.5)


def _by_potential(potentials: list[float]) -> list:
    """A colour a holding potential; the panel of largest currents has the same."""
    if len(set(potentials)) == 1:
        return [style.MAIN] * len(potentials)
    low, high = min(potentials), max(potentials)
    return [colormaps["viridis"](0.9 * (v - low) / (high - low)) for v in potentials]


def _current_voltage(axes: Axes, kernel: pd.DataFrame) -> None:
    for weight, group in kernel.groupby("weight"):
        axes.plot(group["v_hold_mV"], group["peak_pA"], color="black", linewidth=0.8, zorder=1)
        axes.scatter(group["v_hold_mV"], group["peak_pA"], s=12, c=_by_potential(list(group["v_hold_mV"])), zorder=2)
        if kernel["weight"].nunique() > 1:
            end = group.iloc[-1]
            axes.annotate(f"w = {weight:g}", (end["v_hold_mV"], end["peak_pA"]), fontsize=5)
    axes.axhline(0, color="black", linewidth=0.5)
    axes.set(xlabel="Holding potential (mV)", ylabel="Largest current (pA)")


def _potential(axes: Axes, traces: pd.DataFrame) -> None:
    for weight, trace in traces.groupby("weight"):
        axes.plot(trace["t_ms"], trace["value"], color=style.ACCENT, label=f"w = {weight:g}")
    axes.axhline(0, color="black", linewidth=0.5)
    if traces["weight"].nunique() > 1:
        axes.legend()
    axes.set(xlim=_span(traces), xlabel="Time after the spike (ms)", ylabel="Potential above rest (mV)")


def _span(traces: pd.DataFrame) -> tuple[float, float]:
    size = traces["value"].abs()
    return float(traces["t_ms"].min()), float(traces["t_ms"][size > _SMALL * size.max()].max())
