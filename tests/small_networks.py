"""Small networks, each with one feature, that differentiable programs are compared on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from brian2 import Clock, NeuronGroup, Synapses, TimedArray, linked_var, ms, mV

#: Neurons of a group that is driven.
N = 20
DRIVE = np.random.default_rng(0).uniform(0.5, 2.5, N)


def group(equations: str, *, dt=0.5 * ms, name="cells", n=N, namespace=None, **options) -> NeuronGroup:
    namespace = {"tau": 10 * ms, "tau_a": 50 * ms, "ms": ms, "mV": mV} | (namespace or {})
    cells = NeuronGroup(n, equations, namespace=namespace, clock=Clock(dt), name=name, **options)
    if "drive" in cells.variables:
        cells.drive = np.resize(DRIVE, n)
    return cells


LIF = "dv/dt = (drive - v) / tau : 1 (unless refractory)\ndrive : 1"
SPIKES = {"threshold": "v > 1", "reset": "v = 0"}


def lif(**options):
    return [group(LIF, **(SPIKES | {"method": "exact"} | options))]


def pair(on_pre: str, model: str = "w : 1", connect: dict | None = None, *, n_target: int = 15, dt=0.5 * ms, **options):
    """A driven population and another behind synapses."""
    clock = Clock(dt)
    namespace = {"tau": 10 * ms, "ms": ms}
    one = NeuronGroup(N, LIF, **SPIKES, method="exact", namespace=namespace, clock=clock, name="one")
    one.drive = DRIVE
    two = NeuronGroup(n_target, "dv/dt = (g - v) / tau : 1\ndg/dt = -g / (5*ms) : 1\nx : 1", threshold="v > 0.5",
                      reset="v -= 0.5", method="exact", namespace=namespace, clock=clock, name="two")  # fmt: skip
    synapses = Synapses(one, two, model, on_pre=on_pre, namespace=namespace, clock=clock, name="syn", **options)
    synapses.connect(**(connect or {}))
    if "w :" in model:
        synapses.w = np.random.default_rng(1).uniform(0, 0.4, len(synapses))
    return [one, two, synapses]


def delays_of_each():
    objects = pair("g_post += w")
    objects[2].delay = np.random.default_rng(2).integers(0, 9, len(objects[2])) * 0.5 * ms
    return objects


def recurrent():
    cells = group(LIF.replace("drive - v", "drive + g - v") + "\ndg/dt = -g / (5*ms) : 1", **SPIKES, method="exact")
    synapses = Synapses(cells, cells, "w : 1", on_pre="g_post += w", delay=1.5 * ms, name="syn", clock=cells.clock)
    synapses.connect(condition="i != j")
    synapses.w = np.random.default_rng(3).uniform(-0.2, 0.2, len(synapses))
    return [cells, synapses]


def convolution(stride: int = 1, padding: int = 1):
    clock = Clock(0.5 * ms)
    side, size, maps = 7, 3, 4
    after = (side + 2 * padding - size) // stride + 1
    label = "y : integer (constant)\nx : integer (constant)\nmap : integer (constant)"
    space = {"tau": 10 * ms}
    one = NeuronGroup(
        2 * side**2, f"{LIF}\n{label}", **SPIKES, method="exact", clock=clock, name="one", namespace=space
    )
    one.y, one.x, one.map = f"i // {2 * side}", f"(i // 2) % {side}", "i % 2"
    one.drive = np.random.default_rng(0).uniform(0.5, 3, len(one))
    two = NeuronGroup(maps * after**2, f"dv/dt = -v / tau : 1\n{label}", threshold="v > 1", reset="v = 0",
                      method="exact", clock=clock, name="two", namespace=space)  # fmt: skip
    two.y, two.x, two.map = f"i // {maps * after}", f"(i // {maps}) % {after}", f"i % {maps}"
    kernels = NeuronGroup(2 * size**2 * maps, "w : 1", clock=clock, name="kernels")
    kernels.w = np.random.default_rng(1).uniform(-0.2, 0.6, len(kernels))
    synapses = Synapses(
        one, two, "k : integer (constant)\nw : 1 (linked)", on_pre="v_post += w", clock=clock, name="syn"
    )
    row, column = (f"({a}_pre + {padding} - {stride} * {a}_post)" for a in "yx")
    synapses.connect(f"{row} >= 0 and {row} < {size} and {column} >= 0 and {column} < {size}")
    synapses.k = f"((map_pre * {size} + {row}) * {size} + {column}) * {maps} + map_post"
    synapses.w = linked_var(kernels, "w", index="k")
    return [one, two, kernels, synapses]


def strided_convolution():
    return convolution(stride=2, padding=2)


def stdp():
    rule = "dapre/dt = -apre / (20*ms) : 1 (event-driven)\ndapost/dt = -apost / (20*ms) : 1 (event-driven)\nw : 1"
    return pair("g_post += w\napre += 0.05\nw = clip(w + apost, 0, 0.5)", rule,
                on_post="apost -= 0.05\nw = clip(w + apre, 0, 0.5)")  # fmt: skip


def summed():
    objects = pair("s += 1", "ds/dt = -s / (5*ms) : 1 (clock-driven)\nx_post = 0.05 * s * (1 - v_post) : 1 (summed)")
    objects[1] = two = NeuronGroup(
        15, "dv/dt = (20*x - v) / tau : 1\nx : 1", threshold="v > 0.5", reset="v = 0", method="euler",
        namespace={"tau": 10 * ms}, clock=objects[0].clock, name="two")  # fmt: skip
    synapses = Synapses(objects[0], two, "ds/dt = -s / (5*ms) : 1 (clock-driven)\nx_post = 0.05 * s : 1 (summed)",
                        on_pre="s += 1", method="exact", clock=objects[0].clock, name="syn", namespace={"ms": ms})  # fmt: skip
    synapses.connect()
    return [objects[0], two, synapses]


def hodgkin_huxley(method: str):
    equations = """
        dv/dt = (drive * 6 - 36 * n**4 * (v + 77) - 120 * m**3 * h * (v - 50) - 0.3 * (v + 54.4)) / ms : 1
        dm/dt = (0.1 * (v + 40) / (1 - exp(-(v + 40) / 10)) * (1 - m) - 4 * exp(-(v + 65) / 18) * m) / ms : 1
        dh/dt = (0.07 * exp(-(v + 65) / 20) * (1 - h) - h / (1 + exp(-(v + 35) / 10))) / ms : 1
        dn/dt = (0.01 * (v + 55) / (1 - exp(-(v + 55) / 10)) * (1 - n) - 0.125 * exp(-(v + 65) / 80) * n) / ms : 1
        drive : 1
    """
    cells = group(equations, dt=0.02 * ms, threshold="v > 0", refractory="v > 0", method=method)
    cells.v, cells.h, cells.n, cells.m = -65, 0.6, 0.3, 0.05
    return [cells]


def izhikevich():
    cells = group("dv/dt = (0.04*v**2 + 5*v + 140 - u + 10*drive) / ms : 1\ndu/dt = 0.02*(0.2*v - u) / ms : 1\ndrive : 1",
                  threshold="v >= 30", reset="v = -65\nu += 8", method="euler")  # fmt: skip
    cells.v, cells.u = -65, -13
    return [cells]


def adex():
    equations = """
        dv/dt = (-(v + 70) + 2 * exp((v + 50) / 2) + 20 * drive - w) / tau : 1
        dw/dt = (2 * (v + 70) - w) / tau_a : 1
        drive : 1
    """
    cells = group(equations, dt=0.1 * ms, threshold="v > -30", reset="v = -60\nw += 5", method="euler")
    cells.v = -70
    return [cells]


def units():
    cells = group("dv/dt = (-70*mV + drive * 20*mV - v) / tau : volt (unless refractory)\ndrive : 1", threshold="v > -55*mV",
                  reset="v = -70*mV", refractory=2 * ms, method="exact")  # fmt: skip
    cells.v = -70 * mV
    return [cells]


def conductance():
    cells = group("dv/dt = (-v + ge * (5 - v) + drive) / tau : 1 (unless refractory)\ndge/dt = -ge / (5*ms) : 1\ndrive : 1",
                  **SPIKES, refractory=2 * ms, method="rk2")  # fmt: skip
    synapses = Synapses(cells, cells, on_pre="ge_post += 0.02", name="syn", clock=cells.clock)
    synapses.connect(j="k for k in range(i - 2, i + 3)", skip_if_invalid=True)
    return [cells, synapses]


def excitatory_and_inhibitory(add: str = "v_post += w"):
    """Brian2's commonest form of a network: parts of one group, whose spikes add to potentials that refractoriness holds."""
    cells = group(LIF.replace("drive - v", "drive + g - v") + "\ndg/dt = -g / (5*ms) : 1", **SPIKES, refractory=2 * ms,
                  method="exact")  # fmt: skip
    parts = {"Ce": (cells[:15], 0.05), "Ci": (cells[15:], -0.3)}
    synapses = []
    for name, (part, w) in parts.items():
        each = Synapses(part, cells, "w : 1", on_pre=add, name=name, clock=cells.clock, delay=1 * ms)
        each.connect(condition="(i + 2 * j) % 3 == 0")
        each.w = f"{w} * (1 + 0.1 * (i % 4) + 0.01 * j)"
        synapses.append(each)
    return [cells, *synapses]


def plastic_parts():
    """STDP between parts of one group."""
    cells = group(LIF + "\ng : 1\napre : 1\napost : 1", **SPIKES, method="exact")
    cells.run_regularly("v += 0.1 * g\ng *= 0.5", dt=cells.clock.dt)
    synapses = Synapses(cells[:8], cells[8:], "w : 1", name="syn", clock=cells.clock, namespace={"ms": ms},
                        on_pre="g_post += w\nw = clip(w + 0.01 * v_post, 0, 1)",
                        on_post="w = clip(w - 0.02 * v_pre, 0, 1)")  # fmt: skip
    synapses.connect()
    synapses.w = "0.2 + 0.01 * i + 0.02 * j"
    return [cells, synapses]


def timed():
    current = TimedArray(np.random.default_rng(4).uniform(0, 3, (20, N)), dt=10 * ms, name="current")
    return [group("dv/dt = (current(t, i) - v) / tau : 1", **SPIKES, method="euler", namespace={"current": current})]


def regular_and_custom_events():
    cells = group(LIF + "\nhits : 1\nn_spikes : integer", threshold="v > 1", reset="v = 0\nn_spikes += 1", method="exact",
                  events={"tick": "t_in_timesteps % 50 == 49", "half": "v > 0.5"})  # fmt: skip
    cells.run_on_event("tick", "v = 0\nhits = 0")
    cells.run_on_event("half", "hits += 1")
    cells.run_regularly("drive = clip(drive + 0.01 * hits, 0, 3)", dt=cells.clock.dt)
    return [cells]


CASES: dict[str, Callable[[], list]] = {
    "LIF, exact": lif,
    "LIF, euler": lambda: lif(method="euler"),
    "LIF, rk2": lambda: lif(method="rk2"),
    "LIF, rk4": lambda: lif(method="rk4"),
    "LIF, exponential Euler": lambda: lif(method="exponential_euler"),
    "subtractive reset": lambda: lif(reset="v -= 1"),
    "refractory": lambda: lif(refractory=3 * ms),
    "refractory by condition": lambda: lif(refractory="t - lastspike < 3.2*ms - 0.5*dt"),
    "volts": units,
    "adaptive threshold": lambda: [group(LIF + "\nda/dt = -a / tau_a : 1", threshold="v > 1 + a", reset="v = 0\na += 0.2",
                                         method="exact", refractory=1 * ms)],
    "conductances, recurrent and sparse": conductance,
    "Izhikevich": izhikevich,
    "Hodgkin-Huxley, exponential Euler": lambda: hodgkin_huxley("exponential_euler"),
    "Hodgkin-Huxley, rk4": lambda: hodgkin_huxley("rk4"),
    "AdEx": adex,
    "all to all": lambda: pair("g_post += w"),
    "one delay": lambda: pair("g_post += w", delay=2 * ms),
    "delays of each": delays_of_each,
    "one to one": lambda: pair("g_post += 20 * w", connect={"j": "k for k in range(i, i + 1) if k < 15"}),
    "sparse": lambda: pair("g_post += 20 * w", n_target=300,
                           connect={"j": "k for k in range(i - 1, i + 1)", "skip_if_invalid": True}),
    "at random": lambda: pair("g_post += 30 * w", connect={"i": [0, 1, 1, 5, 19, 19], "j": [3, 3, 4, 9, 14, 14]}),
    "product of both sides": lambda: pair("g_post += 2 * w * drive_pre * (1 - v_post)"),
    "recurrent with delay": recurrent,
    "parts of a group, onto held potentials": excitatory_and_inhibitory,
    "parts of a group": lambda: excitatory_and_inhibitory("g_post += w"),
    "STDP between parts of a group": plastic_parts,
    "convolution": convolution,
    "convolution with strides": strided_convolution,
    "STDP": stdp,
    "summed variable": summed,
    "timed array": timed,
    "events and regular code": regular_and_custom_events,
}  # fmt: skip
