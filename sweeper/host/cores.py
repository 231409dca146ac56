"""Cores: which this process may use, how it is bound to some, how workers share a host's."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from sweeper.host import folders, locks


def own() -> tuple[int, ...]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def confine(most: int) -> None:
    """Leave this process, and what it starts, so many of its cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, own()[:most])


def pin(cores: Collection[int]) -> tuple[int, ...]:
    """Bind every thread of this process to `cores`; return the cores it has then, sorted.

    Threads that Ray started before would else start threads of their own on every core.
    """
    if cores and hasattr(os, "sched_setaffinity"):
        for task in Path("/proc/self/task").iterdir():
            try:
                os.sched_setaffinity(int(task.name), cores)
            except ProcessLookupError:
                continue
    return _affinity()


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
        folders.make_own(folder)
    except OSError:
        return ()  # the worker runs unpinned
    taken = _lock(mask, count, folder)
    if len(taken) < count:
        for lock in taken.values():
            os.close(lock)
        return ()
    locks.keep(*taken.values())
    return tuple(taken)


def free_first(cores: Sequence[int], count: int, folder: Path) -> tuple[tuple[int, ...], list[int]]:
    """`cores`, those that no other sweep of this user holds first; and locks on the first `count`.

    The locks, as far as they are to be had, last until their descriptors are closed. Where cores
    are too few, sweeps share them.    folder: as of `claim`.
    """
    try:
        folders.make_own(folder)
    except OSError:
        return tuple(cores), []
    held = _lock(cores, count, folder)
    return (*held, *(core for core in cores if core not in held)), list(held.values())


def claims() -> Path:
    """The folder for `claim`: one a user on each host, whatever cluster the host is lent to.

    Not named as folders for temporary files are: those are removed with what they were for.
    """
    return Path(f"/tmp/swp-cores-{os.getuid()}")


def _affinity() -> tuple[int, ...]:
    """This process's own cores, () where the system binds no process to any."""
    return own() if hasattr(os, "sched_getaffinity") else ()


def _lock(cores: Iterable[int], count: int, folder: Path) -> dict[int, int]:
    """The first `count` of these cores that nobody holds, fewer where there are no more: core to
    the descriptor of its lock.
    """
    taken: dict[int, int] = {}
    for core in cores:
        if len(taken) == count:
            break
        lock = locks.try_lock(folder / str(core))
        if lock is not None:
            taken[core] = lock
    return taken
