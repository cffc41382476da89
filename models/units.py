"""Units as equations write them."""

from __future__ import annotations

from brian2.units.fundamentalunits import Dimension

_BASES = {"metre": "m", "kilogram": "kg", "second": "s", "amp": "A", "kelvin": "K", "mole": "mol", "candela": "cd"}


def unit_text(dimension: Dimension) -> str:
    """The unit of a dimension as equations write it, such as ``metre**-2 * amp``."""
    exponents = {unit: dimension.get_dimension(base) for unit, base in _BASES.items()}
    return " * ".join(f"{unit}**{exponent:g}" for unit, exponent in exponents.items() if exponent) or "1"
