"""Spike trains of a trained, frozen network in the data model of Neo (Garcia et al. 2014, doi:10.3389/fninf.2014.00010).

One SpikeTrain holds a whole layer, with the neuron of each spike as an array annotation: NIX takes 25 ms and 22 kB for
each train, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import models
from models.codegen import get_backend
from models.conv_stdp import ConvStdpParams
from models.deep import DeepParams
from models.diehl_cook import DiehlCookParams
from models.parts import Parts
from protocols.data import Dataset
from protocols.evaluating import split_images, trained_state
from protocols.features import with_features
from protocols.gradients.frames import frames
from protocols.layerwise.encoding import encode
from protocols.layerwise.features import frozen_state
from protocols.presenting import TESTING
from protocols.run_folder import RunFolder
from protocols.training import TrainingSpec
from protocols.whole_files import whole_file

_MONITOR = "_spikes"


def record(
    run: RunFolder,
    data: Dataset,
    *,
    split: str = "test",
    n_images: int = 20,
    backend: str | None = None,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> Any:
    """Show the first images of ``split`` to a trained network that learns nothing, and record all groups that spike.

    Returns
    -------
    A neo.Block with one Segment. SpikeTrains: one a layer, of that name, in seconds of simulated time; annotation
    ``n_neurons``, array annotation ``index`` (n_spikes,), the neuron of each spike. Epoch ``images``: each presentation of
    an image, labelled with its class; array annotation ``image``, counted from 0 (and ``intensity`` of diehl-cook, which
    shows an image again, brighter, after too few spikes).
    """
    import neo
    import quantities as pq

    about = run.read_json("run.json")
    spec = TrainingSpec.from_json(about["config"])
    data = with_features(data, spec, run, split, report=report)
    images, labels = (part[:n_images] for part in split_images(data, spec, split))
    n, model = len(images), models.get_model(spec.model)
    state, inputs, t_image, t_present = _shown(run, spec, images)
    sizes: dict[str, int] = {}

    def build() -> Parts:
        parts = model.build(spec.params, n, record_spikes=True)
        found = {name: monitor for name, monitor in parts.monitors.items() if name.endswith(_MONITOR)}
        sizes.update({name.removesuffix(_MONITOR): len(monitor.source) for name, monitor in found.items()})
        return parts

    program = get_backend(backend or spec.backend).compile(build)
    constants = {"n_images": n} | ({"learning": 0.0} if model.protocol == "presenting" else {})
    seed = int(np.random.SeedSequence([spec.seed, TESTING, 0]).generate_state(1)[0])
    records = program.run(state, inputs, constants, seed).records
    report("recording spikes", n, n)

    shown = {"image": np.arange(n)}
    if model.protocol == "presenting":
        shown = {key: records["presentations"][key] for key in ("image", "intensity")}
        shown["image"] = shown["image"].astype(int)
    n_shown = len(shown["image"])
    block = neo.Block(
        name=run.path.resolve().name,
        model=spec.model,
        commit=about["commit"],
        seed=spec.seed,
        backend=backend or spec.backend,
        data=spec.data,
        data_checksum=about["data"]["checksum"],
        split=split,
        dt=float(spec.params.dt) * pq.s,  # type: ignore[attr-defined]
    )
    segment = neo.Segment(name=f"{n} {split} images")
    block.segments.append(segment)
    for name, n_neurons in sizes.items():
        segment.spiketrains.append(_train(name, n_neurons, records[f"{name}{_MONITOR}"], n_shown * t_image))
    epoch = neo.Epoch(np.arange(n_shown) * t_image * pq.s, np.full(n_shown, t_present) * pq.s, array_annotations=shown,
                      labels=labels[shown["image"]].astype(str), name="images")  # fmt: skip
    segment.epochs.append(epoch)
    return block


def _train(name: str, n_neurons: int, spikes: dict[str, np.ndarray], t_stop: float) -> Any:
    import neo

    return neo.SpikeTrain(spikes["t"], units="s", t_start=0, t_stop=t_stop, name=name, n_neurons=n_neurons,
                          array_annotations={"index": spikes["i"].astype(int)})  # fmt: skip


def write(block: Any, out: Path) -> None:
    """Write ``block`` as a NIX file; raises EquispikeError where ``out`` cannot be written."""
    from neo.io import NixIO

    with whole_file(out) as temporary, NixIO(str(temporary), "ow") as file:
        file.write_block(block)


def _shown(run: RunFolder, spec: TrainingSpec, images: Any) -> tuple[dict, dict, float, float]:
    """State, inputs, and seconds from image to image and that an image is shown."""
    params, arrays = spec.params, run.trained_arrays()
    if isinstance(params, ConvStdpParams):
        t_image = params.n_bins * float(params.dt)
        return frozen_state(params, arrays), {"latencies": encode(params, images).astype(float)}, t_image, t_image
    if isinstance(params, DeepParams):
        t_image = params.n_steps * float(params.dt)
        return arrays, {"frames": frames(params, images).reshape(-1, params.n_input).astype(float)}, t_image, t_image
    assert isinstance(params, DiehlCookParams)
    pixels = {"pixels": images.reshape(len(images), -1).astype(float)}
    inputs = pixels | models.get_model(spec.model).fixed_inputs(params, spec.seed)
    dt = float(params.dt)
    return trained_state(run, spec), inputs, params.n_steps * dt, params.n_steps_present * dt
