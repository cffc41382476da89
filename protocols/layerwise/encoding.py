"""Images as the latencies of a network's ON and OFF cells."""

from __future__ import annotations

import numpy as np

from models.conv_stdp import ConvStdpParams
from protocols.encoding import contrasts, latency_code, rank_order_code

_CODES = {"rank": rank_order_code, "latency": latency_code}


def encode(params: ConvStdpParams, images: np.ndarray) -> np.ndarray:
    """Latencies (n, n_input) in bins, ``n_bins`` for cells that stay silent, of ``images`` (n, height, width[, channels])."""
    seen = contrasts(
        images,
        size=params.dog_size,
        sigma_center=params.sigma_center,
        sigma_surround=params.sigma_surround,
        threshold=params.dog_threshold,
        radius=params.normalisation_radius,
    )
    return _CODES[params.coding](seen, params.n_bins).reshape(len(images), -1)
