"""Does a run's driver live? By its heartbeat and, on its own host, by its process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.host import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.records import SweepRecord

# A driver beats every few seconds; one elsewhere that was silent for this long may be replaced.
HEARTBEAT_LIMIT_S = 30.0


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
    return lives(sweep.pid) if lives is not None else processes.lives(sweep.pid, sweep.heartbeat)
