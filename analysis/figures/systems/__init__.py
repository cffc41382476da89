"""Figures that a system has of its own, a file each."""
