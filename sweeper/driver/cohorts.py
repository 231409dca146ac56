"""Which trials are compared with one another, and what a run's store knows of them.

A cohort is a block of a batch's trials, by ordinal: it follows from the spec alone. Its number is
its first ordinal.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from sweeper.records import Mate
from sweeper.workers.rules import BELOW, Climb, climb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sweeper.records import Row, Stopping, Trial
    from sweeper.store.base import StoreReader

_FLOAT64 = struct.Struct("=d")


def cohorts_of(stop: Stopping, batch: Sequence[Trial]) -> dict[str, int]:
    """Trial id to its cohort's number; nothing where no rule compares trials.

    batch: all of it, by ordinal.
    """
    if not stop.across or not batch:
        return {}
    first = batch[0].ordinal
    return {one.id: one.ordinal - (one.ordinal - first) % stop.cohort for one in batch}


def mates_of(
    stop: Stopping, store: StoreReader, batches: Iterable[Sequence[Trial]]
) -> tuple[Mate, ...]:
    """What the store knows of trials that are compared; batches: of the run, in full."""
    if not stop.across:
        return ()
    climbs = _climbs(stop, store.rows())
    over = {one.id for one in store.trials() if one.state.is_final}
    return tuple(
        _mate(one, cohort, climbs.get(one.id, BELOW), is_over=one.id in over)
        for batch in batches
        for one, cohort in zip(batch, cohorts_of(stop, batch).values(), strict=True)
        if one.id in climbs or one.id in over
    )


def _mate(trial: Trial, cohort: int, climb: Climb, *, is_over: bool) -> Mate:
    # A row beyond a rung: it was let on from there.
    passed = (rung for rung, _ in climb.values if rung < climb.epochs.now)
    return Mate(trial.id, trial.ordinal, cohort, climb.values, max(passed, default=0), is_over)


def _climbs(stop: Stopping, rows: Iterable[Row]) -> dict[str, Climb]:
    (channel,) = {rule.channel for rule in stop.across}
    found: dict[str, Climb] = {}
    for row in rows:
        if channel in row.channels:
            place = _FLOAT64.size * row.channels.index(channel)
            (value,) = _FLOAT64.unpack_from(row.data, place)
            so_far = found.get(row.trial, BELOW)
            found[row.trial] = climb(so_far, stop.rungs, row.phase, row.epoch, value)
    return found
