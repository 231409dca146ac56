"""What becomes of trials that the user cancels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import InterruptTrial, replace
from sweeper.scheduler.backlog import find_fresh, find_open, move_on
from sweeper.scheduler.probes import count_probes, judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.scheduler.backlog import Backlog
    from sweeper.scheduler.state import State


def cancel(
    state: State, trials: Iterable[str]
) -> tuple[State, tuple[str, ...], tuple[InterruptTrial, ...]]:
    """The new state, the trials that are cancelled at once, and those that a worker has to end.

    What is over, or is no trial of this sweep, is passed over. Costs nothing a trial left.
    """
    held = {one.trial.id: n for n, worker in enumerate(state.workers) for one in worker.lease}
    late = {one.trial.id for worker in state.workers for one in worker.lease if one.overdue}
    backlog = state.backlog
    asked = [trial for trial in dict.fromkeys(trials) if trial not in backlog.unwanted]
    paused = {one.trial.id for worker in state.workers for one in worker.held}
    paused |= {one.trial.id for one in state.parked}
    gone = _those_that_wait(backlog, [trial for trial in asked if trial not in held])
    ended = [trial for trial in asked if trial in held]
    waits = paused.intersection(asked)  # told with the others at their rungs
    backlog = replace(backlog, unwanted=backlog.unwanted.union(gone, ended, waits))
    backlog = _without(backlog, frozenset(gone))
    probing = count_probes(worker.lease for worker in state.workers)
    for doubt in backlog.doubts:
        backlog = judge(backlog, doubt.text, probing[doubt.text])
    tally = replace(state.tally, cancelled=state.tally.cancelled + len(gone))
    state = replace(state, backlog=backlog, tally=tally)
    told = [trial for trial in ended if trial not in late]
    return state, (*gone,), tuple(InterruptTrial(held[trial], trial) for trial in told)


def _those_that_wait(backlog: Backlog, trials: Iterable[str]) -> list[str]:
    waiting = {one.trial.id for one in backlog.waiting}
    return [
        trial
        for trial in trials
        if trial in waiting or trial in backlog.stuck or find_fresh(backlog, trial)
    ]


def _without(backlog: Backlog, gone: frozenset[str]) -> Backlog:
    """Take cancelled trials out of what is there to lease."""
    backlog = replace(
        backlog,
        waiting=tuple(one for one in backlog.waiting if one.trial.id not in gone),
        stuck=backlog.stuck - gone,
    )
    for pile in backlog.open:  # one that opens on the way passes over them by itself
        at = find_open(backlog, pile.number)
        if at is not None:
            backlog = move_on(backlog, at, backlog.open[at])
    return backlog
