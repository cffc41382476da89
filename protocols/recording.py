"""The spikes of a network while it is shown some samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

#: What the names of monitors of spikes end with.
SPIKES = "_spikes"


@dataclass(frozen=True)
class Spikes:
    """The spikes of a group of ``n_neurons``: for each the presentation, the time step since that began, and the neuron."""

    presentation: np.ndarray
    step: np.ndarray
    neuron: np.ndarray
    n_neurons: int


@dataclass(frozen=True)
class Recording:
    """Spikes of each group that spikes, the input first.

    Attributes
    ----------
    sample : (n_presentations,) which sample each presentation showed; some samples may have been shown again
    intensity : (n_presentations,) of networks that show a sample again, brighter
    n_samples : how many were shown
    n_steps, n_steps_present : simulated time steps of a presentation, and those before the pause that some end with
    dt : s
    """

    spikes: dict[str, Spikes]
    sample: np.ndarray
    intensity: np.ndarray | None
    n_samples: int
    n_steps: int
    n_steps_present: int
    dt: float

    def counts(self, group: str) -> np.ndarray:
        """Return spikes (n_samples, n_neurons) of a group in all presentations of each sample."""
        spikes = self.spikes[group]
        counts = np.zeros((self.n_samples, spikes.n_neurons), dtype=np.int32)
        np.add.at(counts, (self.sample[spikes.presentation], spikes.neuron), 1)
        return counts

    def raster(self, group: str) -> np.ndarray:
        """Return whether each neuron of a group spiked (n_presentations, n_steps, n_neurons)."""
        spikes = self.spikes[group]
        raster = np.zeros((len(self.sample), self.n_steps, spikes.n_neurons), dtype=bool)
        raster[spikes.presentation, spikes.step, spikes.neuron] = True
        return raster

    @classmethod
    def joined(cls, parts: Sequence[Recording]) -> Recording:
        """Return recordings of samples that follow one another as one."""
        presentations = np.cumsum([0, *(len(part.sample) for part in parts)])
        samples = np.cumsum([0, *(part.n_samples for part in parts)])
        spikes = {
            name: Spikes(
                np.concatenate([p.spikes[name].presentation + first for p, first in zip(parts, presentations, strict=False)]),
                np.concatenate([part.spikes[name].step for part in parts]),
                np.concatenate([part.spikes[name].neuron for part in parts]),
                of.n_neurons,
            )
            for name, of in parts[0].spikes.items()
        }  # fmt: skip
        intensity = None if parts[0].intensity is None else np.concatenate([part.intensity for part in parts])
        sample = np.concatenate([part.sample + first for part, first in zip(parts, samples, strict=False)])
        return replace(parts[0], spikes=spikes, sample=sample, intensity=intensity, n_samples=int(samples[-1]))


def recording(
    records: Mapping[str, Mapping[str, np.ndarray]], groups: Mapping[str, tuple[str, int]], n_samples: int,
    n_steps: int, n_steps_present: int, dt: float,
) -> Recording:  # fmt: skip
    """Read the records of a run.

    Parameters
    ----------
    groups : for each monitor of spikes the name and size of its group
    n_steps, n_steps_present, dt : as in :class:`Recording`
    """
    spikes = {}
    for monitor, (group, size) in groups.items():
        presentation, step = np.divmod(np.rint(records[monitor]["t"] / dt).astype(int), n_steps)
        spikes[group] = Spikes(presentation, step, records[monitor]["i"].astype(int), size)
    shown = records.get("presentations")  # where samples can be shown again
    sample = np.arange(n_samples) if shown is None else shown["image"].astype(int)
    intensity = None if shown is None else shown["intensity"]
    return Recording(spikes, sample, intensity, n_samples, n_steps, n_steps_present, dt)
