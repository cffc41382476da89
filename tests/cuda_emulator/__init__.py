"""Running generated CUDA programs on a processor: nothing is known of a GPU's memory or speed, but what its threads compute,
in whatever order they come, is computed."""

import hashlib
import re
import subprocess
from pathlib import Path

_EMULATOR = Path(__file__).with_name("cuda_emulator.h")
#: Of the emulator: what was built with another is built anew.
VERSION = hashlib.sha256(_EMULATOR.read_bytes() + Path(__file__).read_bytes()).hexdigest()

_HEADERS = ("curand.h", "curand_kernel.h", "cuda.h", "cuda_profiler_api.h", *(
    f"thrust/{name}.h" for name in ("copy", "count", "device_vector", "execution_policy", "host_vector", "reduce", "sort",
                                    "system_error", "unique")
))  # fmt: skip


def build(folder: Path) -> None:
    """Compile the CUDA program in a folder with g++ instead of nvcc."""
    folder.joinpath(_EMULATOR.name).write_text(_EMULATOR.read_text())
    for name in _HEADERS:
        header = folder / name
        header.parent.mkdir(exist_ok=True)
        header.write_text('#include "cuda_emulator.h"\n')
    for path in folder.rglob("*.cu"):
        path.write_text(with_calls_for_launches(path.read_text()))
    command = [
        "g++",
        "-w",
        "-O0",
        "-std=c++20",
        "-pthread",
        "-I.",
        "-x",
        "c++",
        "-include",
        "cuda_emulator.h",
        "program.cu",
    ]
    done = subprocess.run([*command, "-o", "main"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:3000]


def with_calls_for_launches(code: str) -> str:
    """``kernel<<<blocks, threads>>>(...)`` as an ordinary call."""
    launch = re.compile(r"(\w+)<<<([^<>]*)>>>\s*\(")
    while match := launch.search(code):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        name, sizes, arguments = match[1], match[2].split(","), code[match.end() : end - 1]
        call = f'emulated::launch("{name}", {sizes[0]}, {sizes[1]}, [&] {{ {name}({arguments}\n); }})'
        code = code[: match.start()] + call + code[end:]
    return code
