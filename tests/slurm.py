"""A real Slurm of one node on loopback, in a folder of its own: nothing else is written, nothing stays behind."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CLIENTS = (
    "sacct sacctmgr salloc sattach sbatch sbcast scancel scontrol sdiag sinfo sprio squeue sreport srun sshare sstat"
)
DAEMONS = "munged slurmctld slurmd"

# Credentials run out after five seconds: until then, a requeued job waits. Memory and cores are as written here, not
# as found, and jobs stay listed for a day after their end.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock,cred_expire=5
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdLogFile={folder}/log/slurmd.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
{listening}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=86400
MaxArraySize=100001
KillWait=3
PropagateResourceLimits=NONE
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class SlurmError(RuntimeError):
    """Slurm does not do what it should."""


def program(name: str) -> str | None:
    """Where a program is: daemons also where ordinary users do not look."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def why_not() -> str:
    """Why there cannot be a Slurm here; empty where there can."""
    if missing := [name for name in f"{DAEMONS} {CLIENTS}".split() if program(name) is None]:
        return f"no {', '.join(missing)}: apt-get install slurm-wlm munge"
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return "Slurm does not work for a user without a name"
    return ""


@dataclass
class Slurm:
    """A running cluster."""

    folder: Path
    cpus: int
    daemons: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """For processes that are to meet this Slurm: its programs come first, no settings of another one."""
        others = ("SLURM", *CLIENTS.upper().split())
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        return kept | {"PATH": f"{self.folder / 'bin'}:{os.environ.get('PATH', os.defpath)}"}

    def call(self, *words: object) -> str:
        """What a command writes; its failure is an exception."""
        done = subprocess.run([*map(str, words)], env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise SlurmError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout.strip()

    def jobs(self) -> list[dict[str, str]]:
        """Id, name and state of all jobs, ended ones too; of an array each element."""
        table = self.call("squeue", "--noheader", "--array", "--states=all", "--sort=i", "--format=%i %T %j")
        return [dict(zip(("id", "state", "name"), row.split(" ", 2), strict=True)) for row in table.splitlines()]

    def cancel(self, job_id: object) -> None:
        """End a job."""
        self.call("scancel", job_id)

    def pids(self, job_id: object) -> list[int]:
        """The processes of a running job."""
        lines = self.call("scontrol", "listpids", job_id).splitlines()[1:]
        return [int(line.split()[0]) for line in lines]

    def kill(self, job_id: object) -> None:
        """Let a running job die as of a lack of memory: it fails, in Slurm's view."""
        kill(self.pids(job_id))

    def wait_for[T](self, predicate: Callable[[], T], seconds: float = 120) -> T:
        """What ``predicate`` returns as soon as that is true; an exception, with logs, if a daemon ends before."""
        end = time.monotonic() + seconds
        while not (found := predicate()):
            if dead := [name for name, daemon in self.daemons.items() if daemon.poll() is not None]:
                raise SlurmError(f"{', '.join(dead)} ended\n{self.logs()}")
            if time.monotonic() > end:
                raise SlurmError(f"not within {seconds} s\n{self.logs()}")
            time.sleep(0.1)
        return found

    def logs(self, n_lines: int = 15) -> str:
        """The ends of the log files."""
        paths = sorted((self.folder / "log").iterdir())
        lines = {path.name: path.read_text(errors="replace").splitlines()[-n_lines:] for path in paths}
        return "\n".join("\n".join([f"--- {name}", *texts]) for name, texts in lines.items())

    def start(self) -> None:
        """Write the files, start the daemons, wait until the node is idle."""
        # munged wants its key hidden, and the folders above its socket open to all and writable by none.
        self.folder.chmod(0o755)
        for name in ("bin", "log", "spool", "state"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        conf = self.folder / "slurm.conf"
        host = socket.gethostname().split(".")[0]
        values = {"host": host, "user": os.geteuid(), "folder": self.folder, "ports": free_ports(2), "cpus": self.cpus}
        conf.write_text(CONFIGURATION.format(**values, listening=listening()))
        # Not by a variable of the environment: Snakemake's plugin for Slurm deletes those that begin with SLURM.
        for name in CLIENTS.split():
            wrapper = self.folder / "bin" / name
            wrapper.write_text(f'#!/bin/sh\nexport SLURM_CONF={conf}\nexec {program(name)} "$@"\n')
            wrapper.chmod(0o755)
        files = {"key": "munge.key", "socket": "munge.sock", "pid": "munged.pid", "seed": "munge.seed"}
        words = [f"--{name}{'' if name == 'socket' else '-file'}={self.folder / file}" for name, file in files.items()]
        self._begin("munged", "--foreground", *words, "--num-threads=2")
        self.wait_for((self.folder / "munge.sock").exists)
        self._begin("slurmctld", "-D", "-f", conf)
        self._begin("slurmd", "-D", "-f", conf)
        self.wait_for(self._is_idle)

    def _begin(self, name: str, *words: object) -> None:
        # Ctrl-C does not reach a session of its own: a test's clean-up still needs the daemons. And they end even where
        # this process is killed before it can stop them.
        with (self.folder / "log" / f"{name}.out").open("w") as out:
            self.daemons[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", str(program(name)), *map(str, words)],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def _is_idle(self) -> bool:
        with contextlib.suppress(SlurmError):
            return self.call("sinfo", "--noheader", "--format=%T") == "idle"
        return False

    def stop(self) -> None:
        """Kill all daemons, steps and jobs, and remove the folder. Nothing in it is to be kept, so nothing is asked."""
        for daemon in self.daemons.values():
            daemon.kill()
            daemon.wait()
        end = time.monotonic() + 30
        while found := processes(self.folder):
            kill(found)
            if time.monotonic() > end:
                raise SlurmError(f"processes {found} cannot be killed")
            time.sleep(0.02)
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def slurm(cpus: int = 2) -> Iterator[Slurm]:
    """A cluster of one node with so many cores. Its folder is in /tmp: pytest's own are too long for sockets."""
    cluster = Slurm(Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp")), cpus)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def listening() -> str:
    """The setting that keeps daemons and srun to 127.0.0.1, where there can be one: they would listen at the address
    that the host's name has, which is another one on Debian as installed and in containers. Else they listen at all."""
    with contextlib.suppress(OSError):
        if socket.gethostbyname(socket.gethostname()) == "127.0.0.1":
            return "CommunicationParameters=NoInAddrAny,NoCtldInAddrAny"
    return ""


def free_ports(n: int) -> list[int]:
    """Ports that nobody listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in sockets:
            each.bind(("", 0))
        return [each.getsockname()[1] for each in sockets]


def kill(pids: list[int]) -> None:
    """Kill those processes that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def processes(folder: Path) -> list[int]:
    """All but this process that know of a folder, by command line, environment or open files; and their children.

    Steps and jobs are nobody's children, and steps overwrite their command line: hence so many signs."""
    parents, known = {}, set()
    for path in Path("/proc").glob("[0-9]*"):
        pid = int(path.name)
        with contextlib.suppress(OSError):  # has ended, or is someone else's
            parents[pid] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            signs = [(path / "cmdline").read_bytes(), (path / "environ").read_bytes()]
            for link in [path / "cwd", *(path / "fd").iterdir()]:
                with contextlib.suppress(OSError):  # was just closed
                    signs.append(os.fsencode(os.readlink(link)))
            if pid != os.getpid() and any(os.fsencode(folder) in sign for sign in signs):
                known.add(pid)
    while children := {pid for pid, parent in parents.items() if parent in known} - known - {os.getpid()}:
        known |= children
    return sorted(known)
