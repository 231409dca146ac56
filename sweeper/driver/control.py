"""What users ask of a driver that runs: `RUN/control`, looked at once a second."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from sweeper.host import processes
from sweeper.runs.control import Asked, take_control
from sweeper.runs.placed import read_placed

if TYPE_CHECKING:
    from pathlib import Path

POLL_EVERY_S = 1.0


_IMPORTED = time.time()


def began(run_dir: Path, *, placed: bool) -> float:
    """Since when users may have asked something of this driver.

    placed: a queue started it, maybe long after it was put there, or again.
    """
    if placed:
        found = read_placed(run_dir)
        if found is not None:
            return found.started
    return min(processes.started(os.getpid()) or _IMPORTED, _IMPORTED)


class Control:
    """The folder where a driver is asked things.

    control_dir: holds `control/`.    since: when this driver, or its place in a queue, began.
    """

    def __init__(self, control_dir: Path, since: float) -> None:
        self._dir = control_dir
        # To end is asked of a driver, not of the next one; a trial that nobody wants stays so.
        asked = take_control(control_dir)
        self._kept = [one for one in asked if one.trials or one.at >= since]
        self._looked = time.monotonic()

    def asked(self) -> list[Asked]:
        """What was asked since the last call; costs nothing while it is not yet time to look."""
        kept, self._kept = self._kept, []
        now = time.monotonic()
        if now - self._looked < POLL_EVERY_S:
            return kept
        self._looked = now
        return kept + take_control(self._dir)
