"""Izhikevich's neuron: two equations, four parameters, twenty firing patterns."""

from __future__ import annotations

import math
from dataclasses import dataclass

from brian2 import Quantity, ms

from equispike.models.neurons.base import Neuron, NeuronParams, Pattern
from equispike.models.params import param

PAPER = "Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569-1572, equations 1 to 3"
FIGURE = "Izhikevich 2004, IEEE Trans. Neural Netw. 15:1063-1070, figure 1 and its program figure1.m"


@dataclass(frozen=True)
class IzhikevichParams(NeuronParams):
    """Izhikevich's neuron; regular spiking."""

    dt: Quantity = param(
        0.25 * ms, "time step of the integration", FIGURE, unit=ms, minimum=1e-6, maximum=10, exclusive=True
    )
    tau: Quantity = param(1 * ms, "unit of time", PAPER, unit=ms, minimum=0, exclusive=True)
    a: float = param(0.02, "rate of recovery", PAPER)
    b: float = param(0.2, "sensitivity of recovery to the potential", PAPER)
    c: float = param(-65.0, "potential after a spike (mV)", PAPER)
    d: float = param(8.0, "what a spike adds to recovery", PAPER)
    k2: float = param(0.04, "quadratic coefficient of the potential", PAPER)
    k1: float = param(5.0, "linear coefficient of the potential; 4.1 in the panels class 1 and integrator", PAPER)
    k0: float = param(140.0, "constant term; 108 in the panels class 1 and integrator", PAPER)
    v_u: float = param(0.0, "potential at which recovery has no drive (mV); -65 in the panel accommodation", FIGURE)
    decay: float = param(
        1.0, "recovery decays; 0 in the panel accommodation: it does not", FIGURE, minimum=0, maximum=1
    )
    v_peak: float = param(30.0, "potential at which a spike is cut off (mV)", PAPER)


_CLASS_1 = {"k1": 4.1, "k0": 108.0}
_STEP = 0.25


def _after(t: float, dt: float = _STEP) -> float:
    """The first time step after t."""
    return (math.floor(t / dt + 1e-9) + 1) * dt


def _pulses(level: float, *spans: tuple[float, float], base: float = 0.0, dt: float = _STEP) -> tuple:
    """``level`` where start < t < stop, ``base`` elsewhere; in time steps, as in the program of the figure."""
    pieces = [(0.0, base)]
    for start, stop in spans:
        pieces += [(_after(start, dt), level), (math.ceil(stop / dt - 1e-9) * dt, base)]
    return tuple(pieces)


def _pattern(label, kind, abcd, v, duration, current, *, dt=_STEP, u=None, **settings) -> Pattern:
    a, b, c, d = abcd
    return Pattern(
        label,
        kind,
        {"a": a, "b": b, "c": c, "d": d, **settings},
        current,
        duration,
        initial={"v": v, "u": b * v if u is None else u},
        dt=dt,
    )


def _step(level: float, start: float, dt: float = _STEP) -> tuple:
    return ((0.0, 0.0), (_after(start, dt), level))


#: Figure 1 of the 2004 paper; numbers and time steps are those of its program.
_PATTERNS = (
    _pattern("tonic spiking", "tonic spiking", (0.02, 0.2, -65, 6), -70, 100, _step(14, 10)),
    _pattern("phasic spiking", "phasic spiking", (0.02, 0.25, -65, 6), -64, 200, _step(0.5, 20)),
    _pattern("tonic bursting", "tonic bursting", (0.02, 0.2, -50, 2), -70, 220, _step(15, 22)),
    _pattern("phasic bursting", "phasic bursting", (0.02, 0.25, -55, 0.05), -64, 200, _step(0.6, 20, 0.2), dt=0.2),
    _pattern("mixed mode", "initial burst", (0.02, 0.2, -55, 4), -70, 160, _step(10, 16)),
    _pattern("spike frequency adaptation", "adaptation", (0.01, 0.2, -65, 8), -70, 85, _step(30, 8.5)),
    _pattern("class 1 excitable", "class 1", (0.02, -0.1, -55, 6), -60, 300, ((0, 0), (30, 0, 0.075)), **_CLASS_1),
    _pattern("class 2 excitable", "class 2", (0.2, 0.26, -65, 0), -64, 300, ((0, -0.5), (30, -0.5, 0.015))),
    _pattern("spike latency", "spike latency", (0.02, 0.2, -65, 6), -70, 100, _pulses(7.04, (10, 13), dt=0.2), dt=0.2),
    _pattern("subthreshold oscillations", "subthreshold oscillations", (0.05, 0.26, -60, 0), -62, 200,
             _pulses(2, (20, 25))),
    _pattern("resonator", "resonator", (0.1, 0.26, -60, -1), -62, 400,
             _pulses(0.65, (40, 44), (60, 64), (280, 284), (320, 324))),
    _pattern("integrator", "integrator", (0.02, -0.1, -55, 6), -60, 100,
             _pulses(9, (100 / 11, 100 / 11 + 2), (100 / 11 + 5, 100 / 11 + 7), (70, 72), (80, 82)), **_CLASS_1),
    _pattern("rebound spike", "rebound spike", (0.03, 0.25, -60, 4), -64, 200, _pulses(-15, (20, 25), dt=0.2), dt=0.2),
    _pattern("rebound burst", "rebound burst", (0.03, 0.25, -52, 0), -64, 200, _pulses(-15, (20, 25), dt=0.2), dt=0.2),
    _pattern("threshold variability", "threshold variability", (0.03, 0.25, -60, 4), -64, 100,
             (*_pulses(1, (10, 15)), *_pulses(-6, (70, 75))[1:], *_pulses(1, (80, 85))[1:])),
    _pattern("bistability", "bistability", (0.1, 0.26, -60, 0), -61, 300,
             _pulses(1.24, (37.5, 42.5), (216, 221), base=0.24)),
    _pattern("depolarizing after-potential", "depolarizing after-potential", (1, 0.2, -60, -21), -70, 50,
             _pulses(20, (9, 11), dt=0.1), dt=0.1),
    _pattern("accommodation", "accommodation", (0.02, 1, -55, 4), -65, 400,
             ((0, 0, 1 / 25), (200, 0), (300, 0, 4 / 12.5), (312.5, 0)), dt=0.5, u=-16, v_u=-65.0, decay=0.0),
    _pattern("inhibition-induced spiking", "inhibition-induced spiking", (-0.02, -1, -60, 8), -63.8, 350,
             ((0, 80), (50, 75), (250.5, 80)), dt=0.5),
    _pattern("inhibition-induced bursting", "inhibition-induced bursting", (-0.026, -1, -45, -2), -63.8, 350,
             ((0, 80), (50, 75), (250.5, 80)), dt=0.5),
)  # fmt: skip

IZHIKEVICH = Neuron(
    name="izhikevich",
    summary="quadratic integrate-and-fire with recovery: twenty firing patterns",
    citation="Izhikevich 2003, doi:10.1109/TNN.2003.820440; Izhikevich 2004, doi:10.1109/TNN.2004.832719",
    # The papers' programs move v first and then u, by the new v; at their coarse time steps the panels bistability,
    # depolarizing after-potential and inhibition-induced bursting depend on it. Smaller steps make it the papers' equation.
    equations="""
        dv/dt = v_dot : 1
        du/dt = a * (b * (v_moved - v_u) - decay * u) / tau : 1
        v_dot = (k2 * v**2 + k1 * v + k0 - u + i_ext) / tau : Hz
        v_moved = v + dt * v_dot : 1
        i_ext : 1
    """,
    threshold="v > v_peak",
    reset="v = c\nu += d",
    refractory=False,
    params=IzhikevichParams,
    method="euler",
    # The lower of the two potentials at which nothing moves; without one, the bottom of the parabola.
    rest={"v": "(b - k1 - sqrt(clip((k1 - b)**2 - 4 * k2 * k0, 0, 1e9))) / (2 * k2)", "u": "b * (v - v_u)"},
    input="i_ext",
    current=10.0,
    in_mv=True,
    peak="v_peak",
    patterns=_PATTERNS,
)
