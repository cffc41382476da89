"""Images as the latencies of a network's ON and OFF cells."""

from __future__ import annotations

import numpy as np

from equispike.models.conv_stdp import ConvStdpParams
from equispike.protocols.encoding import contrasts, latency_code, rank_order_code

_CODES = {"rank": rank_order_code, "latency": latency_code}


def seen_contrasts(params: ConvStdpParams, images: np.ndarray) -> np.ndarray:
    """What ON and OFF cells see (n, height, width, cells) of ``images`` (n, height, width[, channels])."""
    return contrasts(
        images,
        size=params.dog_size,
        sigma_center=params.sigma_center,
        sigma_surround=params.sigma_surround,
        threshold=params.dog_threshold,
        radius=params.normalisation_radius,
    )


def encode(params: ConvStdpParams, images: np.ndarray) -> np.ndarray:
    """Latencies (n, n_input) in bins, ``n_bins`` for cells that stay silent, of ``images`` (n, height, width[, channels])."""
    return _CODES[params.coding](seen_contrasts(params, images), params.n_bins).reshape(len(images), -1)
