"""Settings of the Diehl & Cook network by names without their sections."""

from collections.abc import Mapping

from equispike.models.diehl_cook import DiehlCookParams


def sectioned(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the same settings with ``tau_mem`` called ``neuron.tau_mem``, ``nu_pre`` ``rule.nu_pre``, and so on."""
    sections = DiehlCookParams().sections()
    full = {key: prefix + key for prefix in reversed(sections) for key in sections[prefix].keys()}
    return {full.get(key, key): value for key, value in settings.items()}
