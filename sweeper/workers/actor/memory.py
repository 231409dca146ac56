"""How much memory a worker takes, against the header's limit."""

from __future__ import annotations

import os
import time

from sweeper.host import descendants
from sweeper.records import Runaway

_LOOK_EVERY_S = 0.5
_GIB = 1 << 30


class Gauge:
    """Looks at this process now and then.

    worker: its number.    most: bytes that it and what it started may take, None for all.
    """

    def __init__(self, worker: int, most: int | None) -> None:
        self._worker = worker
        self._most = most
        self._looked = -_LOOK_EVERY_S

    def look(self, *, is_first: bool) -> Runaway | None:
        """What is to be said, None while there is nothing.

        is_first: whether no other trial ran in this process, which may have left what it took.
        """
        now = time.monotonic()
        if self._most is None or now - self._looked < _LOOK_EVERY_S:
            return None
        self._looked = now
        here = os.getpid()
        below = descendants.descendants(here) if descendants.has_children() else []
        taken = descendants.resident([here, *below])
        if taken <= self._most:
            return None
        reason = (
            f"Worker {self._worker} was ended, for its process took {taken / _GIB:.2f} GiB of"
            f" memory, more than the header's limit.memory of {self._most / _GIB:.2f} GiB."
        )
        return Runaway(self._worker, reason, time.time(), is_first)
