"""NVIDIA's compiler, its library of random numbers and its GPUs: are they here, and how to get them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

USUAL = "/usr/local/cuda/bin"
"""Where the toolkit's installer puts its compiler."""
GET_NVCC = (
    "install NVIDIA's CUDA toolkit (apt-get install nvidia-cuda-toolkit, or module load cuda) or export CUDA_PATH=DIR"
)
GET_CURAND = "pip install nvidia-curand for CUDA 13, nvidia-curand-cu12 for CUDA 12"


def nvcc() -> str | None:
    """The compiler: below CUDA_PATH or CUDA_HOME, on the PATH, or in its usual place."""
    homes = [os.environ[name] for name in ("CUDA_PATH", "CUDA_HOME") if os.environ.get(name)]
    found = [shutil.which("nvcc", path=str(Path(home, "bin"))) for home in homes]
    return next(filter(None, [*found, shutil.which("nvcc"), shutil.which("nvcc", path=USUAL)]), None)


def curand(compiler: str) -> tuple[Path, Path] | None:
    """cuRAND's folder of headers and its library: those of the toolkit, else of a wheel; None where there is neither."""
    root = Path(compiler).resolve().parent.parent
    folders = [(root / "include", root / lib) for lib in ("lib64", "lib", "lib/x86_64-linux-gnu")]
    folders += [(target / "include", target / "lib") for target in sorted(root.glob("targets/*-linux"))]
    wheel = importlib.util.find_spec("nvidia")
    for place in (wheel and wheel.submodule_search_locations) or ():
        folders += [(folder / "include", folder / "lib") for folder in sorted(Path(place).iterdir(), reverse=True)]
    for include, lib in folders:
        if (include / "curand_kernel.h").exists() and (libraries := sorted(lib.glob("libcurand.so*"))):
            return include, libraries[0]
    return None


def compute_capabilities() -> list[str]:
    """Those of the GPUs of this machine, such as ``90``; empty where there is none."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return []
    if asked.returncode != 0:
        return []
    numbers = {line.strip().replace(".", "") for line in asked.stdout.splitlines()}
    return sorted(number for number in numbers if number.isdigit())
