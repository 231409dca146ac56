"""What a user is told while a sweep runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.scheduler import Tally

SHOW_EVERY_S = 0.25
# A pace is told once it means something: the first trials may fail at once, or wait to compile.
PACE_AFTER_S = 2.0
PACE_AFTER_TRIALS = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is.

    done: trials in a final state, those that failed among them.    running: attempts begun.
    best: (trial, value) of the objective so far.    rate_per_min: of this driver's trials,
    0 while it can't be told; left_s: None then.
    message: what the driver does beside running trials.
    """

    done: int
    running: int
    failed: int
    total: int
    best: tuple[str, float] | None
    rate_per_min: float
    left_s: float | None
    elapsed_s: float
    message: str


class Teller:
    """Tells the progress now and then.

    total: trials of the run, as far as they are known.
    before: those that ended before this driver started.
    message: what the driver does; hint: what may be wrong, told while there is no message.
    """

    def __init__(
        self, on_progress: Callable[[Progress], None], *, total: int, before: int = 0
    ) -> None:
        self.message = "starting Ray"
        self.hint = ""
        self._on_progress = on_progress
        self.total = total
        self._before = before
        self._started = time.monotonic()
        self._first: float | None = None
        self._told = -SHOW_EVERY_S

    def tell_if_due(self, tally: Tally, running: int, best: tuple[str, float] | None) -> None:
        """Tell it, at most a few times a second."""
        if time.monotonic() - self._told >= SHOW_EVERY_S:
            self.tell(tally, running, best)

    def tell(self, tally: Tally, running: int, best: tuple[str, float] | None) -> None:
        """Tell it now. running: attempts begun."""
        self._told = now = time.monotonic()
        done = tally.done
        ended = done - self._before
        if self._first is None and (running or ended):
            self._first = now
            self.message = ""
        worked = now - self._first if self._first is not None else 0.0
        is_telling = worked >= PACE_AFTER_S and ended >= PACE_AFTER_TRIALS
        rate = ended / worked if is_telling else 0.0
        left = self.total - done
        progress = Progress(
            done=done,
            running=running,
            failed=tally.failed,
            total=self.total,
            best=best,
            rate_per_min=rate * 60,
            left_s=left / rate if rate else None,
            elapsed_s=now - self._started,
            message=self.message or self.hint,
        )
        self._on_progress(progress)
