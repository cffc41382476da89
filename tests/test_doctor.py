"""equispike doctor: its table, its JSON and its exit code."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import get_args

import pytest
from test_doctor_checks import by_name

from equispike.models.codegen import BACKENDS
from equispike.models.codegen.standalone import cache
from equispike.protocols.doctor import building, gpu, machine, packages, places
from equispike.protocols.doctor.findings import Finding, State

ROOT = Path(__file__).parents[1]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command without what takes seconds: imports in other processes."""
    monkeypatch.setattr(packages, "_import_faults", lambda modules: {})
    monkeypatch.setattr(gpu, "_jax", lambda driver: Finding("jax.devices()", "ok", "cpu"))


def _uninstall(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    version = metadata.version

    def remaining(name: str) -> str:
        if name in names:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", remaining)


def test_a_real_process_says_what_works_here(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "equispike", "doctor", "--json"],
        cwd=ROOT, capture_output=True, text=True, env=os.environ | {"EQUISPIKE_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert {finding["state"] for finding in found.values()} <= set(get_args(State))
    assert found["brian2"]["found"] == metadata.version("brian2")
    assert found["Python"]["found"].endswith(sys.executable)
    assert set(BACKENDS) <= found.keys()
    assert str(tmp_path / "programs") in found["build cache"]["found"]
    assert [path.name for path in tmp_path.rglob("*")] == ["programs"]
    if BACKENDS["cpp"].why_not() is None:
        assert "C++17" in found["C++ compiler"]["found"] and found["cpp"]["state"] == "ok"


@pytest.mark.usefixtures("quick")
def test_the_table_shows_what_json_holds(equispike) -> None:
    shown, told = equispike("doctor"), equispike("doctor", "--json")
    assert shown.code == told.code == 0
    rows = [line.split("\t")[:3] for line in shown.out.splitlines()]
    findings = json.loads(told.out)
    assert rows[1:] == [[finding[key] for key in rows[0]] for finding in findings]
    assert rows[0] == ["topic", "what", "state"] and ["Running networks", "numpy", "ok"] in rows


@pytest.mark.usefixtures("quick")
def test_a_missing_package_is_the_first_thing_to_mend(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    _uninstall(monkeypatch, "pandas", "nir")
    told = equispike("doctor", "--json")
    assert re.match(r"Error: pandas is missing: pip install 'pandas[>=.\d]*'$", told.sentence)
    row = next(finding for finding in json.loads(told.out) if finding["what"] == "nir")
    assert row["state"] == "missing" and row["to_do"] == "pip install 'equispike[exchange]'" and not row["vital"]
    shown = equispike("doctor")
    assert shown.sentence == told.sentence and "pip install 'equispike[exchange]'" in shown.out


@pytest.mark.usefixtures("quick")
def test_what_only_some_commands_need_is_no_failure(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    _uninstall(monkeypatch, *packages.PACKAGES["exchange"], *packages.PACKAGES["sweeps"])
    shown = equispike("doctor")
    assert shown.code == 0
    assert shown.out.count("pip install 'equispike[sweeps]'") == len(packages.PACKAGES["sweeps"])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("cache", ["file/cache", "/proc/cache"])
def test_a_cache_that_cannot_be_written(equispike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str) -> None:
    """/proc refuses even the superuser."""
    if cache.startswith("/") and not Path(cache).parent.is_dir():
        pytest.skip(f"no {Path(cache).parent} here")
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path / cache))
    shown = equispike("doctor")
    assert "build cache is broken" in shown.sentence and "export EQUISPIKE_CACHE=DIR" in shown.sentence
    assert str(tmp_path / cache) in shown.out.replace("\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.usefixtures("quick")
def test_a_full_cache(equispike, small_disk, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = small_disk("200k")
    monkeypatch.setenv("EQUISPIKE_CACHE", str(disk))
    (disk / "programs").mkdir()
    (disk / "filler").write_bytes(bytes(200 * 1024))
    assert f"build cache is broken ({disk / 'programs'}: No space left on device)" in equispike("doctor").sentence
    (space,) = [f for f in places.free_space() if f.what == "space in the build cache"]
    assert space.state == "missing" and f"rm -r {disk / 'programs'}" in space.to_do
    found = by_name(building.backends())
    assert found["C++ compiler"].state != "ok" and found["numpy"].state == "ok"


@pytest.mark.usefixtures("quick")
def test_a_check_that_crashes_is_broken(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    def memory() -> Iterator[Finding]:
        yield Finding("before", "ok")
        raise RuntimeError("no such\nthing")

    monkeypatch.setattr(machine, "memory", memory)
    shown = equispike("doctor", "--json")
    assert shown.code == 0 and "Traceback" not in shown.out + shown.err
    before, crashed = [finding for finding in json.loads(shown.out) if finding["topic"] == "Machine"][-2:]
    assert before["what"] == "before"
    assert crashed["state"] == "broken" and crashed["found"] == "RuntimeError: no such thing"


@pytest.mark.usefixtures("quick")
def test_a_crash_of_what_every_machine_needs_is_a_failure(equispike, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(cache, "cache_dir", crash)
    assert "build cache is broken (RuntimeError: no home)" in equispike("doctor").sentence


def test_without_brian2_the_rest_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import json, sys; sys.modules['brian2'] = None\n"
        "from equispike.protocols.doctor import examine, first_to_mend\n"
        "from equispike.protocols.doctor import packages, gpu\n"
        "packages.PACKAGES, gpu.gpu = {'': {'brian2': 'brian2'}}, lambda: iter(())\n"
        "found = examine()\n"
        "print(json.dumps({f.what: [f.state, f.to_do] for t in found.values() for f in t}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["backends"] == found["build cache"] == ["broken", "mend Python's packages"]
    assert found["cores"][0] == found["digits"][0] == "ok"


@pytest.mark.usefixtures("quick")
def test_a_version_that_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "99.1" if name == "setuptools" else version(name))
    monkeypatch.setattr(metadata, "requires", lambda name: ["setuptools<81", 'nir>=1; extra == "exchange"'])
    found = by_name(packages.packages())["setuptools"]
    assert (found.state, found.found, found.to_do) == (
        "broken",
        "99.1, needed is <81",
        "pip install 'setuptools<81'",
    )
