"""The metrics of a training as they grow, chunk by chunk: columns images, metric, value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def none_yet() -> pd.DataFrame:
    return pd.DataFrame(
        {"images": pd.Series(dtype=int), "metric": pd.Series(dtype=str), "value": pd.Series(dtype=float)}
    )


def added(metrics: pd.DataFrame, images: int, row: Mapping[str, float]) -> pd.DataFrame:
    """``metrics`` and those of one more chunk, after which ``images`` were seen."""
    new = pd.DataFrame({"images": images, "metric": list(row), "value": [float(value) for value in row.values()]})
    return new if metrics.empty else pd.concat([metrics, new], ignore_index=True)


def as_arrays(metrics: pd.DataFrame) -> dict[str, np.ndarray]:
    """Arrays for a checkpoint."""
    return {
        f"metrics:{name}": metrics[name].to_numpy().astype("U64" if name == "metric" else float) for name in metrics
    }


def from_arrays(arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """What :func:`as_arrays` made arrays of."""
    metrics = pd.DataFrame({name: arrays[f"metrics:{name}"] for name in ("images", "metric", "value")})
    return metrics.astype({"images": int})
