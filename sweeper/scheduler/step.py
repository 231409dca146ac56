"""The state machine: `step(plan, state, event) -> (state, commands, changes)`, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sweeper.records import (
    Began,
    Built,
    Cancel,
    Drain,
    Ended,
    LeaseOver,
    TrialState,
    WorkerDown,
    WorkerUp,
)
from sweeper.scheduler import on_attempt, on_worker
from sweeper.scheduler.assign import assign
from sweeper.scheduler.backlog import Backlog, open_texts
from sweeper.scheduler.cancel import cancel
from sweeper.scheduler.ends import end_early
from sweeper.scheduler.output import Output
from sweeper.scheduler.state import State, Tally, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.records import Change, Command, Event
    from sweeper.scheduler.plan import Plan
    from sweeper.scheduler.policy import Policy

Result: TypeAlias = "tuple[State, tuple[Command, ...], tuple[Change, ...]]"


def begin(plan: Plan, time: float, before: Tally | None = None) -> Result:
    """The first state, and the commands that start the workers.

    before: trials that came to their ends under earlier drivers.
    """
    tally = before or Tally()
    state = State(
        workers=(Worker(),) * plan.workers,
        backlog=open_texts(Backlog(plan)),
        total=tally.done + len(plan.by_id),
        tally=tally,
    )
    out = Output(time)
    state = assign(state, out)
    return state, tuple(out.commands), tuple(out.changes)


def step(plan: Plan, state: State, event: Event) -> Result:
    """Take one event: the new state, what the pool is to do, what the store is to keep."""
    if state.over:
        return state, (), ()
    out = Output(event.time)
    state = _HANDLERS[type(event)](plan.policy, state, event, out)
    state = assign(state, out)
    return state, tuple(out.commands), tuple(out.changes)


def _drain(_policy: Policy, state: State, event: Drain, out: Output) -> State:
    return end_early(state, "interrupted", event.reason, out)


def _cancel(_policy: Policy, state: State, event: Cancel, out: Output) -> State:
    state, gone, held = cancel(state, event.trials)
    for trial in gone:
        out.changed(state.backlog.plan.by_id[trial], TrialState.CANCELLED)
    out.commands.extend(held)
    return state


_HANDLERS: dict[type[Any], Callable[[Policy, State, Any, Output], State]] = {
    WorkerUp: on_worker.worker_up,
    WorkerDown: on_worker.worker_down,
    LeaseOver: on_worker.lease_over,
    Began: on_attempt.began,
    Built: on_attempt.built,
    Ended: on_attempt.ended,
    Drain: _drain,
    Cancel: _cancel,
}
