"""From what a network answers to classes."""

from equispike.protocols.readouts.base import Readout

__all__ = ["Readout"]
