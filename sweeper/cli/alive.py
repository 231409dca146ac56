"""Whether a run on this disk has a driver."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.cli.reading import reading
from sweeper.host import processes
from sweeper.store.liveness import driver_lives

if TYPE_CHECKING:
    from sweeper.records import Placed, SweepRecord


def driver_is_here(run_dir: Path, placed: Placed | None) -> bool:
    """Whether a driver of a run on this disk lives, or is about to begin."""
    with reading(run_dir) as store:
        sweep = store.sweep()
    if driver_lives(sweep, host=socket.gethostname(), now=time.time()):
        return True
    if placed is None or not is_unheard(sweep, placed):
        return False
    return processes.lives(int(placed.job), placed.started)


def is_unheard(sweep: SweepRecord, placed: Placed | None) -> bool:
    """Whether the driver that was put there last has not said anything in the store yet."""
    return placed is not None and sweep.heartbeat < placed.started
