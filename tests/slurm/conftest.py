"""A real SLURM of four nodes, and what the tests do with it as a user would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sweeper.records import AttemptRecord, AttemptState, TrialRecord
from sweeper.runs.open import open_to_read

HERE = Path(__file__).parent
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged", "ip", "setpriv", "nsenter")
SBIN = "/usr/sbin:/sbin"
NOBODY = 65534


@dataclass(frozen=True)
class Slurm:
    """The cluster. root: its folder.    shared: a folder that every node sees."""

    root: Path
    shared: Path
    environ: dict[str, str] = field(repr=False)

    def call(self, *command: str, check: bool = True, **environ: str) -> str:
        """Run a program against this cluster; what it printed."""
        done = subprocess.run(
            command,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.shared,
        )
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def sweep(self, *arguments: str, user: str = "root", **environ: str) -> Done:
        """Run `sweep`: here, or as another user on the login node, which is node 4."""
        command: Sequence[str] = [
            sys.executable,
            "-m",
            "sweeper",
            *arguments,
        ]
        if user != "root":
            command = [*self.inside(4), *setpriv(user), *command]
        done = subprocess.run(
            command,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.shared,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def inside(self, node: int) -> list[str]:
        """The beginning of a command that is to run in a node's own namespaces."""
        below = Path(f"/proc/{self.init(node)}/task/{self.init(node)}/children").read_text().split()
        return ["nsenter", "--target", below[0], "--mount", "--net", "--uts"]

    def init(self, node: int) -> int:
        """Process id of what holds the node's namespaces: its end is a power cut."""
        return int((self.root / "run" / f"ns-node{node}.pid").read_text())

    def start_node(self, node: int) -> None:
        """Start a node again after its power cut."""
        subprocess.run(
            [str(HERE / "node.sh"), str(self.root), str(node), *self.node_arguments],
            env=self.environ,
            check=True,
            timeout=30,
        )
        self.call("scontrol", "update", f"nodename=node{node}", "state=resume", check=False)
        seen = ("sinfo", "-h", "-pmain", f"-nnode{node}", "-o%T")
        wait_for(lambda: self.call(*seen).strip() in {"idle", "mixed", "allocated"})

    @property
    def node_arguments(self) -> list[str]:
        return ["netns", self.environ["SUBNET"], self.environ["PORT"], "1"]

    def state(self, job: str) -> str:
        """A job's state, as `scontrol` has it; of an array those of its tasks that differ."""
        shown = self.call("scontrol", "-o", "show", "job", job)
        return ", ".join(sorted(set(re.findall(r"JobState=(\S+)", shown))))

    def idle(self) -> None:
        """Wait until no job is left."""
        wait_for(lambda: not self.call("squeue", "-h"), 60)


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


def setpriv(user: str) -> list[str]:
    assert user == "nobody"
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def wait_for(what, timeout_s: float = 60.0, every_s: float = 0.2):
    """Wait until `what` gives something true; that."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(every_s)
    raise AssertionError("it did not come so far")


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """A SLURM of four nodes, each with a network and a /tmp of its own.

    A node has four cores and four fake GPUs, the last one two and two.
    """
    need_programs()
    # Each node has a /tmp of its own, so what is shared lies elsewhere; sockets want short paths.
    root = Path(f"/var/tmp/sws{os.getpid()}")
    number = os.getpid() % 200
    environ = {
        **os.environ,
        "PATH": f"{os.environ['PATH']}:{SBIN}",
        "SLURM_CONF": str(root / "etc" / "slurm.conf"),
        "MODE": "netns",
        "PORT": str(17000 + 10 * number),
        "SUBNET": f"10.77.{number}",
        "SMALL": "1",
        "SLURMD_TIMEOUT": "6",
        "SWEEP_LOGICAL_GPUS": "1",
        "OMP_NUM_THREADS": "1",
        **seen_by_nodes(),
    }
    (root / "shared" / "small").mkdir(parents=True)
    small = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(root / "shared" / "small")]
    subprocess.run(small, check=True)
    try:
        up = [str(HERE / "up.sh"), str(root)]
        subprocess.run(up, env=environ, check=True, timeout=90, stdout=subprocess.DEVNULL)
        yield Slurm(root, root / "shared", environ)
    finally:
        subprocess.run([str(HERE / "down.sh"), str(root)], env={**environ, "KEEP": "1"}, check=True)
        subprocess.run(["umount", "--lazy", str(root / "shared" / "small")], check=True)
        shutil.rmtree(root, ignore_errors=True)


def need_programs() -> None:
    """Skip where this machine can't hold a SLURM; in CI that is a failure."""
    path = f"{os.environ['PATH']}:{SBIN}"
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if missing:
        reason = f"no {', '.join(missing)} (apt-get install slurmctld slurmd slurm-client munge)"
    elif os.getuid() != 0:
        reason = "nodes with networks of their own need root"
    else:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def seen_by_nodes() -> dict[str, str]:
    """HIDE and KEEP of up.sh: Python and this project are seen on every node, by every user."""
    keep = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), HERE.parents[1]}
    closed = {
        next((above for above in reversed(path.parents) if not above.stat().st_mode & 0o001), None)
        for path in keep
    }
    hide = sorted(str(path) for path in closed if path is not None and path != Path("/tmp"))
    inside = [
        path for path in keep if any(str(path).startswith(f"{top}/") for top in ["/tmp", *hide])
    ]
    return {"HIDE": " ".join(hide), "KEEP": " ".join(map(str, inside))}


# ------------------------------------------------------------------ a sweep
@dataclass(frozen=True)
class Run:
    """A launched sweep. folder: of the run.    job: its number.    expected: x of each rate."""

    slurm: Slurm
    folder: Path
    job: str
    expected: dict[float, float]
    began: float

    def attempts(self) -> list[AttemptRecord]:
        with closing(open_to_read(self.folder)) as store:
            return store.attempts()

    def trials(self) -> list[TrialRecord]:
        with closing(open_to_read(self.folder)) as store:
            return list(store.trials())

    def running(self, number: int = 1) -> list[AttemptRecord]:
        """Wait until so many attempts run at once; them."""
        try:
            return wait_for(lambda: at_least(number, self.seen(AttemptState.RUNNING)), 90)
        except AssertionError:
            raise AssertionError(f"{self.seen(AttemptState.RUNNING)}: {self.log()}") from None

    def hosts(self, number: int = 1) -> set[str]:
        """Wait until attempts began on so many hosts, whether they have ended or not; those.

        What can be read is a copy, some seconds old: attempts that run at once may never be in one.
        """
        try:
            return wait_for(lambda: at_least(number, self._hosts()), 90)
        except AssertionError:
            raise AssertionError(self.log()) from None

    def _hosts(self) -> set[str]:
        return {one.device.host for state in AttemptState for one in self.seen(state)} - {""}

    def seen(self, state: AttemptState) -> list[AttemptRecord]:
        try:
            return [one for one in self.attempts() if one.state is state]
        except Exception:  # the driver replaces what is read, or has not begun
            return []

    def finish(self, timeout_s: float = 150.0) -> None:
        """Wait until SLURM says that the job is over."""
        try:
            wait_for(lambda: self.slurm.state(self.job) in ENDS, timeout_s, 0.5)
        except AssertionError:
            raise AssertionError(f"{self.slurm.state(self.job)}: {self.log()}") from None

    def log(self) -> str:
        return (self.folder / "logs" / f"slurm-{self.job}.log").read_text()

    def first_row_s(self) -> float:
        """Seconds from `sbatch` to the first row of a trial."""
        with closing(open_to_read(self.folder)) as store:
            return min(row.time for row in store.rows()) - self.began

    def check(self) -> None:
        """Every trial finished, once, with all of its rows and the right last number."""
        assert self.slurm.state(self.job) == "COMPLETED", self.log()
        with closing(open_to_read(self.folder)) as store:
            trials = list(store.trials())
            assert sorted(t.values["rate"] for t in trials) == sorted(self.expected)
            for trial in trials:
                assert str(trial.state) == "finished", self.log()
                states = [one.state for one in store.attempts(trial.id)]
                assert states.count(AttemptState.FINISHED) == 1, states
                assert states[-1] is AttemptState.FINISHED, states
        shown = self.slurm.sweep("report", str(self.folder), "--format", "csv")
        assert shown.code == 0, shown.err
        assert table(shown.out) == pytest.approx(self.expected)


ENDS = frozenset(
    {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY"}
)


def at_least(number: int, found):
    return found if len(found) >= number else None


def table(text: str) -> dict[float, float]:
    """Of a report in CSV: rate to x."""
    import csv

    return {float(row["rate"]): float(row["last"]) for row in csv.DictReader(text.splitlines())}


@pytest.fixture
def launch(slurm: Slurm, request: pytest.FixtureRequest):
    """Launches sweeps of `Steps`; what is left of them at the end is cancelled."""
    runs: list[Run] = []

    def launch(
        trials: int = 8,
        seconds: float = 0.3,
        epochs: int = 10,
        header: str = "  resources: {gpus: 1}\n",
        user: str = "root",
        folder: str = "",
        **cluster: object,
    ) -> Run:
        home = slurm.shared / (folder or f"{request.node.name[:40]}-{len(runs)}")
        on = write(home, trials, seconds, epochs, header, cluster)
        if user != "root":
            for path in (home, *home.iterdir()):
                os.chown(path, NOBODY, NOBODY)
        began = time.time()
        done = slurm.sweep(
            "launch",
            str(home / "grid.yaml.j2"),
            "--on",
            str(on),
            "--out",
            str(home / "run"),
            user=user,
        )
        assert done.code == 0, done.err
        (job,) = (home / "run" / "slurm").glob("job.sh") and [job_of(home / "run")]
        runs.append(Run(slurm, home / "run", job, expected(trials, epochs), began))
        return runs[-1]

    yield launch
    for run in runs:
        slurm.call("scancel", run.job, check=False)
    slurm.idle()


def job_of(folder: Path) -> str:
    import json

    return json.loads((folder / "placed.json").read_text())["job"]


def write(
    home: Path, trials: int, seconds: float, epochs: int, header: str, cluster: dict[str, object]
) -> Path:
    """Write the spec, its module and the cluster file; the cluster file."""
    import yaml

    home.mkdir(parents=True)
    shutil.copy(HERE / "steps.py", home / "steps.py")
    (home / "grid.yaml.j2").write_text(
        "sweep:\n  name: steps\n  objective: {channel: x, mode: min}\n"
        f"{header}  grid:\n    rate: {rates(trials)}\n---\n"
        f"!obj:steps.Steps {{rate: {{{{ rate }}}}, seconds: {seconds}, epochs: {epochs}}}\n"
    )
    on = home / "cluster.yaml"
    settings = {
        "kind": "slurm",
        "nodes": 2,
        "gpus_per_node": 1,
        "cpus_per_node": 1,
        "memory_per_node": "800M",
        "time": "10 minutes",
    }
    given = {key: value for key, value in {**settings, **cluster}.items() if value is not None}
    on.write_text(yaml.safe_dump(given))
    return on


def rates(trials: int) -> list[float]:
    return [round(0.5 + 0.01 * number, 2) for number in range(trials)]


def expected(trials: int, epochs: int) -> dict[float, float]:
    """x after all epochs, by the sum of the geometric series."""
    return {rate: (1 - rate**epochs) / (1 - rate) for rate in rates(trials)}


def processes_of(job: str) -> dict[int, str]:
    """Processes whose environment names the job, by id: their command lines."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environ = (path / "environ").read_bytes().split(b"\0")
            if f"SLURM_JOB_ID={job}".encode() in environ:
                words = (path / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(path.name)] = words.decode(errors="replace").strip()
        except OSError:
            continue
    return found


def left_of(job: str) -> dict[int, str]:
    """What still runs of a job that is over; Ray's agents follow their raylet within seconds."""
    until = time.monotonic() + 10
    while (found := processes_of(job)) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def left_on_nodes(slurm: Slurm) -> list[str]:
    """Temporary folders of sweeps on the nodes' own disks."""
    return [str(path) for path in (slurm.root / "node").glob("*/tmp/*swp-[0-9]*-*")]
