"""Does a run's driver live? By its heartbeat and, on its own host, by its process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.records import SweepRecord

# A driver beats every few seconds; one that was silent for this long may be replaced.
HEARTBEAT_LIMIT_S = 30.0


def process_lives(pid: int) -> bool:
    """Whether a process with this number runs on this host."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, and is another user's
        return True
    return True


def driver_lives(
    sweep: SweepRecord, *, host: str, now: float, lives: Callable[[int], bool] = process_lives
) -> bool:
    """Whether the driver that the store names is alive at `now`, as seen from `host`."""
    if sweep.state != "running" or now - sweep.heartbeat >= HEARTBEAT_LIMIT_S:
        return False
    return sweep.host != host or lives(sweep.pid)
