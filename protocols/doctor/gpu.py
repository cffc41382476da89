"""NVIDIA's driver, the compiler for its GPUs, GeNN, and what JAX computes on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

from equispike.protocols.doctor.asking import ask
from equispike.protocols.doctor.findings import Finding

_DRIVER_OF_CUDA_13 = 580
_DEVICES = """
import sys
try:
    import jax
    print(", ".join(f"{device.platform} ({device.device_kind})" for device in jax.devices()))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
FOR_GPUS = ("cuda", "genn", "genn-cpu")


def gpu() -> Iterator[Finding]:
    """Whether there is a GPU, and what is missing to use it; nothing is where there is none."""
    driver = _driver()
    yield driver
    yield _nvcc(driver)
    yield _genn(driver)
    yield _jax(driver)
    for name in FOR_GPUS:
        yield _backend(name, driver)


def _driver() -> Finding:
    if shutil.which("nvidia-smi") is None:
        to_do = "with a GPU: apt-get install nvidia-driver; on a cluster: srun --gres=gpu:1 equispike doctor"
        return Finding("nvidia-smi", "not needed", "no NVIDIA driver here", to_do)
    query = "--query-gpu=name,memory.total,driver_version"
    answer = ask("nvidia-smi", query, "--format=csv,noheader", seconds=30)
    if answer.fault or not answer.out.strip():
        to_do = (
            "apt-get install --reinstall nvidia-driver and start anew; on a cluster: srun --gres=gpu:1 equispike doctor"
        )
        return Finding("nvidia-smi", "broken", answer.fault or "names no GPU", to_do)
    return Finding("nvidia-smi", "ok", "; ".join(answer.out.strip().splitlines()))


def _nvcc(driver: Finding) -> Finding:
    if shutil.which("nvcc") is None:
        return _absent("nvcc", driver, "apt-get install nvidia-cuda-toolkit, or module load cuda")
    answer = ask("nvcc", "--version", seconds=10)
    if answer.fault:
        return Finding("nvcc", "broken", answer.fault, "apt-get install --reinstall nvidia-cuda-toolkit")
    release = [line for line in answer.out.splitlines() if "release" in line]
    return Finding("nvcc", "ok", release[0] if release else answer.out.strip())


def _genn(driver: Finding) -> Finding:
    from equispike.models.codegen.genn.environment import GENN_VERSION, genn_missing

    to_do = f"git clone --branch {GENN_VERSION} https://github.com/genn-team/genn && export GENN_PATH=$PWD/genn"
    folder = os.environ.get("GENN_PATH")
    if not folder:
        return Finding("GENN_PATH", "missing" if driver.state == "ok" else "not needed", "not set", to_do)
    if reason := genn_missing():
        return Finding("GENN_PATH", "broken", reason, to_do)
    return Finding("GENN_PATH", "ok", folder)


def _jax(driver: Finding) -> Finding:
    answer = ask(sys.executable, "-P", "-c", _DEVICES, seconds=60, XLA_PYTHON_CLIENT_PREALLOCATE="false")
    if answer.fault:
        return Finding(
            "jax.devices()", "broken", answer.fault, "export JAX_PLATFORMS=cpu, or pip install --force-reinstall jax"
        )
    devices = answer.out.strip().splitlines()[-1]
    if driver.state == "ok" and devices.startswith("cpu"):
        version = driver.found.rpartition(", ")[2].partition(".")[0]
        extra = "cuda13" if version.isdigit() and int(version) >= _DRIVER_OF_CUDA_13 else "cuda12"
        return Finding("jax.devices()", "missing", f"{devices}, no GPU", f"pip install 'jax[{extra}]'")
    return Finding("jax.devices()", "ok", devices)


def _backend(name: str, driver: Finding) -> Finding:
    """Whether networks can be built with it and run here."""
    from equispike.models.codegen import BACKENDS

    reason = BACKENDS[name].why_not()
    if reason is None:
        return Finding(name, "ok")
    return Finding(name, "missing" if driver.state == "ok" else "not needed", to_do=reason)


def _absent(what: str, driver: Finding, to_do: str) -> Finding:
    return Finding(what, "missing", to_do=to_do) if driver.state == "ok" else Finding(what, "not needed", "no GPU here")
