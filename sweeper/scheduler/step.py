"""The state machine: `step(policy, state, event) -> (state, commands, changes)`, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sweeper.records import (
    AtRung,
    Began,
    Built,
    Cancel,
    Drain,
    Ended,
    EndKind,
    LeaseOver,
    Overdue,
    Proposed,
    Runaway,
    TrialState,
    WorkerDown,
    WorkerUp,
    replace,
)
from sweeper.scheduler import on_attempt, on_worker
from sweeper.scheduler.assign import assign
from sweeper.scheduler.backlog import Backlog, add, end_of_piles
from sweeper.scheduler.batch import make_batch
from sweeper.scheduler.cancel import cancel
from sweeper.scheduler.cohorts import NO_COHORTS, enroll
from sweeper.scheduler.ends import end_early
from sweeper.scheduler.held import keep_up
from sweeper.scheduler.output import Output
from sweeper.scheduler.parked import unpark
from sweeper.scheduler.state import State, Tally, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.records import Change, Command, Event
    from sweeper.scheduler.policy import Policy

Result: TypeAlias = "tuple[State, tuple[Command, ...], tuple[Change, ...]]"


def begin(workers: int, before: Tally | None = None, *, in_batches: bool = False) -> State:
    """The first state: nothing is known to do, and something will be proposed.

    before: trials that came to their ends under earlier drivers.    in_batches: as in `Backlog`.
    """
    tally = before or Tally()
    return State(
        workers=(Worker(),) * workers,
        backlog=Backlog(in_batches=in_batches),
        total=tally.done,
        tally=tally,
    )


def step(policy: Policy, state: State, event: Event) -> Result:
    """Take one event: the new state, what the pool is to do, what the store is to keep."""
    if state.over:
        return state, (), ()
    out = Output(event.time)
    before = state
    state = _HANDLERS[type(event)](policy, state, event, out)
    if policy.across:
        state = _judge(policy, before, state, out)
    state = assign(policy, state, out)
    return state, tuple(out.commands), tuple(out.changes)


def _judge(policy: Policy, before: State, state: State, out: Output) -> State:
    """Judge the cohorts that a step was about, until nothing follows from it any more."""
    while True:
        judged = unpark(keep_up(policy, before, state, out.changes), out)
        if judged.parked is state.parked:
            return judged
        before, state = state, judged


def _proposed(policy: Policy, state: State, event: Proposed, _out: Output) -> State:
    batch = make_batch(event.trials, end_of_piles(state.backlog))
    return replace(
        state,
        backlog=add(state.backlog, batch),
        total=state.total + len(event.trials),
        may_grow=state.may_grow and not event.is_last,
        cohorts=enroll(state.cohorts, event.trials, event.mates) if policy.across else NO_COHORTS,
    )


def _drain(_policy: Policy, state: State, event: Drain, out: Output) -> State:
    return end_early(state, EndKind.INTERRUPTED, event.reason, out)


def _cancel(_policy: Policy, state: State, event: Cancel, out: Output) -> State:
    state, gone, held = cancel(state, event.trials)
    for trial in gone:
        out.changed(trial, TrialState.CANCELLED)
    out.commands.extend(held)
    return state


_HANDLERS: dict[type[Any], Callable[[Policy, State, Any, Output], State]] = {
    WorkerUp: on_worker.worker_up,
    WorkerDown: on_worker.worker_down,
    LeaseOver: on_worker.lease_over,
    Began: on_attempt.began,
    Built: on_attempt.built,
    AtRung: on_attempt.at_rung,
    Ended: on_attempt.ended,
    Overdue: on_attempt.overdue,
    Runaway: on_worker.runaway,
    Proposed: _proposed,
    Drain: _drain,
    Cancel: _cancel,
}
