"""What users ask of a driver that runs: `RUN/control`, looked at once a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeper.launch import folder

if TYPE_CHECKING:
    from pathlib import Path

POLL_EVERY_S = 1.0


class Control:
    """The folder where a driver is asked things. control_dir: holds `control/`."""

    def __init__(self, control_dir: Path) -> None:
        self._dir = control_dir
        # To end is asked of a driver, not of the next one; a trial that nobody wants stays so.
        self._kept = [asked for asked in folder.take_control(control_dir) if asked.trials]
        self._looked = time.monotonic()

    def asked(self) -> list[folder.Asked]:
        """What was asked since the last call; costs nothing while it is not yet time to look."""
        kept, self._kept = self._kept, []
        now = time.monotonic()
        if now - self._looked < POLL_EVERY_S:
            return kept
        self._looked = now
        return kept + folder.take_control(self._dir)
