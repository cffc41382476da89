"""From images to what input neurons do."""

from equispike.protocols.encoding.dog import contrasts, dog_filter, local_normalisation
from equispike.protocols.encoding.latency import latency_code, rank_order_code

__all__ = ["contrasts", "dog_filter", "latency_code", "local_normalisation", "rank_order_code"]
