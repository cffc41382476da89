"""What parts should do, in closed form, to hold simulations against: by the part's name, where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from equispike.models import NEURONS
from equispike.models.neurons.lif import DimensionlessLifParams, LifParams
from equispike.models.plasticity.diehl_cook import DiehlCookRuleParams
from equispike.models.plasticity.pair import PairParams, TraceParams
from equispike.models.plasticity.reward import RewardParams
from equispike.models.plasticity.symmetric import SymmetricParams
from equispike.models.plasticity.triplet import TripletParams
from equispike.models.plasticity.weight_dependence import SongParams
from equispike.protocols.experiments.stimulating import current_column, scale
from equispike.protocols.run_folder import RunFolder

#: Spikes less than this part of a period apart are taken to be at the same time.
_TOGETHER = 1e-6


@dataclass(frozen=True)
class Pairs:
    """Pairs of spikes, one presynaptic and one postsynaptic, repeated: (n,) synapses with trains of their own.

    Attributes
    ----------
    delta_t : (n,) from the presynaptic to the postsynaptic spike of a pair, s
    period : (n,) from a pair to the next, s
    n_pairs : how many
    reward_delay : (n,) from the presynaptic spike of each pair to a reward, s, for rules that wait for one
    """

    delta_t: np.ndarray
    period: np.ndarray
    n_pairs: int
    reward_delay: np.ndarray | None = None

    @property
    def pre(self) -> np.ndarray:
        """Times of presynaptic spikes, (n, n_pairs)."""
        return self.period[:, None] * np.arange(self.n_pairs)

    @property
    def post(self) -> np.ndarray:
        """Times of postsynaptic spikes, (n, n_pairs)."""
        return self.pre + self.delta_t[:, None]

    def pre_trace(self, at: np.ndarray, tau: object, all_to_all: bool) -> np.ndarray:
        """Return what presynaptic spikes before the times ``at`` (n, k) have left of a trace that each raises by 1 or sets to
        1."""
        return self._trace(at, tau, all_to_all)

    def post_trace(self, at: np.ndarray, tau: object, all_to_all: bool) -> np.ndarray:
        """Return the same of postsynaptic spikes."""
        return self._trace(at - self.delta_t[:, None], tau, all_to_all)

    def _trace(self, since_first: np.ndarray, tau: object, all_to_all: bool) -> np.ndarray:
        period, tau = self.period[:, None], float(tau)  # type: ignore[arg-type]
        earlier = np.clip(np.ceil(since_first / period - _TOGETHER), 0, self.n_pairs)
        left = np.where(earlier > 0, np.exp(-(since_first - (earlier - 1) * period) / tau), 0.0)
        if not all_to_all:
            return left
        return left * np.expm1(-earlier * period / tau) / np.expm1(-period / tau)


def _found(params: TraceParams, pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Return the traces that presynaptic and postsynaptic spikes find on the other side, each (n, n_pairs)."""
    all_to_all = params.pairing == "all-to-all"
    return (
        pairs.post_trace(pairs.pre, params.tau_minus, all_to_all),
        pairs.pre_trace(pairs.post, params.tau_plus, all_to_all),
    )


def _pair(params: PairParams, pairs: Pairs) -> np.ndarray:
    at_pre, at_post = _found(params, pairs)
    return params.a_plus * at_post.sum(axis=1) - params.a_minus * at_pre.sum(axis=1)


def _symmetric(params: SymmetricParams, pairs: Pairs) -> np.ndarray:
    at_pre, at_post = _found(params, pairs)
    depression = 2 * float(params.rate_target * params.tau_minus)
    return params.eta * ((at_pre - depression).sum(axis=1) + at_post.sum(axis=1))


def _additive(params: SongParams, pairs: Pairs) -> np.ndarray:
    at_pre, at_post = _found(params, pairs)
    return params.w_max * (params.a_plus * at_post.sum(axis=1) - params.a_minus * at_pre.sum(axis=1))


def _triplet(params: TripletParams, pairs: Pairs) -> np.ndarray:
    at_pre, at_post = _found(params, pairs)
    all_to_all = params.pairing == "all-to-all"
    earlier_pre = pairs.pre_trace(pairs.pre, params.tau_x, all_to_all)
    earlier_post = pairs.post_trace(pairs.post, params.tau_y, all_to_all)
    potentiation = at_post * (params.a2_plus + params.a3_plus * earlier_post)
    depression = at_pre * (params.a2_minus + params.a3_minus * earlier_pre)
    return (potentiation - depression).sum(axis=1)


def _diehl_cook_triplet(params: DiehlCookRuleParams, pairs: Pairs) -> np.ndarray:
    depression = pairs.post_trace(pairs.pre, params.tau_x_post, all_to_all=False)
    potentiation = pairs.pre_trace(pairs.post, params.tau_x_pre, all_to_all=False)
    potentiation = potentiation * pairs.post_trace(pairs.post, params.tau_y_post, all_to_all=False)
    return params.nu_post * potentiation.sum(axis=1) - params.nu_pre * depression.sum(axis=1)


def _diehl_cook_pair(params: DiehlCookRuleParams, pairs: Pairs) -> np.ndarray:
    depression = pairs.post_trace(pairs.pre, params.tau_x_post, all_to_all=True)
    potentiation = pairs.pre_trace(pairs.post, params.tau_x_pre, all_to_all=True)
    return params.nu_post * potentiation.sum(axis=1) - params.nu_pre * depression.sum(axis=1)


def _reward_modulated(params: RewardParams, pairs: Pairs) -> np.ndarray:
    """Let each step of c meet each step of d: the integral of the product of two decays, long after the last of them."""
    at_pre, at_post = _found(params, pairs)
    steps = np.concatenate([-params.a_minus * at_pre, params.a_plus * at_post], axis=1)[:, :, None]
    marked = np.concatenate([pairs.pre, pairs.post], axis=1)[:, :, None]
    assert pairs.reward_delay is not None
    rewarded = (pairs.pre + pairs.reward_delay[:, None])[:, None, :]
    both = np.maximum(marked, rewarded)
    tau_c, tau_d = float(params.tau_eligibility), float(params.tau_dopamine)
    met = np.exp(-(both - marked) / tau_c - (both - rewarded) / tau_d) / (1 / tau_c + 1 / tau_d)
    return params.reward * (steps * met).sum(axis=(1, 2)) / float(params.rate_unit)


#: (params, pairs) -> changes of weights (n,) by pairs of spikes, as long as no weight reaches a bound; of rules whose
#: changes do not depend on the weight.
CHANGES: dict[str, Callable] = {
    "pair-stdp": _pair,
    "anti-symmetric": _pair,
    "symmetric": _symmetric,
    "additive": _additive,
    "triplet-stdp": _triplet,
    "triplet-stdp-minimal": _triplet,
    "triplet-stdp-hippocampus": _triplet,
    "triplet-stdp-hippocampus-nearest": _triplet,
    "diehl-cook-triplet": _diehl_cook_triplet,
    "diehl-cook-pair": _diehl_cook_pair,
    "reward-modulated": _reward_modulated,
}


def _lif_rate(params: LifParams, current: np.ndarray) -> np.ndarray:
    """Return one over refractory period and time from reset to threshold.

    Gerstner & Kistler 2002, equation 4.8: T = t_refractory + tau ln((RI - (v_reset - v_rest)) / (RI - (v_threshold - v_rest))).
    """
    drive = float(params.r_mem) * np.asarray(current, dtype=float)
    start = drive - float(params.v_reset - params.v_rest)
    end = drive - float(params.v_threshold - params.v_rest)
    fires = end > 0
    ratio = np.where(fires, start, 1) / np.where(fires, end, 1)
    return np.where(fires, 1 / (float(params.t_refractory) + float(params.tau_mem) * np.log(ratio)), 0.0)


def _dimensionless_lif_rate(params: DimensionlessLifParams, drive: np.ndarray) -> np.ndarray:
    """Return one over the time from zero to the threshold: the reset subtracts the threshold."""
    threshold = float(params.v_threshold)
    fires = np.asarray(drive) > threshold
    ratio = np.where(fires, drive, 1) / np.where(fires, drive - threshold, 1)
    return np.where(fires, 1 / (float(params.tau_mem) * np.log(np.where(fires, ratio, 2))), 0.0)


#: (params, currents) -> firing rates (n,) in Hz at constant currents (n,) in SI units.
FIRING_RATES: dict[str, Callable] = {"lif": _lif_rate, "dimensionless-lif": _dimensionless_lif_rate}


def with_firing_rates(table: pd.DataFrame, run: RunFolder) -> pd.DataFrame:
    """Return the table of a run of ``fi-curve`` with a column ``closed_form_Hz``, where its neuron has a closed form."""
    model = run.read_json("run.json")["config"]["model"]
    if model not in FIRING_RATES:
        return table
    return table.assign(closed_form_Hz=firing_rates(run, table[current_column(NEURONS[model])].to_numpy()))


def firing_rates(run: RunFolder, currents: np.ndarray) -> np.ndarray | None:
    """Return rates (n,) in Hz at ``currents`` (n,), in the unit of the table of a run of ``fi-curve``; None: no closed form."""
    config = run.read_json("run.json")["config"]
    if config["model"] not in FIRING_RATES:
        return None
    neuron = NEURONS[config["model"]]
    assert neuron.params is not None
    params = neuron.params().updated(config["params"])
    return FIRING_RATES[neuron.name](params, np.asarray(currents) * scale(neuron))


def fi_curve_of(run: RunFolder) -> pd.DataFrame:
    """Return that of a run folder, every other number as it stands there."""
    return with_firing_rates(pd.read_csv(run.path / "fi_curve.csv", float_precision="round_trip"), run)
