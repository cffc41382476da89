"""The command line in an empty folder; networks, compiled once a session and run with each test's own state and images;
a Slurm."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import brian2
import numpy as np
import pytest
import slurm
from command_line import Outcome
from hypothesis import settings
from sectioned import sectioned

from equispike.analysis.figures import style
from equispike.models import diehl_cook
from equispike.models.built_network import RunResult
from equispike.models.codegen import BACKENDS, Program
from equispike.models.diehl_cook import DiehlCookParams
from equispike.scripts import cli

# Pictures in the tests' own process are coarse: pixels take most of the time that a figure does.
style.PAPER["savefig.dpi"] = 60

# Cython's modules are large: with -O3 they take a third longer to compile, and compute the same.
brian2.prefs["codegen.cpp.extra_compile_args_gcc"] = ["-w", "-O0"]

settings.register_profile("equispike", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("equispike")


#: Tests that take more than a few seconds when what they compile is not in the cache: ``make test-fast`` leaves them out.
SLOW = Path(__file__).with_name("slow_tests.txt").read_text().split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sweeps first: they take longest, mostly waiting, and what runs beside them then fills that time."""
    items.sort(key=lambda item: item.path.name != "test_sweeps.py")
    for item in items:
        if item.path.stem in SLOW or f"{item.path.stem}::{item.originalname}" in SLOW:
            item.add_marker("slow")


@pytest.fixture
def equispike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """``equispike(words...)`` in an empty folder, without any data set of the machine; an exception is a failure."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EQUISPIKE_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "250")

    def call(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["equispike", *map(str, words)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as exit:
            code = exit.code
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """``small_disk("200k")``: a disk of that size, resized by later calls."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options: str) -> bool:
        if sys.platform != "linux" or os.geteuid() != 0:
            return False
        return subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode == 0

    if not mount("-t", "tmpfs", "-o", "size=1m", "tmpfs"):
        pytest.skip("needs the right to mount a small disk")

    def resized(size: str) -> Path:
        assert mount("-o", f"remount,size={size}")
        return folder

    try:
        yield resized
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Network:
    """A compiled Diehl & Cook network and the parameters it was built with."""

    def __init__(self, program: Program, params: DiehlCookParams, n_images: int, input_name: str) -> None:
        self.program, self.params, self.n_images, self.input_name = program, params, n_images, input_name

    def run(
        self,
        state: dict[str, np.ndarray],
        values: np.ndarray,
        *,
        seed: int = 0,
        n_images: int | None = None,
        learning: float = 1.0,
        **settings: object,
    ) -> RunResult:
        """Show input ``values`` with some parameters changed."""
        constants = self.params.updated(sectioned(settings)).namespace()
        constants |= {"learning": learning, "n_images": n_images or self.n_images}
        return self.program.run(state, {self.input_name: np.asarray(values, float)}, constants, seed)


@pytest.fixture(scope="session")
def network() -> Callable[..., Network]:
    """``network(backend, params, n_images, drive)``: compiled at the first call, skipped where the backend cannot work."""
    known: dict[tuple, Network] = {}

    def compiled(backend: str, params: DiehlCookParams, n_images: int, drive: str) -> Network:
        if reason := BACKENDS[backend].why_not():
            pytest.skip(reason)
        key = (backend, tuple(params.as_text().values()), n_images, drive)
        if key not in known:

            def build():
                return diehl_cook.build(params, n_images, drive=drive, record_spikes=True)

            name = "raster" if drive == "raster" else "pixels"
            known[key] = Network(BACKENDS[backend].compile(build), params, n_images, name)
        return known[key]

    return compiled


@pytest.fixture(params=["numpy", "cython", "cpp"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each way to run a network in turn."""
    return request.param


@pytest.fixture(scope="session")
def tiny() -> DiehlCookParams:
    """Twenty inputs, three neurons, a tenth of a second an image: enough to spike and to learn."""
    return DiehlCookParams().updated(
        {
            "n_input": 20,
            "n_exc": 3,
            "w_total": 14.0,
            "neuron.tau_mem": "20*ms",
            "t_present": "100*ms",
            "n_spikes_min": 0,
        }
    )


@pytest.fixture
def cluster() -> Iterator[slurm.Slurm]:
    """A Slurm with two cores, of this test alone."""
    if reason := slurm.why_not():
        pytest.skip(reason)
    with slurm.slurm(cpus=2) as running:
        yield running


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """``programs(sinfo="echo main", ...)``: shell scripts, and nothing else, on the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()

    def put(**scripts: str) -> Path:
        for name, lines in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{lines}\n")
            path.chmod(0o755)
        return folder

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path / "cache"))
    return put
