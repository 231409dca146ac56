"""A private Ray cluster on this host, ended with the sweep."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sweeper.launchers import connection
from sweeper.launchers.fit import Room, count_workers
from sweeper.launchers.lean import lean
from sweeper.records.errors import ClusterError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from sweeper.records import Resources

OBJECT_STORE_BYTES = 200 * 2**20
# Ray's sockets lie up to 67 characters deeper, and a socket's path ends at 107.
LONGEST_FOLDER = 40
_PREFIX = "swp"
_LOCK = "lock"


class LocalCluster:
    """See `base.Cluster`. Entering starts Ray, leaving ends it and removes its files."""

    def __init__(
        self,
        resources: Resources,
        *,
        wanted: int | None,
        trials: int,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Raise InputError where the workers do not fit on this host."""
        environ = os.environ if environ is None else environ
        gpus = count_gpus(environ, list_gpus()) if resources.gpus else 0
        room = Room(cores=own_cores(), gpus=gpus)
        self.workers = count_workers(resources, room, wanted=wanted, trials=trials)
        self.cores = room.cores
        self.scratch = ""
        self._link: connection.Link | None = None
        self._lock: int | None = None
        self._gpus = gpus
        # With GPUs the cores are shared where they are too few; Ray must not run out of them.
        self._cpus = max(len(room.cores), self.workers * resources.cpus)

    def __enter__(self) -> Self:
        remove_left_overs(_roots())
        self.scratch = make_folder(_roots())
        try:
            self._lock = hold(Path(self.scratch))
            connection.use_new_token()
            with connection.environment(), lean():
                self._start()
            self._link = connection.Link(connection.head_address())
        except BaseException as error:
            self._remove()
            if not isinstance(error, Exception):
                raise
            raise ClusterError(
                f"Ray could not be started on this host: {error}. Look for a full disk or memory"
                f" ({self.scratch}, /dev/shm) and for limits on processes (ulimit -u)."
            ) from error
        return self

    def _start(self) -> None:
        connection.connect(
            address="local",  # never somebody else's cluster
            num_cpus=self._cpus,
            num_gpus=self._gpus,
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            _temp_dir=f"{self.scratch}/r",  # below: Ray opens its own folder to everyone
        )

    def check(self) -> None:
        """See `base.Cluster`."""
        if self._link is not None:
            self._link.check()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import ray

        ray.shutdown()
        self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


# ------------------------------------------------------------------ what this host has
def own_cores() -> tuple[int, ...]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def count_gpus(environ: Mapping[str, str], listing: str) -> int:
    """How many GPUs this process may use.

    listing: what `nvidia-smi -L` prints, "" where there is none.
    SWEEP_LOGICAL_GPUS=1 is for tests: SWEEP_NUM_GPUS numbers with nothing behind them.
    """
    if environ.get("SWEEP_LOGICAL_GPUS") == "1":
        return int(environ.get("SWEEP_NUM_GPUS", "1"))
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return sum(line.startswith("GPU ") for line in listing.splitlines())
    named = [part.strip() for part in visible.split(",")]
    return sum(bool(part) and part not in {"-1", "NoDevFiles"} for part in named)


def list_gpus() -> str:
    """What `nvidia-smi -L` prints, "" where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


# ------------------------------------------------------------------ Ray's folder
def _roots() -> list[Path]:
    return [Path(root) for root in (tempfile.gettempdir(), "/tmp", "/var/tmp")]


def make_folder(roots: list[Path]) -> str:
    """A new folder, mode 0700, in the first of `roots` that gives a short path.

    Its name holds this process's id. Raises InputError if there is none.
    """
    for root in roots:
        if len(str(root)) + len(f"/{_PREFIX}4194304-12345678") > LONGEST_FOLDER:
            continue
        try:
            return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root)
        except OSError:
            continue
    tried = ", ".join(map(str, roots))
    raise InputError(
        f"no folder for temporary files can be used (tried {tried}): Ray needs one on a local"
        " disk that can be written and whose path has at most 20 characters. Set TMPDIR to one."
    )


def hold(folder: Path) -> int | None:
    """Lock a folder for as long as this process lives, or the descriptor returned is open.

    None on a file system without locks: nobody will remove the folder as a left-over then.
    """
    beside = folder / f".{_LOCK}"
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        beside.rename(folder / _LOCK)  # locked before another driver finds it
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def remove_left_overs(roots: list[Path]) -> None:
    """Remove folders of this user's drivers that are gone (a `kill -9` leaves them).

    Their locks tell, not their processes: a driver may run on another host, or in a container,
    that shares the root.
    """
    for root in set(roots):
        for folder in root.glob(f"{_PREFIX}*-*"):
            if _is_ours(folder):
                _remove_if_free(folder)


def _is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid() and not folder.is_symlink()
    except OSError:
        return False


def _remove_if_free(folder: Path) -> None:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass  # its driver lives
    finally:
        os.close(descriptor)
