"""Does a run's driver live? By its heartbeat and, on its own host, by its process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.records import SweepRecord

# A driver beats every few seconds; one elsewhere that was silent for this long may be replaced.
HEARTBEAT_LIMIT_S = 30.0
# What the kernel's clocks and ours may differ by.
CLOCK_SLACK_S = 5.0


def process_lives(pid: int, since: float) -> bool:
    """Whether the process that had this number at the time `since` runs on this host.

    Where a process's start can't be learned (no /proc) any with the number counts.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, and is another user's
        pass
    started = process_started(pid)
    return started is None or started <= since + CLOCK_SLACK_S


def process_started(pid: int) -> float | None:
    """When a process started, by Linux's /proc; None where that does not say."""
    try:
        # proc(5): field 22 in ticks since boot; the name, field 2, may hold blanks and brackets.
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        lines = Path("/proc/stat").read_text().splitlines()
        boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def driver_lives(
    sweep: SweepRecord, *, host: str, now: float, lives: Callable[[int], bool] | None = None
) -> bool:
    """Whether the driver that the store names is alive at `now`, as seen from `host`.

    On its own host its process tells, however long it was silent: it may be stopped, or the host
    have slept. lives: whether a process of this host runs; None asks the system.
    """
    if sweep.state != "running":
        return False
    if sweep.host != host:
        return now - sweep.heartbeat < HEARTBEAT_LIMIT_S
    return lives(sweep.pid) if lives is not None else process_lives(sweep.pid, sweep.heartbeat)
