"""What is broken on purpose is found, named and told how to mend, and what works is said to work."""

import re
import struct
import time
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from equispike.models.codegen import BACKENDS
from equispike.protocols import doctor
from equispike.protocols.data.locate import STEMS
from equispike.protocols.doctor import building, cluster, gpu, machine, packages, places
from equispike.protocols.doctor.asking import ask
from equispike.protocols.doctor.findings import Finding

ROOT = Path(__file__).parents[1]
needs_compiler = pytest.mark.skipif(BACKENDS["cpp"].why_not() is not None, reason="no C++ compiler")
needs_group_kill = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


# Packages


def test_packages_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {"": project["dependencies"], **project["optional-dependencies"]}
    for extra, names in packages.PACKAGES.items():
        if extra in asked:
            assert {re.match(r"[\w-]+", line)[0] for line in asked[extra]} == names.keys()  # type: ignore[index]


def test_packages_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {
        "sound": "print('hello')",
        "raising": "raise OSError('libcuda.so.1: cannot open\\nshared object file')",
        "aborting": "import os; os.abort()",
        "leaving": "import os; os._exit(0)",
        "exiting": "raise SystemExit(3)",
        "hanging": "import time; time.sleep(60)",
        "last": "",
    }
    for name, code in modules.items():
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(packages, "PACKAGES", {"": {name: name for name in modules}})
    monkeypatch.setattr(packages, "_SECONDS", 5.0)
    monkeypatch.setattr(metadata, "version", lambda name: "1.0")
    found = by_name(packages.packages())
    assert {name for name, finding in found.items() if finding.state == "ok"} == {"sound", "last"}
    hints = {
        "raising": "OSError: libcuda.so.1: cannot open shared object file",
        "aborting": "ended by SIGABRT",
        "leaving": "ends the process that imports it",
        "exiting": "SystemExit: 3",
        "hanging": "no answer within 5 s",
    }
    assert {name: found[name].found for name in hints} == {name: f"1.0: {hint}" for name, hint in hints.items()}
    assert found["raising"].to_do == "pip install --force-reinstall 'raising'"


# Compilers


@needs_compiler
def test_the_compiler_here_compiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path))
    found = by_name(building.backends())
    assert found["C++ compiler"].state == found["make"].state == found["cpp"].state == "ok"
    assert re.search(r"\d+\.\d+.*: a program of C\+\+17 built and run in \d", found["C++ compiler"].found)
    assert not any(tmp_path.rglob(".building-*"))


RUNS_AWAY = 'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\n%s\\n" > "$2"; /bin/chmod +x "$2"'


@pytest.mark.parametrize(
    ("compiler", "hint"),
    [
        ("echo 'g++: fatal error: cannot execute cc1plus' >&2; echo terminated. >&2; exit 1", "cannot execute cc1plus"),
        ("exit 4", "exit code 4"),
        ("kill -SEGV $$", "SIGSEGV"),
        ("exit 0", "does not run: cannot be run: No such file"),
        (RUNS_AWAY % "exit 3", "does not run: exit code 3"),
        (RUNS_AWAY % "echo wrong", "printed 'wrong"),
    ],
)
def test_a_compiler_that_fails(programs, compiler: str, hint: str) -> None:
    programs(**{"g++": compiler, "make": "echo GNU Make 4.3"})
    found = by_name(building.backends())
    assert found["C++ compiler"].state == "broken" and hint in found["C++ compiler"].found
    assert "apt-get install" in found["C++ compiler"].to_do
    here = [name for name in BACKENDS if name not in gpu.FOR_GPUS]
    without = dict.fromkeys(("numpy", "jax", "jax-float32"), "ok")
    assert {name: found[name].state for name in here} == {name: "broken" for name in here} | without
    assert found["make"].found == "GNU Make 4.3"


def test_no_compiler(programs) -> None:
    found = by_name(building.backends())
    without = {found.pop(name).state for name in ("numpy", "jax", "jax-float32")}
    assert without == {"ok"} and {finding.state for finding in found.values()} == {"missing"}
    assert "apt-get install g++ make" in found["C++ compiler"].to_do


# Folders and data sets


def test_caches_that_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path))
    for name in ("0123", "4567", ".building-x"):
        (tmp_path / "programs" / name).mkdir(parents=True)
    (tmp_path / "programs" / "0123" / "main").write_bytes(bytes(3_000_000))
    (found,) = places.build_cache()
    assert (found.state, found.found) == ("ok", f"{tmp_path / 'programs'}: 2 programs, 3 MB")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "programs" / "0123" / "main"))
    (found,) = places.data_cache()
    assert found.state == "broken" and "XDG_CACHE_HOME" in found.to_do and not found.vital


def test_data_sets_as_training_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EQUISPIKE_DATA", raising=False)
    found = by_name(places.data_sets(None))
    assert found["digits"].state == "ok" and found["digits"].found == "scikit-learn"
    assert found["mnist"].state == "missing" and "downloaded when first used" in found["mnist"].to_do
    assert "bamsumit/slayerPytorch" in found["nmnist-small"].to_do
    assert not (tmp_path / "cache").exists()

    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for stem in STEMS:
        array = np.zeros((3, 28, 28) if "images" in stem else 3, np.uint8)
        (folder / stem).write_bytes(
            bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
        )
    monkeypatch.setenv("EQUISPIKE_DATA", str(tmp_path / "data"))
    found = by_name(places.data_sets(None))
    assert (found["mnist"].state, found["mnist"].found) == ("ok", str(folder))
    (folder / STEMS[0]).write_bytes(b"nothing")
    found = by_name(places.data_sets(None))
    assert found["mnist"].state == "broken" and "is not an IDX file" in found["mnist"].to_do
    (folder / STEMS[0]).unlink()
    found = by_name(places.data_sets(None))
    assert found["mnist"].state == "missing" and STEMS[0] in found["mnist"].to_do
    assert by_name(places.data_sets(tmp_path))["fashion-mnist"].to_do.startswith(str(tmp_path / "fashion-mnist"))


# The machine


@pytest.mark.parametrize(
    ("own", "limits", "expected"),
    [
        ("0::/a/b\n", {"a/memory.max": "5000", "a/b/memory.max": "max"}, 5000),
        ("0::/a/b\n", {"a/memory.max": "5000", "a/b/memory.max": "4000"}, 4000),
        ("0::/\n", {"memory.max": "max"}, None),
        ("0::/a\n", {}, None),
        ("4:cpu,memory:/job\n0::/\n", {"memory/job/memory.limit_in_bytes": "7000", "memory.max": "9000"}, 7000),
        # In a container the path is the host's, and the limit at the root.
        ("4:memory:/docker/x\n3:cpu:/\n", {"memory/memory.limit_in_bytes": "7000"}, 7000),
    ],
)
def test_limits_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, limits: dict[str, str], expected: int | None
) -> None:
    groups = tmp_path / "groups"
    for name, limit in limits.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(f"{limit}\n")
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(machine, "GROUPS", groups)
    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")
    assert machine.memory_limit() == expected
    (found,) = machine.memory()
    assert ("at most here" in found.found) == (expected is not None)


# Clusters

ANSWERING = {
    "sbatch": "exit 1",
    "squeue": "exit 1",
    "sinfo": '[ "$*" = -h ] && echo "debug*  up infinite 1 idle n1" && echo "long up infinite 4 mix n[2-5]"',
    "sacct": '[ "$*" = "-n -X --format=JobID" ] && echo 17',
}


def test_no_cluster(programs) -> None:
    (found,) = cluster.slurm()
    assert found.state == "not needed"


def test_a_cluster_that_answers(programs) -> None:
    programs(**ANSWERING)
    found = by_name(cluster.slurm())
    assert {finding.state for finding in found.values()} == {"ok"}
    assert found["sinfo"].found == "partitions: debug, long"


@pytest.mark.parametrize(
    ("sinfo", "hint"),
    [
        ("echo 'slurm_load_partitions: Unable to contact slurm controller' >&2; exit 1", "Unable to contact"),
        ("exit 0", "names no partition"),
    ],
)
def test_a_controller_that_fails(programs, sinfo: str, hint: str) -> None:
    programs(**ANSWERING | {"sinfo": sinfo})
    found = by_name(cluster.slurm())
    assert found["sinfo"].state == "broken" and hint in found["sinfo"].found and found["sinfo"].to_do


@needs_group_kill
def test_a_controller_that_hangs_leaves_nothing_behind(
    programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(**ANSWERING | {"sinfo": f"/bin/sleep 60 & echo $! > {tmp_path}/child; wait"})
    monkeypatch.setattr(cluster, "SECONDS", 0.5)
    begun = time.monotonic()
    found = by_name(cluster.slurm())
    assert time.monotonic() - begun < 30
    assert (found["sinfo"].state, found["sinfo"].found) == ("broken", "no answer within 0.5 s")
    stat = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    deadline = time.monotonic() + 40
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("sacct", ["echo Slurm accounting storage is disabled >&2; exit 1", None])
def test_accounting_that_does_not_work(programs, sacct: str | None) -> None:
    folder = programs(**ANSWERING | {"sacct": sacct or ""})
    if sacct is None:
        (folder / "sacct").unlink()
    found = by_name(cluster.slurm())["sacct"]
    assert found.state == ("missing" if sacct is None else "broken")
    assert "falls back to squeue" in found.to_do
    assert sacct is None or found.found == "Slurm accounting storage is disabled"


def test_half_a_cluster(programs) -> None:
    programs(squeue="")
    found = by_name(cluster.slurm())
    assert {name: finding.state for name, finding in found.items()} == {
        "sbatch": "missing", "squeue": "ok", "sinfo": "missing", "sacct": "missing",
    }  # fmt: skip


# Asking


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("#!/no/such/interpreter\n")
    (tmp_path / "x").chmod(0o755)
    assert ask(str(tmp_path / "x"), seconds=5).fault == "cannot be run: No such file or directory"


def test_an_answer_keeps_what_was_printed_before_the_end() -> None:
    answer = ask("/bin/sh", "-c", "echo early; exec /bin/sleep 60", seconds=0.5)
    assert answer == ("early\n", "no answer within 0.5 s")


def test_every_finding_that_is_not_ok_says_what_to_do(programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing on the PATH at all."""
    monkeypatch.setattr(packages, "_import_faults", lambda modules: {})
    findings = doctor.examine()
    for topic in findings.values():
        for finding in topic:
            assert finding.state in ("ok", "not needed") or finding.to_do, finding
    assert doctor.first_to_mend(findings) is None
