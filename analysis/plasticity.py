"""What paired spikes should have changed, what was measured in slices, and whether weights fall into two groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equispike.analysis.closed_forms import CHANGES, Pairs
from equispike.protocols.run_folder import RunFolder

#: Change of the weight by 60 pairs of 10 ms at five rates, mean and standard error, in slices of visual cortex: Sjöström,
#: Turrigiano & Nelson 2001, Neuron 32:1149-1164, the numbers as VH-Lab's toolbox has them (vlt.neuro.stdp.sjostrom_freq_stdp).
SJOSTROM = pd.DataFrame(
    [
        (0.1, 10, -0.04, 0.05),
        (10, 10, 0.14, 0.10),
        (20, 10, 0.29, 0.14),
        (40, 10, 0.53, 0.11),
        (50, 10, 0.56, 0.26),
        (0.1, -10, -0.29, 0.08),
        (10, -10, -0.41, 0.11),
        (20, -10, -0.34, 0.10),
        (40, -10, 0.56, 0.32),
        (50, -10, 0.75, 0.19),
    ],
    columns=["rate_Hz", "delta_t_ms", "change", "standard_error"],
)
#: Sarle's coefficient of a uniform distribution; two groups have more.
BIMODAL = 5 / 9


def expected_changes(rule: str, params: Any, table: pd.DataFrame) -> np.ndarray | None:
    """Return changes of weights, parts of the weights before, for the rows (n,) of a table of spike-pairing, in closed form.

    They end at the bounds of the weight. None where there is no closed form, as for changes that depend on the weight.
    """
    if rule not in CHANGES:
        return None
    (n_pairs,) = set(table["n_pairs"])
    delay = table["reward_delay_ms"].to_numpy() * 1e-3 if "reward_delay_ms" in table else None
    pairs = Pairs(table["delta_t_ms"].to_numpy() * 1e-3, 1 / table["rate_Hz"].to_numpy(), int(n_pairs), delay)
    start = table["w_start"].to_numpy()
    return np.clip(start + CHANGES[rule](params, pairs), 0, params.w_max) / start - 1


def bimodality(weights: np.ndarray) -> float:
    """Sarle's bimodality coefficient of weights (n,), from 0 to 1, 5 / 9 for a uniform distribution.

    (skewness² + 1) / (kurtosis + 3 (n - 1)² / ((n - 2) (n - 3))), with unbiased skewness and excess kurtosis; 0 where all
    weights are equal, NaN of fewer than four. SAS/STAT User's Guide 1990.
    """
    n = len(weights)
    if n < 4:
        return float("nan")
    deviation = weights - weights.mean()
    variance = float((deviation**2).mean())
    if variance <= (1e-12 * max(1.0, float(np.abs(weights).max()))) ** 2:
        return 0.0
    skewness = float((deviation**3).mean()) / variance**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
    biased = float((deviation**4).mean()) / variance**2 - 3
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased + 6)
    return float((skewness**2 + 1) / (kurtosis + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))


def distribution_summary(weights: pd.DataFrame) -> pd.DataFrame:
    """One row an input rate of a table of weight-distribution: mean, spread, parts near the bounds, bimodality."""
    rows = []
    for rate, group in weights.groupby("input_rate_Hz"):
        w = group["w_end"].to_numpy()
        rows.append(
            {
                "input_rate_Hz": rate,
                "mean": w.mean(),
                "standard_deviation": w.std(),
                "lowest_fifth": (w < 0.2).mean(),
                "middle_fifth": ((w >= 0.4) & (w < 0.6)).mean(),
                "highest_fifth": (w >= 0.8).mean(),
                "bimodality": bimodality(w),
            }
        )
    return pd.DataFrame(rows)


def summary_of(run: RunFolder) -> pd.DataFrame:
    """The same of a run folder."""
    return distribution_summary(run.read_table("weights.csv"))
