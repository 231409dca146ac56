"""A private Ray cluster on this host, ended with the sweep."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sweeper.host import cores, gpus, left_overs
from sweeper.host.patches import bare_ray
from sweeper.launchers.cluster import connection
from sweeper.launchers.fit import Room, count_workers
from sweeper.records.errors import ClusterError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from sweeper.records import Resources

OBJECT_STORE_BYTES = 200 * 2**20
# Ray's sockets lie up to 67 characters deeper, and a socket's path ends at 107.
LONGEST_FOLDER = 40
_PREFIX = "swp"


class PrivateCluster:
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
        self._gpus = gpus.count(environ, gpus.listing()) if resources.gpus else 0
        room = Room(cores=cores.own(), gpus=self._gpus)
        self.workers = count_workers(resources, room, wanted=wanted, trials=trials)
        self.cores = room.cores
        self.scratch = ""
        self._link: connection.Link | None = None
        self._lock: int | None = None
        self._held: list[int] = []
        self._needed = self.workers * resources.cpus
        # With GPUs the cores are shared where they are too few; Ray must not run out of them.
        self._cpus = max(len(room.cores), self.workers * resources.cpus)

    def __enter__(self) -> Self:
        remove_left_overs(_roots())
        self.scratch = make_folder(_roots())
        try:
            self._lock = left_overs.hold(Path(self.scratch))
            # A sweep beside this one may have some: the workers' slices begin with what is free.
            self.cores, self._held = cores.free_first(self.cores, self._needed, cores.claims())
            connection.use_new_token()
            with connection.environment(), bare_ray.installed():
                self._start()
            self._link = connection.Link(connection.head_address())
        except BaseException as error:
            _end_ray()  # what had started of it would stay
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
        _end_ray()
        self._remove()

    def _remove(self) -> None:
        left_overs.clear(Path(self.scratch))
        while self._held:
            os.close(self._held.pop())
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _end_ray() -> None:
    import ray

    ray.shutdown()


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


def remove_left_overs(roots: list[Path]) -> None:
    """Remove folders of this user's drivers that are gone (a `kill -9` leaves them)."""
    for root in set(roots):
        left_overs.remove(root.glob(f"{_PREFIX}*-*"))
