"""Spike trains of a trained, frozen network in the data model of Neo (Garcia et al. 2014, doi:10.3389/fninf.2014.00010).

One SpikeTrain holds a whole layer, with the neuron of each spike as an array annotation: NIX takes 25 ms and 22 kB for
each train, whatever is in it.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.data import Dataset
from equispike.protocols.derived import checksum
from equispike.protocols.evaluating import split_samples
from equispike.protocols.procedures.base import ignore
from equispike.protocols.recording import Recording
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.sources import with_features
from equispike.protocols.spec import TrainingSpec


def record(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    n_images: int = 20,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = ignore,
) -> Any:
    """Show the first images of ``split`` to a trained network that learns nothing, and record all groups that spike.

    Returns
    -------
    A neo.Block with one Segment. SpikeTrains: one a layer, of that name, in seconds of simulated time; annotation
    ``n_neurons``, array annotation ``index`` (n_spikes,), the neuron of each spike. Epoch ``images``: each presentation of
    an image, labelled with its class; array annotation ``image``, counted from 0 (and ``intensity`` of diehl-cook, which
    shows an image again, brighter, after too few spikes).
    """
    about = run.read_json("run.json")
    spec = TrainingSpec.of_run(run)
    procedure = spec.procedure(backend)
    arrays = run.trained_arrays()
    state = procedure.state(arrays)
    data = with_features(data, spec, run, split, report=report)
    images, labels = (part[:n_images] for part in split_samples(data, spec, split))
    found = procedure.record(state, images)
    report("recording spikes", len(images), len(images))
    facts = {
        "system": spec.system.name,
        "commit": about["commit"],
        "seed": spec.seed,
        "backend": procedure.backend,
        "data": spec.data,
        "data_checksum": about["data"]["checksum"],
        "split": split,
        "weights": checksum(arrays),
    }
    return _block(found, labels, run.path.resolve().name, f"{len(images)} {split} images", facts)


def _block(found: Recording, labels: np.ndarray, name: str, shown: str, facts: dict[str, Any]) -> Any:
    import neo
    import quantities as pq

    n_shown, t_image = len(found.sample), found.n_steps * found.dt
    block = neo.Block(name=name, **facts, dt=found.dt * pq.s)
    segment = neo.Segment(name=shown)
    block.segments.append(segment)
    for group, spikes in found.spikes.items():
        times = (spikes.presentation * found.n_steps + spikes.step) * found.dt
        segment.spiketrains.append(
            neo.SpikeTrain(times, units="s", t_start=0, t_stop=n_shown * t_image, name=group, n_neurons=spikes.n_neurons,
                           array_annotations={"index": spikes.neuron})
        )  # fmt: skip
    of_presentations = {"image": found.sample} | ({} if found.intensity is None else {"intensity": found.intensity})
    epoch = neo.Epoch(np.arange(n_shown) * t_image * pq.s, np.full(n_shown, found.n_steps_present * found.dt) * pq.s,
                      array_annotations=of_presentations, labels=labels[found.sample].astype(str), name="images")  # fmt: skip
    segment.epochs.append(epoch)
    return block


def write(block: Any, out: Path) -> None:
    """Write ``block`` as a NIX file or, where ``out`` ends in .nwb, an NWB file; raises EquispikeError where ``out`` cannot be
    written.
    """
    if out.suffix == ".nwb":
        _write_nwb(block, out)
        return
    from neo.io import NixIO

    with atomic_write(out) as temporary, NixIO(str(temporary), "ow") as file:
        file.write_block(block)


def _write_nwb(block: Any, out: Path) -> None:
    """Write a unit per neuron, silent ones too, called LAYER_NUMBER: NWB (Rübel et al. 2022, doi:10.7554/eLife.78362) knows no
    layers.
    """
    import neo
    from neo.io import NWBIO

    facts = ", ".join(f"{key} {value}" for key, value in block.annotations.items())
    whole = neo.Block(
        name=block.name, session_description=f"{block.segments[0].name}: {facts}", identifier=block.annotations["weights"],
        session_start_time=datetime.datetime.now(datetime.UTC),
    )  # fmt: skip
    for segment in block.segments:
        own = neo.Segment(name=segment.name)
        own.block = whole
        whole.segments.append(own)
        for train in segment.spiketrains:
            index = train.array_annotations["index"]
            for neuron in range(train.annotations["n_neurons"]):
                times = train.magnitude[index == neuron]
                own.spiketrains.append(
                    neo.SpikeTrain(times, units="s", t_stop=train.t_stop, name=f"{train.name}_{neuron}")
                )
        own.epochs.extend(segment.epochs)
        for each in (*own.spiketrains, *own.epochs):
            each.segment = own
    with atomic_write(out) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the temporary name, and of how Neo calls PyNWB
        NWBIO(str(temporary), "w").write_all_blocks([whole])
