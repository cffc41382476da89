"""Current and potential that one presynaptic spike causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from brian2 import Mohm, Quantity, ms, mV, second
from scipy.integrate import simpson

from equispike.models.codegen import Program, get_backend
from equispike.models.params import Params, param
from equispike.models.synapses import Synapse
from equispike.models.synapses.single_spike import build
from equispike.protocols.experiments.base import CHOICE, Experiment, Tables

CELL = "Brunel & Wang 2001, J. Comput. Neurosci. 11:63-85, pyramidal cells (0.5 nF, 25 nS)"
#: Traces keep at most so many samples of each membrane.
_TRACE = 400
_PROGRAMS: dict[tuple, Program] = {}


def _params(synapse: Synapse, synapse_params: Params) -> Params:
    held = np.linspace(-95, 45, 8) if synapse.conductance else np.array([-70.0])
    taus = [float(getattr(synapse_params, key)) for key in synapse_params.keys() if key.startswith("tau_")]

    @dataclass(frozen=True)
    class SynapticKernelParams(Params):
        """A membrane that a spike reaches, free or in voltage clamp."""

        weight: np.ndarray = param(np.array([1.0]), "weights of the synapse", CHOICE)
        v_hold: Quantity = param(held * mV, "potentials of the voltage clamp", CHOICE, unit=mV)
        tau_mem: Quantity = param(20 * ms, "membrane time constant", CELL, unit=ms, minimum=0, exclusive=True)
        r_mem: Quantity = param(40 * Mohm, "membrane resistance", CELL, unit=Mohm, minimum=0, exclusive=True)
        v_rest: Quantity = param(-60 * mV, "resting potential, at which inhibition is seen", CHOICE, unit=mV)
        t_spike: Quantity = param(5 * ms, "when the spike comes", CHOICE, unit=ms, minimum=0)
        duration: Quantity = param(
            15e3 * max([20e-3, *taus]) * ms,
            "time after the spike; by default 15 of the longest time constant",
            CHOICE,
            unit=ms,
            minimum=0,
            exclusive=True,
        )
        dt: Quantity = param(0.05 * ms, "time step", CHOICE, unit=ms, minimum=1e-4, maximum=1, exclusive=True)

    return SynapticKernelParams()


def _run(synapse: Synapse, synapse_params: Any, params: Any, backend: str, seed: int) -> Tables:
    weights, held = np.asarray(params.weight), np.asarray(params.v_hold)
    # A delta's current cannot be seen in voltage clamp: it is over before it could be.
    held = held[:0] if synapse.name == "delta" else held
    w, v = (grid.ravel() for grid in np.meshgrid(weights, held, indexing="ij"))
    cells = pd.DataFrame(
        {
            "clamped": np.repeat([True, False], [len(w), len(weights)]),
            "weight": np.concatenate([w, weights]),
            "v": np.concatenate([v, np.full(len(weights), float(params.v_rest))]),
        }
    )
    dt, n = float(params.dt), len(cells)
    size = max(16, 1 << (n - 1).bit_length())  # programs are built for a power of two, so that sweeps share them
    columns = {"cells.v": cells["v"], "cells.free": 1.0 - cells["clamped"], "synapses.w": cells["weight"]}
    state = {name: np.resize(values.to_numpy(), size) for name, values in columns.items()}
    spike_step = round(float(params.t_spike) / dt)
    after = max(4, round(float(params.duration) / dt))
    every = max(1, after // 20_000)
    spike_step += -spike_step % every
    own = {key: getattr(params, key) for key in ("tau_mem", "r_mem", "v_rest")}
    namespace = synapse_params.namespace() | own
    constants = {"spike_step": spike_step, "n_steps": spike_step + after + 1, "sample_every": every}
    result = _program(synapse, namespace, size, dt, backend).run(state, {}, namespace | constants, seed)
    samples = {key: values.reshape(-1, size)[:, :n] for key, values in result.records["samples"].items()}
    t = samples["t"][:, 0] - spike_step * dt
    return _tables(cells, t, samples["v"], samples["i_sampled"])


def _tables(cells: pd.DataFrame, t: np.ndarray, v: np.ndarray, i: np.ndarray) -> Tables:
    """Tables of clamped and free membranes; ``t`` (n,) in s since the spike, ``v`` and ``i`` (n, cells) in SI units."""
    tables: Tables = {}
    after = t > -1e-9
    kernels: list[dict[str, float]] = []
    potentials: list[dict[str, float]] = []
    traces = []
    for k, cell in enumerate(cells.itertuples()):
        y = i[:, k] * 1e12 if cell.clamped else (v[:, k] - cell.v) * 1e3
        # What a spike adds is there from its own sample on.
        measures = _measures(t[after] * 1e3, y[after])
        unit, rows = ("pA", kernels) if cell.clamped else ("mV", potentials)
        first = {"weight": cell.weight, "v_hold_mV": cell.v * 1e3} if cell.clamped else {"weight": cell.weight}
        integral = "charge_fC" if cell.clamped else "area_mV_ms"
        rows.append(
            first
            | {f"peak_{unit}": measures["peak"], "t_peak_ms": measures["t_peak"], integral: measures["area"]}
            | {"rise_ms": measures["rise"], "half_width_ms": measures["half_width"]}
        )
        kept = _kept(t, y)
        traces.append(
            pd.DataFrame({"what": "current_pA" if cell.clamped else "potential_mV", "weight": cell.weight,
                          "v_hold_mV": cell.v * 1e3, "t_ms": t[kept] * 1e3, "value": y[kept]})
        )  # fmt: skip
    if kernels:
        tables["kernel"] = pd.DataFrame(kernels)
    tables["potential"] = pd.DataFrame(potentials)
    tables["traces"] = pd.concat(traces, ignore_index=True)
    return tables


def _kept(t: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Samples worth keeping of a trace: more of them where it has just begun."""
    start = int(np.searchsorted(t, -1e-9))
    later = np.unique(np.geomspace(1, len(t) - start, _TRACE).astype(int)) - 1 + start
    return np.concatenate([[0, max(0, start - 1)] if start else [], later]).astype(int)


def _measures(t: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Peak, its time, area, time from 10 to 90 % of the peak and width at half of it, in the units of t and y.

    A response of nothing, such as a current at its reversal potential, has no times: they are not a number. Nor has one that
    still rises at the end a peak, or one that has not fallen to half of it a width.
    """
    top = int(np.argmax(np.abs(y)))
    peak, t_peak = float(y[top]), float(t[top])
    if peak == 0:
        return {"peak": 0.0, "t_peak": np.nan, "area": 0.0, "rise": np.nan, "half_width": np.nan}
    if 0 < top == len(y) - 1:
        nothing = dict.fromkeys(("peak", "t_peak", "rise", "half_width"), np.nan)
        return nothing | {"area": float(simpson(y, x=t))}
    if 0 < top < len(y) - 1:  # the vertex of the parabola through the largest sample and its neighbours
        below, above = y[top - 1] - peak, y[top + 1] - peak
        offset = 0.5 * (below - above) / (below + above)
        t_peak += offset * float(t[1] - t[0])
        peak -= 0.25 * (below - above) * offset
    part = y / peak
    rising, falling = part[: top + 1], part[top:]
    crossings = [float(np.interp(level, rising, t[: top + 1])) for level in (0.1, 0.5, 0.9)]
    end = float(np.interp(-0.5, -falling, t[top:])) if falling.min() <= 0.5 else np.nan
    return {
        "peak": peak,
        "t_peak": t_peak,
        "area": float(simpson(y, x=t)),
        "rise": crossings[2] - crossings[0],
        "half_width": end - crossings[1],
    }


def _program(synapse: Synapse, namespace: dict, size: int, dt: float, backend: str) -> Program:
    """The program of such a network, built once in a process; synapses that differ only in numbers share it."""
    key = (synapse.equations, synapse.on_pre, tuple(namespace), size, dt, backend)
    if key not in _PROGRAMS:
        _PROGRAMS[key] = get_backend(backend).compile(lambda: build(synapse, namespace, size, dt * second))
    return _PROGRAMS[key]


SYNAPTIC_KERNEL = Experiment(
    name="synaptic-kernel",
    summary="current in voltage clamp and potential of a passive membrane after one spike",
    citation="Gerstner & Kistler 2002, Spiking Neuron Models, section 4.1; Dayan & Abbott 2001, section 5.8",
    takes="synapse",
    params=_params,
    run=_run,
)
