"""Every backend on this machine: does it work, does it spike as cpp does, and how many images a second does it show?"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from equispike import models
from equispike.models.build_request import BuildRequest
from equispike.models.built_network import RunResult
from equispike.models.codegen import BACKENDS
from equispike.models.diehl_cook import DiehlCookParams
from equispike.models.errors import EquispikeError
from equispike.protocols.presenting import TESTING, Presenter
from equispike.protocols.provenance import cpu_seconds, provenance

#: What spikes are compared against.
REFERENCE = "cpp"
#: Most images for backends that go step by step in Python.
STEPWISE_IMAGES = 20
#: Three neurons that learn from given spikes, of which many coincide.
_SMALL = {"n_input": 20, "n_exc": 3, "w_total": 14.0, "tau_mem": "20*ms", "t_present": "100*ms", "n_spikes_min": 0}


def measure(
    name: str, params: DiehlCookParams, state: Mapping[str, np.ndarray], images: np.ndarray, jobs: int
) -> dict[str, object]:
    """One row: versions, host and GPU, whether the backend works here, spikes beside those of cpp, images a second.

    Parameters
    ----------
    state : frozen weights and thresholds of a network with ``params``
    images : (n, height, width) shown to it without learning, after a first round that compiles
    jobs : runs at a time
    """
    backend = BACKENDS[name]
    made = provenance()
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
        row |= {"n_exc": params.n_exc, "images": len(shown), "jobs": jobs}
        row |= _speed(name, params, state, shown, jobs)
    except EquispikeError as error:
        row["why_not"] = str(error)
    return row


def gpu() -> str:
    """Names of the GPUs that NVIDIA's driver knows; empty where there is none."""
    if shutil.which("nvidia-smi") is None:
        return ""
    done = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True)
    return "; ".join(done.stdout.strip().splitlines()) if done.returncode == 0 else ""


def _version(package: str) -> str:
    if not package:
        done = subprocess.run([os.environ.get("CXX") or "g++", "--version"], capture_output=True, text=True)
        return done.stdout.splitlines()[0] if done.returncode == 0 else ""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} is not installed"


def _against_reference(name: str) -> tuple[int, int, float]:
    """Spikes of a learning network on given input, how many of them differ, and by how much a weight does at most."""
    params, n = DiehlCookParams().updated(_SMALL), 5
    state = models.get_model("diehl-cook").initial_state(params, 0)
    state["exc.theta"] = np.full(params.n_exc, 0.02)
    raster = (np.random.default_rng(0).random((n * params.n_steps_present, params.n_input)) < 0.05).astype(float)

    def run(backend: str) -> RunResult:
        recipe = BuildRequest("diehl-cook", params, n, {"drive": "raster", "record_spikes": True})
        program = BACKENDS[backend].compile(recipe)
        return program.run(state, {"raster": raster}, {"n_images": n}, 0)

    ours, theirs = run(name), run(REFERENCE)
    found, expected = (
        set(zip(np.round(r.records["exc_spikes"]["t"] / float(params.dt)).astype(int), r.records["exc_spikes"]["i"],
                strict=True))
        for r in (ours, theirs)
    )  # fmt: skip
    difference = np.abs(ours.state["inputs_exc.w"] - theirs.state["inputs_exc.w"]).max()
    return len(expected), len(found ^ expected), float(difference)


def _speed(name: str, params: DiehlCookParams, state: Mapping[str, np.ndarray], images: np.ndarray, jobs: int) -> dict:
    chunk = min(1000, -(-len(images) // jobs))
    program = BACKENDS[name].compile(
        BuildRequest("diehl-cook", params.updated({"n_spikes_min": 0}), chunk)
    )  # GeNN cannot repeat
    network = Presenter(program, params.n_exc, chunk, {}, seed=0)
    for _ in range(2):  # the first one compiles
        wall, cpu = time.monotonic(), cpu_seconds()
        counts = np.concatenate(list(network.frozen_counts(state, images, phase=TESTING, jobs=jobs)))
        wall, cpu = time.monotonic() - wall, cpu_seconds() - cpu
    return {
        "spikes_per_image": counts.sum() / len(images),
        "images_per_s": len(images) / wall,
        "images_per_cpu_s": len(images) / cpu,
    }
