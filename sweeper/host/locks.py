"""Locks on files: they last as long as a process has the file open, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_kept: list[int] = []


def try_lock(path: Path, *, create: bool = True) -> int | None:
    """The file's descriptor, locked; None where another process has it locked, or can't be.

    create: make the file where there is none. A link is not followed.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT * create | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None  # no file, or no room for one
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process has the file locked, and hold it. Raises OSError."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep(*descriptors: int) -> None:
    """Hold these locks for as long as this process lives."""
    _kept.extend(descriptors)
