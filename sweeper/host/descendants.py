"""The processes that a process has started, and those that they have."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
_GRACE_S = 1.0
ends_them = False
_LOOK_S = 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PPID, _RESIDENT = 1, 21  # of /proc/PID/stat, counted from the third field (the state): proc(5)


def has_children() -> bool:
    """Whether this process has a child, running or not; as cheap as a system call."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def adopt() -> None:
    """Become the parent of what descendants leave: so they stay to be found. On Linux alone.

    From then on `ends_them` is True: this process exists for trials, and what it starts is theirs.
    """
    global ends_them  # noqa: PLW0603  (of this process)
    ends_them = True
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def end_all(spared: Collection[int] = ()) -> list[str]:
    """End the descendants of this process but for those spared: by SIGTERM, a second later by
    SIGKILL. What was ended, "PID COMMAND" of each.
    """
    ended: dict[int, str] = {}
    began = time.monotonic()
    while left := [pid for pid in descendants(os.getpid()) if pid not in spared]:
        is_late = time.monotonic() - began > _GRACE_S
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # of one that is over
            with suppress(ProcessLookupError, PermissionError):
                if is_late or pid not in ended:
                    ended.setdefault(pid, f"{pid} {name(pid)}".rstrip())
                    os.kill(pid, signal.SIGKILL if is_late else signal.SIGTERM)
        if time.monotonic() - began > 3 * _GRACE_S:
            break
        time.sleep(_LOOK_S)
    return list(ended.values())


def descendants(root: int) -> list[int]:
    """The processes below `root`, parents before their children; [] without a /proc."""
    below: dict[int, list[int]] = {}
    for pid, fields in _all():
        below.setdefault(int(fields[_PPID]), []).append(pid)
    found: list[int] = []
    layer = [root]
    while layer:
        layer = [child for pid in layer for child in below.get(pid, [])]
        found.extend(layer)
    return found


def resident(pids: Iterable[int]) -> int:
    """Bytes of memory that these processes have, those that they share counted for each."""
    return sum(int(fields[_RESIDENT]) * _PAGE for pid in pids if (fields := _fields(pid)))


def name(pid: int) -> str:
    """A process's command, as far as a line holds it; "" where it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return ""
    return words.decode("utf-8", "backslashreplace").strip()[:80]


def _all() -> Iterable[tuple[int, list[str]]]:
    try:
        names = [path.name for path in Path("/proc").iterdir()]
    except OSError:
        return
    for entry in names:
        if entry.isdigit() and (fields := _fields(int(entry))):
            yield int(entry), fields


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
