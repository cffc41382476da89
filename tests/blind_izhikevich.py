"""Izhikevich's program figure1.m, written anew from it with plain arrays: spike times of the twenty panels.

Each panel: a, b, c, d, V at the beginning, time step, end, and the current at time t.
"""

from collections.abc import Callable

import numpy as np


def between(t: float, *spans: tuple[float, float]) -> bool:
    return any(start < t < stop for start, stop in spans)


PANELS: list[tuple[float, float, float, float, float, float, float, Callable[[float], float]]] = [
    (0.02, 0.2, -65, 6, -70, 0.25, 100, lambda t: 14 * (t > 10)),
    (0.02, 0.25, -65, 6, -64, 0.25, 200, lambda t: 0.5 * (t > 20)),
    (0.02, 0.2, -50, 2, -70, 0.25, 220, lambda t: 15 * (t > 22)),
    (0.02, 0.25, -55, 0.05, -64, 0.2, 200, lambda t: 0.6 * (t > 20)),
    (0.02, 0.2, -55, 4, -70, 0.25, 160, lambda t: 10 * (t > 16)),
    (0.01, 0.2, -65, 8, -70, 0.25, 85, lambda t: 30 * (t > 8.5)),
    (0.02, -0.1, -55, 6, -60, 0.25, 300, lambda t: 0.075 * (t - 30) * (t > 30)),
    (0.2, 0.26, -65, 0, -64, 0.25, 300, lambda t: -0.5 + 0.015 * (t - 30) * (t > 30)),
    (0.02, 0.2, -65, 6, -70, 0.2, 100, lambda t: 7.04 * between(t, (10, 13))),
    (0.05, 0.26, -60, 0, -62, 0.25, 200, lambda t: 2 * between(t, (20, 25))),
    (0.1, 0.26, -60, -1, -62, 0.25, 400, lambda t: 0.65 * between(t, (40, 44), (60, 64), (280, 284), (320, 324))),
    (0.02, -0.1, -55, 6, -60, 0.25, 100,
     lambda t: 9 * between(t, (100 / 11, 100 / 11 + 2), (100 / 11 + 5, 100 / 11 + 7), (70, 72), (80, 82))),
    (0.03, 0.25, -60, 4, -64, 0.2, 200, lambda t: -15 * between(t, (20, 25))),
    (0.03, 0.25, -52, 0, -64, 0.2, 200, lambda t: -15 * between(t, (20, 25))),
    (0.03, 0.25, -60, 4, -64, 0.25, 100, lambda t: 1.0 * between(t, (10, 15), (80, 85)) - 6 * between(t, (70, 75))),
    (0.1, 0.26, -60, 0, -61, 0.25, 300, lambda t: 0.24 + between(t, (37.5, 42.5), (216, 221))),
    (1, 0.2, -60, -21, -70, 0.1, 50, lambda t: 20 * (abs(t - 10) < 1)),
    (0.02, 1, -55, 4, -65, 0.5, 400,
     lambda t: t / 25 if t < 200 else 0 if t < 300 else (t - 300) / 12.5 * 4 if t < 312.5 else 0),
    (-0.02, -1, -60, 8, -63.8, 0.5, 350, lambda t: 80 if t < 50 or t > 250 else 75),
    (-0.026, -1, -45, -2, -63.8, 0.5, 350, lambda t: 80 if t < 50 or t > 250 else 75),
]  # fmt: skip


def spike_times(panel: int) -> np.ndarray:
    """Times in ms of the steps whose update ends above 30 mV."""
    a, b, c, d, v, tau, end, current = PANELS[panel]
    letter = "ABCDEFGHIJKLMNOPQRST"[panel]
    u = -16.0 if letter == "R" else b * v
    spikes = []
    for k in range(round(end / tau) + 1):
        t = round(k * tau, 9)
        polynomial = 0.04 * v**2 + 4.1 * v + 108 if letter in "GL" else 0.04 * v**2 + 5 * v + 140
        v = v + tau * (polynomial - u + current(t))
        u = u + tau * a * (b * (v + 65) if letter == "R" else b * v - u)
        if v > 30:
            spikes.append(t)
            v, u = c, u + d
    return np.array(spikes)
