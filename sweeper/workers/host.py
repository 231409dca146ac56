"""What workers that share a host agree on there, as no driver can know it: cores and folders."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Collection

# Locks last as long as this process has these files open.
_held: list[int] = []
_LOCK = "lock"


# ------------------------------------------------------------------ folders
def make_private(folder: Path) -> None:
    """Make a folder that is this user's alone, or see that it is. Raises ClusterError."""
    try:
        _make_own(folder)
    except OSError as error:
        raise ClusterError(
            f"{folder}: can't be used for temporary files: {error.strerror or error}. Remove it on"
            f" {os.uname().nodename}, or set SWEEP_SCRATCH to a short path on the nodes' own disks."
        ) from error


def _make_own(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()  # a link of another user's could lead anywhere
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise PermissionError(f"it is not a folder of user {os.getuid()}'s own")
    folder.chmod(0o700)


def enter(folder: Path) -> None:
    """Make a sweep's folder on this host and hold it while this process lives; remove those beside
    it whose sweeps have no process here any more.

    Its driver may be on another host, and can't tidy up on this one. Raises ClusterError.
    """
    # That of all sweeps, on a cluster that lasts. A SLURM job has locked its own already.
    _hold(folder.parent, fcntl.LOCK_SH | fcntl.LOCK_NB)
    _hold(folder, fcntl.LOCK_SH)
    for other in folder.parent.iterdir():
        if other != folder:
            _remove_left_over(other)


def _hold(folder: Path, how: int) -> None:
    """Make a folder and lock it for as long as this process lives. Raises ClusterError."""
    while True:
        make_private(folder)
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            continue  # removed as a left-over before it was locked
        except OSError:
            return  # a full disk, say: what has no lock is not taken for a left-over
        with contextlib.suppress(OSError):  # a disk without locks: nothing is removed there
            fcntl.flock(descriptor, how)
        if _is_at(folder / _LOCK, descriptor):
            _held.append(descriptor)
            return
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove_left_over(folder: Path) -> None:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return  # no sweep's folder
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass  # a worker of that sweep lives
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------ cores
def locks_of_cores() -> Path:
    """The folder for `claim`: one a user on each host, whatever cluster the host is lent to.

    Not named as folders for temporary files are: those are removed with what they were for.
    """
    return Path(f"/tmp/swp-cores-{os.getuid()}")


def claim(count: int, *, given: int, folder: Path) -> tuple[int, ...]:
    """Take `count` cores of this process's affinity that no other worker has; () where pinning
    would be wrong.

    It is where the host's cores are not all the cluster's: SLURM without task affinity shows a job
    every core of a node that it shares, and cores lent twice over are nobody's own.

    given: how many cores this host lends to the cluster.
    folder: of small files, one a core, locked while their worker lives; on the host's own disk. One
    that is not this user's own is not used.
    """
    mask = _affinity()
    if len(mask) != given or not 0 < count <= given:
        return ()
    try:
        _make_own(folder)
    except OSError:
        return ()  # the worker runs unpinned
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
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None  # no room for files
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
