"""The build cache: what is damaged is built anew, what killed builds left goes, what others could put there is not run."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from test_cpp_backend import counter, needs_compiler

from equispike.models.codegen import BACKENDS, compilers
from equispike.models.codegen.cpp import backend as cpp
from equispike.models.codegen.standalone import checksums
from equispike.models.codegen.standalone.cache import building, cache_dir, nearby, publish
from equispike.models.codegen.standalone.ownership import private_folder
from equispike.models.codegen.standalone.program import StandaloneProgram, execute
from equispike.models.errors import EquispikeError

OTHER = 12345  # a user that is not us


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUISPIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cpp, "COMPILE_FLAGS", ["-w", "-O0", "-std=c++17"])


def script(lines: str, name: str = "key") -> Path:
    """A built program that is a shell script."""
    with building() as source:
        (source / "main").write_text(f"#!/bin/sh\n{lines}\n")
        (source / "main").chmod(0o755)
        publish(source, cache_dir() / name)
    return cache_dir() / name


def counted(program: StandaloneProgram) -> float:
    return program.run({}, {}, {"goal": 5.0}, 0).state["counter.n"][0]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Damage

DAMAGES = {
    "gone": lambda main: main.unlink(),
    "cut short": lambda main: os.truncate(main, 100),
    "another byte": lambda main: main.write_bytes(b"\x7fELG" + main.read_bytes()[4:]),
    "not executable": lambda main: main.chmod(0o644),
    "checksums gone": lambda main: main.with_name("checksums.json").unlink(),
    "checksums damaged": lambda main: main.with_name("checksums.json").write_text("[1"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_program_is_built_anew(damage) -> None:
    program = script("echo whole")
    assert checksums.damage(program) is None
    damage(program / "main")
    assert checksums.damage(program)
    with pytest.raises(EquispikeError, match=rf"the built program {program} is damaged \(.*\): the same command again"):
        program_in(program).run({}, {}, {}, 0)
    script("echo anew")
    assert checksums.damage(program) is None and "anew" in (program / "main").read_text()
    script("echo second")
    assert "anew" in (program / "main").read_text() and left(cache_dir()) == [
        "key"
    ]  # the first of two whole ones stays


def program_in(folder: Path) -> StandaloneProgram:
    program = StandaloneProgram.__new__(StandaloneProgram)
    program._directory, program._namespace, program._constants, program._state = folder, {}, (), ("n",)
    program._files, program._records = {"n": ("n", np.dtype(float))}, {}
    return program


@needs_compiler
def test_a_program_without_main_is_compiled_again(tmp_path: Path) -> None:
    program = BACKENDS["cpp"].compile(counter)
    assert counted(program) == 5
    (program._directory / "main").unlink()
    assert counted(BACKENDS["cpp"].compile(counter)) == 5
    assert left(cache_dir()) == [program._directory.name]


# What killed builds leave

BUILDS = """
import time
from equispike.models.codegen.standalone.cache import building
with building():
    print("building", flush=True)
    time.sleep(60)
"""


def test_what_killed_builds_left_goes_and_what_is_being_built_stays() -> None:
    def builder() -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-c", BUILDS], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "building\n"
        return process

    dead, living = builder(), builder()
    (old := cache_dir() / ".building-elsewhere-x").mkdir()
    (young := cache_dir() / ".building-elsewhere-y").mkdir()
    os.utime(old, (time.time() - 1e6,) * 2)
    try:
        dead.kill()
        dead.wait()
        with building() as source:
            assert len(left(cache_dir())) == 3 and source.parent.name in left(cache_dir()) and young.exists()
    finally:
        living.kill()
        living.wait()
    script("true")
    assert left(cache_dir()) == [young.name, "key"]


# Whose programs they are


def test_folders_of_others_and_for_all_are_refused(tmp_path: Path) -> None:
    script("true")
    assert cache_dir().stat().st_mode & 0o777 == cache_dir().parent.stat().st_mode & 0o777 == 0o700
    cache_dir().chmod(0o1777)
    with pytest.raises(EquispikeError, match=r"every user can write there\): set EQUISPIKE_CACHE"), building():
        pass
    cache_dir().chmod(0o700)
    tmp_path.chmod(0o777)
    with pytest.raises(EquispikeError, match=rf"every user can replace what is in {tmp_path}\)"), building():
        pass
    tmp_path.chmod(0o1777)
    script("true")
    if os.geteuid() == 0:
        os.chown(cache_dir(), OTHER, OTHER)
        with pytest.raises(EquispikeError, match="it belongs to another user"), building():
            pass


def test_a_program_that_was_planted_on_the_local_disk_is_not_run(tmp_path: Path, monkeypatch) -> None:
    program, stage = script("echo ours"), tmp_path / "stage"
    monkeypatch.setenv("EQUISPIKE_STAGE", str(stage))
    near = nearby(program)
    assert near == stage / "programs" / "key" and near.stat().st_mode == program.stat().st_mode
    (near / "main").write_text("#!/bin/sh\necho planted\n")
    checksums.record(near)
    assert "ours" in (nearby(program) / "main").read_text()
    stage.joinpath("programs").chmod(0o777)
    with pytest.raises(EquispikeError, match="set EQUISPIKE_STAGE to a folder that is yours alone"):
        nearby(program)


def test_private_folders_cannot_be_guessed_and_are_used_again(tmp_path: Path) -> None:
    for mode, name in ((0o777, "a"), (0o755, "b")):
        (tmp_path / f"equispike-{os.geteuid()}-{name}").mkdir()
        (tmp_path / f"equispike-{os.geteuid()}-{name}").chmod(mode)
    (elsewhere := tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"equispike-{os.geteuid()}-c").symlink_to(elsewhere)
    if os.geteuid() == 0:
        (others := tmp_path / f"equispike-{os.geteuid()}-d").mkdir(mode=0o700)
        os.chown(others, OTHER, OTHER)
    mine = private_folder(tmp_path)
    assert mine.name[-2:] not in ("-a", "-b", "-c", "-d") and mine.stat().st_mode & 0o777 == 0o700
    assert private_folder(tmp_path) == mine


# Space


@needs_compiler
def test_a_full_build_cache_is_said_to_be_full(small_disk, monkeypatch) -> None:
    disk = small_disk("64k")
    monkeypatch.setenv("EQUISPIKE_CACHE", str(disk))
    full = (
        f"there is no space left in {disk / 'programs'}: free some, or set EQUISPIKE_CACHE to a folder on another disk"
    )
    for size in ("64k", "300k"):  # too small for the code, and for what is compiled
        small_disk(size)
        with pytest.raises(EquispikeError) as error:
            BACKENDS["cpp"].compile(counter)
        assert str(error.value) == full and left(disk / "programs") == []


@needs_compiler
def test_a_full_folder_for_temporary_files_is_said_to_be_full(small_disk, monkeypatch) -> None:
    program = BACKENDS["cpp"].compile(counter)
    disk = small_disk("64k")
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    monkeypatch.setenv("TMPDIR", str(disk))
    full = f"there is no space left in {disk}: free some, or set TMPDIR to a folder on another disk"
    assert counted(program) == 5
    for room in (4096, 0):  # for what a run reads but not for what it writes, and for nothing
        (disk / "filler").write_bytes(bytes(64 * 1024 - room))
        with pytest.raises(EquispikeError) as error:
            counted(program)
        assert str(error.value) == full and left(disk) == ["filler"]
        (disk / "filler").unlink()
    with pytest.raises(EquispikeError) as error:  # compilers need some as well
        BACKENDS["cpp"].compile(counter)
    assert str(error.value) == full


def test_a_compiler_without_space_says_where(tmp_path: Path) -> None:
    place = tempfile.gettempdir()
    for message, variable in (
        (f"x.cpp:1:1: fatal error: error writing to {place}/ccA.s: No space left on device", "TMPDIR"),
        (f"{place}/ccA.s: Fatal error: {place}/cache/x.o: No space left on device", "EQUISPIKE_CACHE"),
        (
            f"{place}/ccA.s: Fatal error: can't write 9 bytes to section .text of x.o: 'Disk quota exceeded'",
            "EQUISPIKE_CACHE",
        ),
    ):
        with pytest.raises(EquispikeError, match=f"^there is no space left in .* set {variable} to"):
            compilers.build(["sh", "-c", 'echo "$0"; exit 1', message], tmp_path, "it failed", tmp_path / "log")


@needs_compiler
def test_a_limit_on_the_size_of_files_is_named() -> None:
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n" + LIMITED
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "may not become as large as is needed: raise the limit (ulimit -f)" in done.stdout, done.stderr


LIMITED = """
import resource
from equispike.models.codegen import BACKENDS
from equispike.models.errors import EquispikeError
from test_cpp_backend import counter
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    BACKENDS["cpp"].compile(counter)
except EquispikeError as error:
    print(error)
"""


def test_no_folder_for_temporary_files_at_all(monkeypatch) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    program = script("true")
    monkeypatch.setattr("tempfile.gettempdir", none)
    with pytest.raises(EquispikeError, match=r"no folder for temporary files can be written: .* set TMPDIR"):
        program_in(program).run({}, {}, {}, 0)


# Compilers


@needs_compiler
@pytest.mark.parametrize("command", ["'{}/my compilers/g++' -DX='a b'", " \t", "env A=$B g++"])
def test_compilers_are_named_as_in_a_shell(command: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "my compilers").mkdir()
    (tmp_path / "my compilers" / "g++").write_text('#!/bin/sh\nexec g++ "$@"\n')
    (tmp_path / "my compilers" / "g++").chmod(0o755)
    monkeypatch.setenv("CXX", command.format(tmp_path))
    assert BACKENDS["cpp"].why_not() is None and counted(BACKENDS["cpp"].compile(counter)) == 5


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (
            "g++ 'x",
            "CXX, which is g++ 'x, cannot be read as a command (no closing quotation): set it to one such as g++",
        ),
        ("/", "'/' was not found: install a C++ compiler"),
        ("A=1 g++", "'A=1' was not found: install a C++ compiler"),
    ],
)
def test_no_command_for_a_compiler(command: str, sentence: str, monkeypatch) -> None:
    monkeypatch.setenv("CXX", command)
    for backend in ("cpp", "cython"):
        assert BACKENDS[backend].why_not().startswith(sentence)


@needs_compiler
def test_a_compiler_that_is_none(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "none").write_bytes(b"\x7fELF")
    (tmp_path / "none").chmod(0o755)
    monkeypatch.setenv("CXX", str(tmp_path / "none"))
    with pytest.raises(EquispikeError, match=r"the compiler '.*/none' cannot be run \(Exec format error\): set CXX"):
        BACKENDS["cpp"].compile(counter)
    monkeypatch.setenv("CXX", "g++ --no-such-option")
    with pytest.raises(EquispikeError, match=r"the C\+\+ code did not compile \(.*--no-such-option.*messages are in"):
        BACKENDS["cpp"].compile(counter)


def test_memory_that_runs_out_while_compiling_is_named(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo 'g++: fatal error: Killed signal terminated program cc1plus' >&2; exit 1"]
    with pytest.raises(EquispikeError, match=r"^it failed: memory ran out;"):
        compilers.build(command, tmp_path, "it failed", tmp_path / "log")


# How programs end


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("kill -SEGV $$", "it crashed with SIGSEGV"),
        ("kill -KILL $$", "it was killed by SIGKILL, as happens when memory runs out"),
        ("kill -ILL $$", "set EQUISPIKE_PORTABLE=1"),
        ("kill -BUS $$", "it was ended by SIGBUS"),
        ("echo bad >&2; exit 3", "it stopped with code 3: bad"),
        ("exit 4", "it stopped with code 4: it said nothing"),
    ],
)
def test_how_a_program_ended(lines: str, sentence: str) -> None:
    with pytest.raises(EquispikeError) as error:
        execute(["./main"], script(lines))
    assert sentence in str(error.value) and "\n" not in str(error.value)


@needs_compiler
def test_a_program_ends_with_the_process_that_runs_it(tmp_path: Path) -> None:
    """Even where that is killed."""
    program = BACKENDS["cpp"].compile(counter)
    files = " ".join(map(str, (program._directory, json.dumps(list(program._constants)))))
    code = (
        "import subprocess, sys, time\n"
        "from pathlib import Path\n"
        f"Path('run.txt').write_text('\\n'.join(['1e300'] * {len(program._constants)} + ['0']) + '\\n')\n"
        "Path('results').mkdir()\n"
        f"child = subprocess.Popen(['{program._directory}/main', '--results_dir', 'results/', 'run.txt'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    time.sleep(0.3)
    assert running(child), files
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 60
    while running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(child)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
