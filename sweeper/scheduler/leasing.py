"""What to lease next, from the backlog: the startable trials of lowest ordinal, of one text."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler.attempt import Attempt, Why
from sweeper.scheduler.backlog import find_open, is_there, move_on
from sweeper.scheduler.policy import lease_size
from sweeper.scheduler.probes import MAX_PROBES, next_probe

if TYPE_CHECKING:
    from collections import Counter
    from typing import TypeAlias

    from sweeper.scheduler.backlog import Backlog, OpenText
    from sweeper.scheduler.plan import PlannedTrial

    Taken: TypeAlias = tuple[tuple[Attempt, ...], Backlog]


def take(backlog: Backlog, probing: Counter[int]) -> Taken:
    """Take the next lease's attempts; none where nothing is startable.

    probing: for each text, how many of its probes are with workers.
    """
    again = _first_waiting(backlog, probing)
    fresh = _first_open(backlog, probing)
    if again is not None and (fresh is None or again.trial.place < fresh[0]):
        return _take_waiting(backlog, again)
    if fresh is None:
        return (), backlog
    opened = backlog.open[fresh[1]]
    if not opened.proved:
        return _take_probe(backlog, fresh[1], probing[opened.text])
    return _take_open(backlog, fresh[1], _size(backlog, opened))


def is_startable(backlog: Backlog, probing: Counter[int]) -> bool:
    """Whether there is something to lease."""
    return _first_open(backlog, probing) is not None or _first_waiting(backlog, probing) is not None


def take_like(backlog: Backlog, trial: PlannedTrial, size: int) -> Taken:
    """Take trials that may share a lease with `trial`, to fill `size` slots; none if not next."""
    at = find_open(backlog, trial.text)
    if at is None or backlog.open[at].next.group != trial.group:
        return (), backlog
    return _take_open(backlog, at, size, Why.FILLER)


# ------------------------------------------------------------------ what is first
def _first_waiting(backlog: Backlog, probing: Counter[int]) -> Attempt | None:
    for one in backlog.waiting:
        if one.why is not Why.PROBE or probing[one.trial.text] < MAX_PROBES:
            return one
    return None


def _first_open(backlog: Backlog, probing: Counter[int]) -> tuple[int, int] | None:
    """(place of the first startable trial, index of its text in `backlog.open`)."""
    startable = (
        (opened.next.place, index)
        for index, opened in enumerate(backlog.open)
        if opened.proved or next_probe(backlog, opened, probing[opened.text]) is not None
    )
    return min(startable, default=None)


# ------------------------------------------------------------------ taking it
def _take_waiting(backlog: Backlog, first: Attempt) -> Taken:
    taken = _fillers_like(backlog, first) if first.why is Why.FILLER else (first,)
    gone = {one.trial.place for one in taken}
    waiting = tuple(one for one in backlog.waiting if one.trial.place not in gone)
    leased = tuple(replace(one, why=Why.AGAIN) if one.why is Why.FILLER else one for one in taken)
    return leased, replace(backlog, waiting=waiting)


def _fillers_like(backlog: Backlog, first: Attempt) -> tuple[Attempt, ...]:
    """Former fillers that wait and may share a lease with `first`, itself among them."""
    like = [
        one
        for one in backlog.waiting
        if one.why is Why.FILLER
        and (one.trial.text, one.trial.group) == (first.trial.text, first.trial.group)
    ]
    return tuple(like[: backlog.plan.policy.max_lease])


def _take_probe(backlog: Backlog, index: int, probing: int) -> Taken:
    """Take one trial of a text that is not known to be good."""
    opened = backlog.open[index]
    trial = next_probe(backlog, opened, probing)
    if trial is None or trial is opened.next:
        return _take_open(backlog, index, 1, Why.PROBE)
    tried = replace(opened, ahead=(*opened.ahead, trial.rank))
    return (Attempt(trial, trial.number, Why.PROBE),), move_on(backlog, index, tried)


def _size(backlog: Backlog, opened: OpenText) -> int:
    return lease_size(
        backlog.plan.policy,
        seconds=opened.seconds,
        left=len(opened.trials) - opened.cursor,
        workers=backlog.plan.workers,
        slots=opened.slots if opened.next.fills else 1,
    )


def _take_open(backlog: Backlog, index: int, size: int, why: Why = Why.TURN) -> Taken:
    """Take the next trials of `backlog.open[index]`: `size` at most, of one group."""
    opened = backlog.open[index]
    group = opened.next.group
    following = opened.trials[opened.cursor : opened.cursor + size]
    together = tuple(takewhile(lambda one: one.group == group, following))
    attempts = tuple(
        Attempt(one, one.number, why) for one in together if is_there(backlog, opened, one)
    )
    end = opened.cursor + len(together)
    return attempts, move_on(backlog, index, replace(opened, cursor=end))
