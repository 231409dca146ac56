"""Processes of this host: whether one runs, and since when."""

from __future__ import annotations

import os
from pathlib import Path

# What the kernel's clocks and ours may differ by.
CLOCK_SLACK_S = 5.0


def lives(pid: int, since: float) -> bool:
    """Whether the process that had this number at the time `since` runs on this host.

    Where a process's start can't be learned (no /proc) any with the number counts.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # no process can have such a number
        return False
    except PermissionError:  # it runs, and is another user's
        pass
    fields = _fields(pid)
    if fields[:1] in (["Z"], ["X"]):  # it is over, and nobody has asked how
        return False
    began = started(pid)
    return began is None or began <= since + CLOCK_SLACK_S


def started(pid: int) -> float | None:
    """When a process started, by Linux's /proc; None where that does not say."""
    try:
        ticks = int(_fields(pid)[19])  # since boot
        lines = Path("/proc/stat").read_text().splitlines()
        boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def _fields(pid: int) -> list[str]:
    """Of Linux's /proc/PID/stat, from the third one (the state); [] where there is none."""
    try:
        # proc(5): the name, field 2, may hold blanks and brackets.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
