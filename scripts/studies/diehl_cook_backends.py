"""Every backend on this machine: does it work, does it spike as cpp does, and how many images a second does it show?

python -m equispike.scripts.studies.diehl_cook_backends RUN --images 1000 --out results/backends.csv
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import numpy as np
import pandas as pd

from equispike.models.build_request import BuildRequest
from equispike.models.built_network import RunResult
from equispike.models.codegen import BACKENDS, compilers
from equispike.models.diehl_cook import DiehlCookParams, initial_state
from equispike.models.errors import EquispikeError
from equispike.models.timing import cpu_seconds
from equispike.protocols.atomic_write import atomic_write
from equispike.protocols.beginning import data_of
from equispike.protocols.procedures.base import TESTING, Arrays
from equispike.protocols.provenance import provenance
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.spec import TrainingSpec
from equispike.scripts.commands import options

#: What spikes are compared against.
REFERENCE = "cpp"
#: Most images for backends that go step by step in Python.
STEPWISE_IMAGES = 20
#: Three neurons that learn from given spikes, of which many coincide.
_SMALL = {
    "n_input": 20,
    "n_exc": 3,
    "w_total": 14.0,
    "neuron.tau_mem": "20*ms",
    "t_present": "100*ms",
    "n_spikes_min": 0,
}


def measure(name: str, spec: TrainingSpec, arrays: Arrays, images: np.ndarray, jobs: int) -> dict[str, object]:
    """Return a row: versions, host and GPU, whether the backend works here, spikes beside those of cpp, images a second.

    Parameters
    ----------
    arrays : what the training of ``spec`` left
    images : (n, height, width) shown without learning, after a first round that compiles
    jobs : runs at a time
    """
    assert isinstance(spec.params, DiehlCookParams)
    backend, made = BACKENDS[name], provenance()
    row: dict[str, object] = {
        "backend": name,
        "works_here": (reason := backend.why_not()) is None,
        "why_not": reason or "",
        "generator": _version(backend.package),
        "brian2": version("brian2"),
        "python": platform.python_version(),
        "commit": made["commit"],
        "processor": made["host"]["processor"],  # type: ignore[index]
        "cores": os.cpu_count(),
        "gpu": gpu(),
    }
    if reason:
        return row
    try:
        spikes, differing, weight = _against_reference(name)
        row |= {"spikes_compared": spikes, "spikes_differing": differing, "largest_weight_difference": weight}
        shown = images[:STEPWISE_IMAGES] if backend.stepwise else images
        row |= {"n_exc": spec.params.n_exc, "images": len(shown), "jobs": jobs}
        row |= _speed(name, spec, arrays, shown, jobs)
    except EquispikeError as error:
        row["why_not"] = str(error)
    return row


def gpu() -> str:
    """Return the names of the GPUs that NVIDIA's driver knows; empty where there is none."""
    if shutil.which("nvidia-smi") is None:
        return ""
    done = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True)
    return "; ".join(done.stdout.strip().splitlines()) if done.returncode == 0 else ""


def _version(package: str) -> str:
    if not package:
        return compilers.version(compilers.compiler_command()).partition("\n")[0]
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} is not installed"


def _against_reference(name: str) -> tuple[int, int, float]:
    """Return the spikes of a learning network on given input, how many differ, and by how much a weight does at most."""
    params, n = DiehlCookParams().updated(_SMALL), 5
    state = initial_state(params, 0)
    raster = (np.random.default_rng(0).random((n * params.n_steps_present, params.n_input)) < 0.05).astype(float)
    options = {"drive": "raster", "record_spikes": True}

    def run(backend: str) -> RunResult:
        program = BACKENDS[backend].compile(BuildRequest("equispike.models.diehl_cook:NETWORK", params, n, options))
        return program.run(state, {"raster": raster}, {"n_images": n}, 0)

    def spikes(result: RunResult) -> set[tuple[int, int]]:
        found = result.records["exc_spikes"]
        return set(zip(np.round(found["t"] / float(params.dt)).astype(int), found["i"], strict=True))

    ours, theirs = run(name), run(REFERENCE)
    difference = np.abs(ours.state["inputs_exc.w"] - theirs.state["inputs_exc.w"]).max()
    return len(spikes(theirs)), len(spikes(ours) ^ spikes(theirs)), float(difference)


def _speed(name: str, spec: TrainingSpec, arrays: Arrays, images: np.ndarray, jobs: int) -> dict[str, float]:
    params = spec.params.updated({"n_spikes_min": 0})  # GeNN cannot repeat
    procedure = spec.replaced(params=params, chunk_images=min(1000, -(-len(images) // jobs))).procedure(name)
    state = procedure.state(arrays)
    for _ in range(2):  # the first one compiles
        wall, cpu = time.monotonic(), cpu_seconds()
        counts = procedure.respond(state, images, phase=TESTING, jobs=jobs)
        wall, cpu = time.monotonic() - wall, cpu_seconds() - cpu
    return {
        "spikes_per_image": counts.sum() / len(images),
        "images_per_s": len(images) / wall,
        "images_per_cpu_s": len(images) / cpu,
    }


@click.command()
@click.argument("run", type=click.Path(path_type=Path), default="pretrained/diehl-cook-400")
@click.option("--images", default=1000, show_default=True, help="Test images to show, without learning.")
@options.jobs
@click.option("--backends", help="Only these, such as cpp,jax.  [default: all]")
@click.option("--out", type=click.Path(path_type=Path), default="results/backends.csv", show_default=True)
def main(run: Path, images: int, jobs: int, backends: str | None, out: Path) -> None:
    """Compare each backend's spikes with cpp's and measure images a second of RUN, a trained diehl-cook network."""
    folder = RunFolder.open(run)
    spec = TrainingSpec.of_run(folder)
    if not isinstance(spec.params, DiehlCookParams):
        raise EquispikeError(f"{run} is a run of {spec.system.name}: name one of diehl-cook")
    shown, rows = data_of(folder, None).test_images[:images], []
    for name in backends.split(",") if backends else BACKENDS:
        click.echo(f"{name}: comparing spikes and showing images", err=True)
        rows.append(measure(name, spec, folder.trained_arrays(), shown, jobs))
        click.echo(f"{name}: {rows[-1].get('images_per_s', float('nan')):.1f} images/s {rows[-1]['why_not']}")
    with atomic_write(out) as file:
        pd.DataFrame(rows).to_csv(file, index=False, float_format="%.6g")
    click.echo(f"Wrote {out}")


if __name__ == "__main__":
    main()
