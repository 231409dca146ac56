"""Whether a run's newest driver has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.records import Placed, SweepRecord


def is_unheard(sweep: SweepRecord, placed: Placed | None) -> bool:
    """Whether the driver that was put there last has not said anything in the store yet."""
    return placed is not None and sweep.heartbeat < placed.started
