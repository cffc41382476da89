"""Is a training going the way trainings go? Compares early metrics with reference bands measured on committed runs."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from equispike.protocols.spec import TrainingSpec
from equispike.protocols.training import Progress

#: One row for each system, network size, number of images and metric: the band [low, high] that the reference runs span.
BANDS = Path(__file__).with_name("reference_bands.csv")
CHECKPOINTS = (1_000, 5_000, 10_000)
#: Of other trainings of the same system: so many times the largest reference value, or of the smallest as a part.
LOOSE = 10
METRICS = ("spikes_per_image", "presentations_per_image", "theta_mean_mV", "silent_fraction", "weight_mean")


def warnings(spec: TrainingSpec, progress: Progress) -> list[str]:
    """Return one sentence for each metric that the last chunk put off track.

    That is outside the band of the same training, where there is one; else far outside of all bands of the system, or not a
    finite number, and was not so before.
    """
    bands = pd.read_csv(BANDS, dtype={"network": str})
    if not _applies(spec):
        return _far_off(bands[bands["system"] == spec.system.name], progress)
    if progress.seen not in CHECKPOINTS:
        return _far_off(bands[:0], progress)
    of = (bands["system"] == spec.system.name) & (bands["network"] == spec.params.structure())
    latest = progress.latest()
    return [
        f"off track after {band.images} images: {band.metric} is {latest[band.metric]:.4g}, outside "
        f"[{band.low:.4g}, {band.high:.4g}] of the reference runs; check the parameters and the data"
        for band in bands[of & (bands["images"] == progress.seen)].itertuples()
        if not band.low <= latest[band.metric] <= band.high
    ]


def _far_off(bands: pd.DataFrame, progress: Progress) -> list[str]:
    before = progress.metrics.iloc[: len(progress.metrics) - progress.chunk_length()]
    earlier = dict(zip(before["metric"], before["value"], strict=True))
    said = []
    for name, value in progress.latest().items():
        same = bands[bands["metric"] == name]
        # A threshold may begin anywhere; spikes may neither be missing nor come without end.
        low = same["low"].min() / LOOSE if name == "spikes_per_image" and len(same) else -math.inf
        high = same["high"].max() * LOOSE if name in ("spikes_per_image", "theta_mean_mV") and len(same) else math.inf

        def good(number: float, low: float = low, high: float = high) -> bool:
            return math.isfinite(number) and low <= number <= high

        if not good(value) and good(earlier.get(name, max(low, 0.0))):
            kept = (
                f"far outside the {low:.4g} to {high:.4g} of networks like it" if math.isfinite(value) else "no number"
            )
            said.append(
                f"off track after {progress.seen} images: {name} is {value:.4g}, {kept}; check the parameters and the data"
            )
    return said


def _applies(spec: TrainingSpec) -> bool:
    """Return whether all is as published but the size: so were the bands measured, on MNIST, in chunks of 1 000."""
    size = {key: value for key, value in spec.params.as_text().items() if key in spec.params.structure_keys()}
    default = spec.system.params().updated(size)
    published = spec.params == default and spec.procedure_params == spec.system.procedure_params()
    return published and spec.data == "mnist" and spec.chunk_images == 1000


def measured_bands(system: str, runs: dict[str, list[pd.DataFrame]]) -> pd.DataFrame:
    """Bands from the metrics of several seeds for each network size.

    A band reaches four standard deviations between seeds to both sides of their mean, and at least 2 % of it.
    """
    rows = []
    for network, seeds in sorted(runs.items(), key=lambda item: (len(item[0]), item[0])):
        for images in CHECKPOINTS:
            for metric in METRICS:
                values = pd.Series(
                    [m.loc[(m["images"] == images) & (m["metric"] == metric), "value"].item() for m in seeds]
                )
                half = max(
                    4 * values.std(ddof=1), 0.02 * abs(values.mean()), 0.01 if metric == "silent_fraction" else 0.0
                )
                rows.append((system, network, images, metric, values.mean() - half, values.mean() + half, len(seeds)))
    return pd.DataFrame(rows, columns=["system", "network", "images", "metric", "low", "high", "n_seeds"])
