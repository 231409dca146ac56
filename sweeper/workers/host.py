"""What workers that share a host agree on there, as no driver can know it: cores and folders."""

from __future__ import annotations

import fcntl
import os
import stat
from typing import TYPE_CHECKING

from sweeper.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

# Locks last as long as this process has these files open.
_held: list[int] = []


def make_private(folder: Path) -> None:
    """Make a folder that is this user's alone, or see that it is. Raises ClusterError."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()  # a link of another user's could lead anywhere
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
            raise PermissionError(f"it is not a folder of user {os.getuid()}'s own")
        folder.chmod(0o700)
    except OSError as error:
        raise ClusterError(
            f"{folder}: can't be used for temporary files: {error.strerror or error}. Remove it on"
            f" {os.uname().nodename}, or set SWEEP_SCRATCH to a short path on the nodes' own disks."
        ) from error


def claim(count: int, *, given: int, folder: Path) -> tuple[int, ...]:
    """Take `count` cores of this process's affinity that no other worker has; () where pinning
    would be wrong.

    It is where the host's cores are not all the cluster's: SLURM without task affinity shows a job
    every core of a node that it shares, and cores lent twice over are nobody's own.

    given: how many cores this host lends to the cluster.
    folder: of small files, one a core, locked while their worker lives; on the host's own disk.
    """
    mask = _affinity()
    if len(mask) != given or not 0 < count <= given:
        return ()
    taken: dict[int, int] = {}
    for core in sorted(mask):
        if len(taken) == count:
            break
        lock = _lock(folder / str(core))
        if lock is not None:
            taken[core] = lock
    if len(taken) < count:
        for lock in taken.values():
            os.close(lock)
        return ()
    _held.extend(taken.values())
    return tuple(taken)


def _affinity() -> Collection[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()


def _lock(path: Path) -> int | None:
    """The file's descriptor, locked; None where another process has it locked."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None  # no room for files: the worker runs unpinned
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
