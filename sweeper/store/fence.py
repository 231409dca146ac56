"""Which changes count: pure, from where the trials stand to what is to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Change,
    Row,
    TrialChanged,
    TrialState,
    replace,
)
from sweeper.records.errors import StoreError


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a trial stands. newest: its newest attempt's number; open: whether that one runs."""

    ordinal: int
    state: TrialState
    newest: int
    open: bool


@dataclass(slots=True)
class Writes:
    """What one transaction writes. standings: of the trials that changed."""

    started: list[AttemptStarted] = field(default_factory=list)
    ended: list[AttemptEnded] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    dropped: int = 0


def sift(changes: Iterable[Change], standings: Mapping[str, Standing]) -> Writes:
    """Keep the changes that count, in their order, and count those that do not.

    standings: of each trial that `changes` name; StoreError for a trial that is missing there.
    """
    batch = Writes()
    now = dict(standings)
    for change in changes:
        before = now.get(change.trial)
        if before is None:
            raise StoreError(f"Trial {change.trial} is not one of this run's trials.")
        if isinstance(change, Row):
            if before.open and change.attempt == before.newest:
                batch.rows.append(change)
            else:
                batch.dropped += 1
            continue
        after = _after(batch, change, before)
        if after is None:
            batch.dropped += 1
        else:
            now[change.trial] = batch.standings[change.trial] = after
    return batch


def _after(
    batch: Writes, change: AttemptStarted | AttemptEnded | TrialChanged, before: Standing
) -> Standing | None:
    """The trial's standing after `change`, which joins the batch; None if it does not count."""
    if isinstance(change, TrialChanged):
        return None if before.state.is_final else replace(before, state=change.state)
    if isinstance(change, AttemptEnded):
        if not (before.open and change.number == before.newest):
            return None
        batch.ended.append(change)
        return replace(before, open=False)
    if before.state.is_final or change.number <= before.newest:
        return None
    if before.open:
        batch.ended.append(_overtaken(change, before.newest))
    batch.started.append(change)
    return replace(before, newest=change.number, open=True)


def _overtaken(change: AttemptStarted, number: int) -> AttemptEnded:
    message = f"Attempt {change.number} started before this one was known to have ended."
    return AttemptEnded(change.trial, number, AttemptState.LOST, change.time, message=message)
