"""What a trained network costs and bears, and what it answers when stopped early: the same measures for all."""

from equispike.protocols.measuring.measuring import MEASURES, measure

__all__ = ["MEASURES", "measure"]
