"""Folders of temporary files that are held by a lock: who comes later removes what nobody holds.

A lock tells, not a process's number: its holder may run on another host, or in a container, that
shares the disk; and a `kill -9` leaves folders but no locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from sweeper.host import folders, locks

_LOCK = "lock"
_OF_RAY = "/ray/"  # in the path of each program of Ray's
_GONE_S = 2.0


def hold(folder: Path) -> int | None:
    """Lock a new folder for as long as this process lives, or the descriptor returned is open.

    None on a file system without locks: nobody will remove the folder as a left-over then.
    """
    beside = folder / f".{_LOCK}"
    descriptor = locks.try_lock(beside)
    if descriptor is None:
        return None
    try:
        beside.rename(folder / _LOCK)  # locked before another process finds it
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def enter(folder: Path) -> None:
    """Make a sweep's folder on this host and hold it, with others, while this process lives; remove
    those beside it whose sweeps have no process here any more.

    Its driver may be on another host, and can't tidy up on this one. Raises ClusterError.
    """
    # That of all sweeps, on a cluster that lasts. A SLURM job has locked its own already.
    _share(folder.parent, fcntl.LOCK_SH | fcntl.LOCK_NB)
    _share(folder, fcntl.LOCK_SH)
    remove(other for other in folder.parent.iterdir() if other != folder)


def _share(folder: Path, how: int) -> None:
    """Make a folder and lock it for as long as this process lives. Raises ClusterError."""
    while True:
        folders.make_scratch(folder)
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            continue  # removed as a left-over before it was locked
        except OSError:
            return  # a full disk, say: what has no lock is not taken for a left-over
        with contextlib.suppress(OSError):  # a disk without locks: nothing is removed there
            fcntl.flock(descriptor, how)
        if _is_at(folder / _LOCK, descriptor):
            locks.keep(descriptor)
            return
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def remove(found: Iterable[Path]) -> None:
    """Remove those folders of this user that have a lock which nobody holds."""
    for folder in found:
        if _is_ours(folder):
            _remove_if_free(folder)


def _is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid() and not folder.is_symlink()
    except OSError:
        return False


def _remove_if_free(folder: Path) -> None:
    descriptor = locks.try_lock(folder / _LOCK, create=False)
    if descriptor is not None:
        clear(folder)
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Remove a folder that nobody needs, and end Ray's processes that are at work in it.

    After its driver was killed some of them live on for a minute, and make the folder again.
    """
    until = time.monotonic() + _GONE_S
    while (left := _of_ray(folder)) and time.monotonic() < until:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _of_ray(folder: Path) -> list[int]:
    """Ids of this user's processes of Ray's whose command line names what is in the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (path / "cmdline").read_bytes().decode(errors="replace")
            is_at_it = f"{folder}/" in words and _OF_RAY in words.replace(str(folder), "")
            if is_at_it and path.stat().st_uid == os.getuid():
                found.append(int(path.name))
    return found
