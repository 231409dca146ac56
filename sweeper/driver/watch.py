"""Which trials pass the header's limit, and which do not end though they were asked to."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from sweeper.records import Overdue, Runaway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweeper.records import Limit
    from sweeper.scheduler import State
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.state import Worker

# A trial that was asked to end has so long; `sweep stop` is looked for once a second before that.
GRACE_S = 6.0
LOOK_EVERY_S = 0.25
# More than this between two looks is the driver's own pause (a slow disk, a closed laptop): what
# workers said meanwhile is still to be read.
_LONGEST_LOOK_S = 2.0


class Watch:
    """Watches the attempts of a driver.

    clock: seconds, monotonic.
    """

    def __init__(self, limit: Limit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._looked = clock()
        self._now = 0.0  # what the clock has run, but for the driver's own pauses
        self._began: dict[tuple[str, int], float] = {}
        self._asked: dict[tuple[str, int], float] = {}
        self._rows: dict[str, float] = {}

    def see_row(self, trial: str) -> None:
        """A trial has given a row."""
        if self._limit.stall is not None:
            self._rows[trial] = self._now

    def look(self, state: State) -> list[Overdue | Runaway]:
        """What is too late now; nothing while it is not yet time to look."""
        elapsed = self._clock() - self._looked
        if elapsed < LOOK_EVERY_S:
            return []
        self._looked += elapsed
        self._now += min(elapsed, _LONGEST_LOOK_S)
        if self._limit.seconds is self._limit.stall is None and not state.backlog.unwanted:
            return []
        return list(self._late(state))

    def _late(self, state: State) -> Iterator[Overdue | Runaway]:
        began, asked, rows = {}, {}, {}
        for number, worker in enumerate(state.workers):
            deaf = None
            for one in _at_work(worker):
                key, trial = (one.trial.id, one.number), one.trial.id
                began[key] = self._began.get(key, self._now)
                rows[trial] = max(self._rows.get(trial, 0.0), began[key])
                if one.overdue or trial in state.backlog.unwanted:
                    asked[key] = self._asked.get(key, self._now)
                    if self._now - asked[key] >= GRACE_S:
                        deaf = one
                elif reason := self._passed(self._now - began[key], self._now - rows[trial]):
                    yield Overdue(number, *key, reason, time.time())
            if deaf is not None:
                yield Runaway(number, _why(number, worker, deaf), time.time())
        self._began, self._asked, self._rows = began, asked, rows

    def _passed(self, ran_s: float, silent_s: float) -> str:
        """Which limit an attempt has passed, "" for none."""
        limit = self._limit
        if limit.seconds is not None and ran_s > limit.seconds:
            return f"The trial ran for longer than {limit.seconds:g} s, the header's limit.seconds."
        if limit.stall is not None and silent_s > limit.stall:
            return f"The trial gave no row for {limit.stall:g} s, the header's limit.stall."
        return ""


def _at_work(worker: Worker) -> Iterator[Attempt]:
    """Those of a lease that run; the first may hold its worker before that could say so."""
    for place, one in enumerate(worker.lease):
        if place == 0 or one.began is not None:
            yield one


def _why(number: int, worker: Worker, deaf: Attempt) -> str:
    is_here = worker.device is not None and worker.device.host == socket.gethostname()
    where = f"; the end of logs/worker-{number}.log says where it was" if is_here else ""
    return (
        f"Worker {number} was ended, for trial {deaf.trial.id} did not end within {GRACE_S:g} s of"
        f" being asked to{where}."
    )
