"""What pairs of spikes leave behind, in closed form: sums over regular spike trains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
        """What presynaptic spikes before the times ``at`` (n, k) have left of a trace that each raises by 1 or sets to 1."""
        return self._trace(at, tau, all_to_all)

    def post_trace(self, at: np.ndarray, tau: object, all_to_all: bool) -> np.ndarray:
        """The same of postsynaptic spikes."""
        return self._trace(at - self.delta_t[:, None], tau, all_to_all)

    def _trace(self, since_first: np.ndarray, tau: object, all_to_all: bool) -> np.ndarray:
        period, tau = self.period[:, None], float(tau)  # type: ignore[arg-type]
        earlier = np.clip(np.ceil(since_first / period - _TOGETHER), 0, self.n_pairs)
        left = np.where(earlier > 0, np.exp(-(since_first - (earlier - 1) * period) / tau), 0.0)
        if not all_to_all:
            return left
        return left * np.expm1(-earlier * period / tau) / np.expm1(-period / tau)
