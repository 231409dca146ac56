"""What to lease next, from the backlog: the startable trials of lowest ordinal, of one pile."""

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

    from sweeper.scheduler.backlog import Backlog, Pile
    from sweeper.scheduler.batch import BatchTrial
    from sweeper.scheduler.policy import Policy

    Taken: TypeAlias = tuple[tuple[Attempt, ...], Backlog]


def take(policy: Policy, backlog: Backlog, probing: Counter[str], *, workers: int) -> Taken:
    """Take the next lease's attempts; none where nothing is startable.

    probing: for each text, how many of its probes are with workers.
    workers: number of those that share what is left.
    """
    again = _first_waiting(backlog, probing)
    fresh = _first_open(backlog, probing)
    if again is not None and (fresh is None or again.trial.ordinal < fresh[0]):
        return _take_waiting(policy, backlog, again)
    if fresh is None:
        return (), backlog
    pile = backlog.open[fresh[1]]
    if not pile.proved:
        return _take_probe(backlog, fresh[1], probing[pile.text])
    return _take_open(backlog, fresh[1], _size(policy, pile, workers))


def is_startable(backlog: Backlog, probing: Counter[str]) -> bool:
    """Whether there is something to lease."""
    return _first_open(backlog, probing) is not None or _first_waiting(backlog, probing) is not None


def take_like(backlog: Backlog, trial: BatchTrial, size: int) -> Taken:
    """Take trials that may share a lease with `trial`, to fill `size` slots; none if not next."""
    at = find_open(backlog, trial.pile)
    if at is None or backlog.open[at].next.group != trial.group:
        return (), backlog
    return _take_open(backlog, at, size, Why.FILLER)


# ------------------------------------------------------------------ what is first
def _first_waiting(backlog: Backlog, probing: Counter[str]) -> Attempt | None:
    for one in backlog.waiting:
        if one.why is not Why.PROBE or probing[one.trial.text] < MAX_PROBES:
            return one
    return None


def _first_open(backlog: Backlog, probing: Counter[str]) -> tuple[int, int] | None:
    """(ordinal of the first startable trial, index of its pile in `backlog.open`)."""
    startable = (
        (pile.next.ordinal, index)
        for index, pile in enumerate(backlog.open)
        if pile.proved or next_probe(backlog, pile, probing[pile.text]) is not None
    )
    return min(startable, default=None)


# ------------------------------------------------------------------ taking it
def _take_waiting(policy: Policy, backlog: Backlog, first: Attempt) -> Taken:
    taken = _fillers_like(policy, backlog, first) if first.why is Why.FILLER else (first,)
    gone = {one.trial.ordinal for one in taken}
    waiting = tuple(one for one in backlog.waiting if one.trial.ordinal not in gone)
    leased = tuple(replace(one, why=Why.AGAIN) if one.why is Why.FILLER else one for one in taken)
    return leased, replace(backlog, waiting=waiting)


def _fillers_like(policy: Policy, backlog: Backlog, first: Attempt) -> tuple[Attempt, ...]:
    """Former fillers that wait and may share a lease with `first`, itself among them."""
    like = [
        one
        for one in backlog.waiting
        if one.why is Why.FILLER
        and (one.trial.pile, one.trial.group) == (first.trial.pile, first.trial.group)
    ]
    return tuple(like[: policy.max_lease])


def _take_probe(backlog: Backlog, index: int, probing: int) -> Taken:
    """Take one trial of a text that is not known to be good."""
    pile = backlog.open[index]
    trial = next_probe(backlog, pile, probing)
    if trial is None or trial is pile.next:
        return _take_open(backlog, index, 1, Why.PROBE)
    tried = replace(pile, ahead=(*pile.ahead, trial.rank))
    return (Attempt(trial, trial.number, Why.PROBE),), move_on(backlog, index, tried)


def _size(policy: Policy, pile: Pile, workers: int) -> int:
    return lease_size(
        policy,
        seconds=pile.seconds,
        left=len(pile.trials) - pile.cursor,
        workers=workers,
        slots=pile.slots if pile.next.fills else 1,
    )


def _take_open(backlog: Backlog, index: int, size: int, why: Why = Why.TURN) -> Taken:
    """Take the next trials of `backlog.open[index]`: `size` at most, of one group."""
    pile = backlog.open[index]
    group = pile.next.group
    following = pile.trials[pile.cursor : pile.cursor + size]
    together = tuple(takewhile(lambda one: one.group == group, following))
    attempts = tuple(
        Attempt(one, one.number, why) for one in together if is_there(backlog, pile, one)
    )
    end = pile.cursor + len(together)
    return attempts, move_on(backlog, index, replace(pile, cursor=end))
