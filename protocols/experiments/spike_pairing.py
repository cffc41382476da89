"""Weight change by pairs of a presynaptic and a postsynaptic spike: over the time between them, and over the rate of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from brian2 import Hz, Quantity, ms, second

from equispike.models.codegen import Program, get_backend
from equispike.models.errors import EquispikeError
from equispike.models.params import Params, param
from equispike.models.plasticity import Rule
from equispike.models.plasticity.pairing import build
from equispike.protocols.experiments.base import CHOICE, Experiment, Tables

BI_POO = "Bi & Poo 1998, J. Neurosci. 18:10464-10472"
SJOSTROM = "Sjöström, Turrigiano & Nelson 2001, Neuron 32:1149-1164, as in Pfister & Gerstner 2006"
_PROGRAMS: dict[tuple, Program] = {}


@dataclass(frozen=True)
class SpikePairingParams(Params):
    """Pairs of spikes."""

    delta_t: Quantity = param(
        np.linspace(-100, 100, 81) * ms, "window: times from pre- to postsynaptic spike", BI_POO, unit=ms
    )
    rate: Quantity = param(1 * Hz, "window: pairs per second", BI_POO, unit=Hz, minimum=0, exclusive=True)
    n_pairs: int = param(60, "pairs", BI_POO, minimum=1, maximum=10_000)
    rate_sweep: Quantity = param(
        np.array([0.1, 1, 5, 10, 12.5, 16, 20, 25, 31.25, 40, 50]) * Hz,
        "frequency dependence: pairs per second",
        SJOSTROM,
        unit=Hz,
        minimum=0,
        exclusive=True,
    )
    delta_t_sweep: Quantity = param(
        np.array([-10, 10]) * ms, "frequency dependence: times from pre- to postsynaptic spike", SJOSTROM, unit=ms
    )
    w_start: float = param(
        0.5, "weight before, part of the largest weight w_max", CHOICE, minimum=0, maximum=1, exclusive=True
    )
    dt: Quantity = param(0.5 * ms, "time step, to which times are rounded", CHOICE, unit=ms, minimum=1e-3, maximum=10)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("rate", "rate_sweep"):
            if np.any(np.asarray(getattr(self, name)) * float(self.dt) > 0.5):
                raise EquispikeError(f"{name} is more than one pair in two time steps: lower it or dt")


@dataclass(frozen=True)
class RewardedPairingParams(SpikePairingParams):
    """Pairs of spikes, each followed by a reward."""

    reward_delay: Quantity = param(
        500 * ms, "time from a presynaptic spike to the reward", CHOICE, unit=ms, minimum=0, exclusive=True
    )
    delay_sweep: Quantity = param(
        np.linspace(50, 3000, 60) * ms,
        "delay of reward: times from the presynaptic spike of a single pair to it",
        CHOICE,
        unit=ms,
        minimum=0,
    )
    settling: Quantity = param(
        5000 * ms, "time after the last spike or reward, for what it left to decay", CHOICE, unit=ms, minimum=0
    )


def _params(rule: Rule, rule_params: Params) -> SpikePairingParams:
    return RewardedPairingParams() if rule.at_reward else SpikePairingParams()


def _run(rule: Rule, rule_params: Any, params: Any, backend: str, seed: int) -> Tables:
    window, sweep = np.asarray(params.delta_t), np.asarray(params.delta_t_sweep)
    delta_t, rate = np.meshgrid(sweep, np.asarray(params.rate_sweep))
    points = {
        "window": pd.DataFrame({"delta_t": window, "rate": float(params.rate), "n_pairs": params.n_pairs}),
        "frequency": pd.DataFrame({"delta_t": delta_t.ravel(), "rate": rate.ravel(), "n_pairs": params.n_pairs}),
    }
    if rule.at_reward:
        for table in points.values():
            table["delay"] = float(params.reward_delay)
        delta_t, delay = np.meshgrid(sweep, np.asarray(params.delay_sweep))
        points["reward_delay"] = pd.DataFrame(
            {"delta_t": delta_t.ravel(), "rate": float(params.rate), "n_pairs": 1, "delay": delay.ravel()}
        )
    together = pd.concat(points, names=["table"]).reset_index("table")
    measured = _measure(rule, rule_params, params, together, backend, seed)
    return {name: measured[together["table"].to_numpy() == name].reset_index(drop=True) for name in points}


def _measure(rule: Rule, rule_params: Any, params: Any, points: pd.DataFrame, backend: str, seed: int) -> pd.DataFrame:
    """One network with a synapse for each row of ``points``."""
    dt, n = float(params.dt), len(points)
    shift = np.rint(points["delta_t"].to_numpy() / dt).astype(int)
    period = np.rint(1 / (points["rate"].to_numpy() * dt)).astype(int)
    n_pairs = points["n_pairs"].to_numpy()
    first = max(0, -int(shift.min()))
    w_start = params.w_start * rule_params.w_max
    columns = {
        "pre.next_step": np.full(n, first),
        "pre.n_left": n_pairs,
        "pre.period": period,
        "post.next_step": first + shift,
        "post.n_left": n_pairs,
        "post.period": period,
        "synapses.w": np.full(n, w_start),
    }
    last = first + (n_pairs - 1) * period + np.maximum(shift, 0)
    shown: dict[str, Any] = {"delta_t_ms": shift * dt * 1e3, "rate_Hz": 1 / (period * dt), "n_pairs": n_pairs}
    if rule.at_reward:
        delay = np.rint(points["delay"].to_numpy() / dt).astype(int)
        columns |= {"post.next_reward": first + delay, "post.n_rewards": n_pairs}
        last = np.maximum(last, first + (n_pairs - 1) * period + delay) + round(float(params.settling) / dt)
        shown["reward_delay_ms"] = delay * dt * 1e3
    size = max(128, 1 << (n - 1).bit_length())  # programs are built for a power of two, so that sweeps share them
    state = {name: np.concatenate([values, np.zeros(size - n, values.dtype)]) for name, values in columns.items()}
    constants = {**rule_params.namespace(), "n_steps": int(last.max()) + 1}
    result = _program(rule, rule_params, size, dt, backend).run(state, {}, constants, seed)
    w_end = result.state["synapses.w"][:n]
    return pd.DataFrame({**shown, "w_start": w_start, "w_end": w_end, "change": (w_end - w_start) / w_start})


def _program(rule: Rule, rule_params: Params, size: int, dt: float, backend: str) -> Program:
    """The program of such a network, built once in a process; rules that differ only in numbers share it."""
    texts = (
        rule.pre_traces,
        rule.post_traces,
        rule.at_pre_spike,
        rule.at_post_spike,
        rule.on_pre,
        rule.on_post,
        rule.synapse,
    )
    key = (texts, tuple(rule_params.namespace()), size, dt, backend)
    if key not in _PROGRAMS:
        _PROGRAMS[key] = get_backend(backend).compile(lambda: build(rule, rule_params.namespace(), size, dt * second))
    return _PROGRAMS[key]


SPIKE_PAIRING = Experiment(
    name="spike-pairing",
    summary="weight change by pairs of spikes: window, and dependence on the rate of pairs (and on the delay of reward)",
    citation=f"{BI_POO}; {SJOSTROM}",
    takes="plasticity",
    params=_params,
    run=_run,
)
