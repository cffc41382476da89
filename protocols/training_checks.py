"""Is a training going the way trainings go? Compares early metrics with reference bands measured on committed runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from equispike import models
from equispike.protocols.training import Progress, TrainingSpec

#: One row for each network size, number of images and metric: the band [low, high] that the reference runs span.
BANDS = Path(__file__).with_name("reference_bands.csv")
CHECKPOINTS = (1_000, 5_000, 10_000)
METRICS = ("spikes_per_image", "presentations_per_image", "theta_mean_mV", "silent_fraction", "weight_mean")


def warnings(spec: TrainingSpec, progress: Progress) -> list[str]:
    """One sentence for each band that the last chunk left; none where no band applies to this training."""
    if progress.images_seen not in CHECKPOINTS or not _applies(spec):
        return []
    bands = pd.read_csv(BANDS)
    bands = bands[(bands["n_exc"] == spec.params.n_exc) & (bands["images"] == progress.images_seen)]  # type: ignore[attr-defined]
    latest = progress.latest()
    return [
        f"off track after {band.images} images: {band.metric} is {latest[band.metric]:.4g}, outside "
        f"[{band.low:.4g}, {band.high:.4g}] of the reference runs; check the parameters and the data"
        for band in bands.itertuples()
        if not band.low <= latest[band.metric] <= band.high
    ]


def _applies(spec: TrainingSpec) -> bool:
    """The bands were measured with the published parameters on MNIST, in chunks of 1 000."""
    default = models.get_model(spec.model).params().updated({"n_exc": spec.params.n_exc})  # type: ignore[attr-defined]
    return spec.params == default and spec.data == "mnist" and spec.chunk_images == 1000


def measured_bands(runs: dict[int, list[pd.DataFrame]]) -> pd.DataFrame:
    """Bands from the metrics of several seeds for each network size.

    A band reaches four standard deviations between seeds to both sides of their mean, and at least 2 % of it.
    """
    rows = []
    for n_exc, seeds in sorted(runs.items()):
        for images in CHECKPOINTS:
            for metric in METRICS:
                values = pd.Series(
                    [m.loc[(m["images"] == images) & (m["metric"] == metric), "value"].item() for m in seeds]
                )
                half = max(
                    4 * values.std(ddof=1), 0.02 * abs(values.mean()), 0.01 if metric == "silent_fraction" else 0.0
                )
                rows.append((n_exc, images, metric, values.mean() - half, values.mean() + half, len(seeds)))
    return pd.DataFrame(rows, columns=["n_exc", "images", "metric", "low", "high", "n_seeds"])
