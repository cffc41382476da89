"""The Slurm of the other tests: it runs jobs as a real one does, and leaves nothing behind."""

import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slurm
from slurm import Slurm, SlurmError

pytestmark = pytest.mark.skipif(bool(slurm.why_not()), reason=slurm.why_not())


def submit(cluster: Slurm, script: str, folder: Path = Path("/tmp")) -> str:
    """The id of a new job of one core, which works in a folder and writes ``ID.txt`` there."""
    return cluster.call("sbatch", "--parsable", f"--chdir={folder}", "--output=%j.txt", "--wrap", script)


def states(cluster: Slurm) -> list[str]:
    return [job["state"] for job in cluster.jobs()]


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_job_and_its_steps(cluster: Slurm, tmp_path: Path) -> None:
    """Jobs, and the steps that they start, find this very Slurm."""
    job = submit(cluster, "command -v squeue; squeue --noheader --format=%i,%T; srun -n1 echo step", tmp_path)
    cluster.wait_for(lambda: states(cluster) == ["COMPLETED"])
    assert (tmp_path / f"{job}.txt").read_text().split() == [f"{cluster.folder}/bin/squeue", f"{job},RUNNING", "step"]
    assert cluster.jobs() == [{"id": job, "name": "wrap", "state": "COMPLETED"}]


def test_ends_of_jobs(cluster: Slurm, tmp_path: Path) -> None:
    """Failed, cancelled, killed; of two cores, two jobs of one have each one, and a third waits."""
    failed = submit(cluster, "exit 3", tmp_path)
    cluster.wait_for(lambda: states(cluster) == ["FAILED"])
    cancelled, killed, waiting = [submit(cluster, f"touch {name}; sleep 300", tmp_path) for name in "abc"]
    cluster.wait_for(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
    assert states(cluster) == ["FAILED", "RUNNING", "RUNNING", "PENDING"] and not (tmp_path / "c").exists()
    cluster.cancel(cancelled)
    cluster.wait_for((tmp_path / "c").exists)
    cluster.kill(killed)
    cluster.wait_for(lambda: states(cluster) == ["FAILED", "CANCELLED", "FAILED", "RUNNING"])
    assert [job["id"] for job in cluster.jobs()] == [failed, cancelled, killed, waiting]
    with pytest.raises(SlurmError, match=r"not within 0.2 s\n--- munged.out\n(.*\n)*--- slurmd.out"):
        cluster.wait_for(lambda: False, 0.2)


def test_nothing_stays(tmp_path: Path) -> None:
    """After an exception, after a daemon's death, with a job that ignores signals and forgets its environment."""
    with contextlib.suppress(ZeroDivisionError), slurm.slurm() as cluster:
        job = submit(cluster, "trap '' TERM; touch begun; env -i sleep 300", tmp_path)
        cluster.wait_for((tmp_path / "begun").exists)
        found = {*cluster.pids(job), *slurm.processes(cluster.folder)}
        assert found > {daemon.pid for daemon in cluster.daemons.values()}
        cluster.daemons["slurmd"].kill()
        with pytest.raises(SlurmError, match="slurmd ended\n--- "):
            cluster.wait_for(lambda: False)
        raise ZeroDivisionError
    assert not [pid for pid in found if alive(pid)] and not slurm.processes(cluster.folder)
    assert not cluster.folder.exists()
    with slurm.slurm(cpus=3) as another:
        assert another.call("sinfo", "--noheader", "--format=%T %c") == "idle 3"
    assert not another.folder.exists()


def test_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that cannot start: the error shows why."""
    with socket.create_server(("", 0)) as taken:
        ports = [*slurm.free_ports(1), taken.getsockname()[1]]
        monkeypatch.setattr(slurm, "free_ports", lambda n: ports)
        with pytest.raises(SlurmError, match=r"slurmd ended\n(.*\n)*.*Address already in use"), slurm.slurm():
            pass


def test_killed_before_it_can_stop(tmp_path: Path) -> None:
    """The daemons do not outlive whoever started them."""
    words = "import slurm, time\nwith slurm.slurm() as a: print(a.folder, flush=True); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", words], cwd=Path(__file__).parent, stdout=subprocess.PIPE) as python:
        assert python.stdout is not None
        folder = Path(python.stdout.readline().decode().strip())
        assert len(slurm.processes(folder)) >= 3
        python.kill()
    end = time.monotonic() + 10
    while (found := slurm.processes(folder)) and time.monotonic() < end:
        time.sleep(0.1)
    Slurm(folder, 2).stop()
    assert not found and not folder.exists()
