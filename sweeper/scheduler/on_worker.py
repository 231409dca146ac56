"""Events of workers: one is up, is gone, or has come to the end of its lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import AttemptState, EndKind, EndWorker, replace
from sweeper.scheduler import reasons
from sweeper.scheduler.ends import end_early, fail, stop_here, try_again
from sweeper.scheduler.held import stop_of
from sweeper.scheduler.parked import park
from sweeper.scheduler.state import MAX_STUMBLES, Worker, WorkerState, set_worker, worker_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.records import Device, LeaseOver, Runaway, WorkerDown, WorkerUp
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.output import Output
    from sweeper.scheduler.policy import Policy
    from sweeper.scheduler.state import State


def worker_up(_policy: Policy, state: State, event: WorkerUp, _out: Output) -> State:
    """A process that was started waits for a lease."""
    worker = worker_at(state, event.worker)
    if worker is None or worker.state is not WorkerState.STARTING:
        return state
    up = replace(worker, state=WorkerState.IDLE, device=event.device)
    return set_worker(state, event.worker, up)


def worker_down(policy: Policy, state: State, event: WorkerDown, out: Output) -> State:
    """A process is gone: what it left open is tried again, or charged with it."""
    worker = worker_at(state, event.worker)
    if worker is None or worker.state is WorkerState.ABSENT:
        return state
    stumbled = event.charged and worker.state is not WorkerState.BUSY
    stumbles = worker.stumbles + 1 if stumbled else worker.stumbles
    state = set_worker(state, event.worker, Worker(stumbles=stumbles))
    state, lease = _settled(state, worker, out)
    if state.ending is not None:
        how = AttemptState.INTERRUPTED
        state = _put_back(state, lease, out, how=how, reason=state.ending.reason)
    elif event.charged and len(lease) == 1 and not lease[0].may_be_unheard:
        state = _charge(
            policy, state, lease, out, at=(event.worker, worker.device), reason=event.reason
        )
    else:  # nothing says which of its attempts was the cause, if any
        state = _put_back(state, lease, out, how=AttemptState.LOST, reason=event.reason)
    if stumbles >= MAX_STUMBLES and all(worker.is_given_up for worker in state.workers):
        reason = f"no worker stays alive; the last one: {event.reason}"
        return end_early(state, EndKind.CLUSTER, reason, out)
    return state


def runaway(policy: Policy, state: State, event: Runaway, out: Output) -> State:
    """A worker has to be ended for one of its attempts: no other one is charged with it."""
    worker = worker_at(state, event.worker)
    if worker is None or worker.state is not WorkerState.BUSY:
        return state
    out.commands.append(EndWorker(event.worker))
    state = set_worker(state, event.worker, Worker(stumbles=worker.stumbles))
    state, lease = _settled(state, worker, out)
    is_alone = len(lease) == 1
    how = AttemptState.INTERRUPTED
    if state.ending is not None:
        return _put_back(state, lease, out, how=how, reason=state.ending.reason)
    for one in lease:
        if one.trial.id in state.backlog.unwanted:
            state = _put_back(state, (one,), out, how=how, reason=reasons.CANCELLED)
        elif one.is_blamed or (is_alone and (event.is_sure or one.is_doubted)):
            if one.began is None:
                out.started(one, event.worker, worker.device)
            reason = f"{one.overdue} {event.reason}".lstrip()
            out.ended(one, AttemptState.FAILED, reason, kind="limit")
            state = fail(policy, state, one, reason, out)
        else:
            doubted = replace(one, is_doubted=is_alone)
            state = _put_back(state, (doubted,), out, how=how, reason=event.reason)
    return state


def lease_over(policy: Policy, state: State, event: LeaseOver, out: Output) -> State:
    """A worker waits for its next lease; it may have left attempts without a word."""
    worker = worker_at(state, event.worker)
    if worker is None or worker.state is not WorkerState.BUSY:
        return state
    # What it was told of may have come too late: it waits as it did.
    waits = tuple(one for one in worker.lease if one.rung) if state.ending is None else ()
    held = (*worker.held, *waits)
    idle = Worker(state=WorkerState.IDLE, device=worker.device, held=held)
    state = set_worker(state, event.worker, idle)
    how = AttemptState.INTERRUPTED
    if state.ending is not None:
        return _put_back(state, worker.lease, out, how=how, reason=state.ending.reason)
    silent: list[Attempt] = []
    for one in worker.lease:
        if one.rung:
            continue
        # A worker may pass over a trial that was cancelled before it began, and one that came late.
        if one.trial.id in state.backlog.unwanted:
            state = _put_back(state, (one,), out, how=how, reason=reasons.CANCELLED)
        elif one.may_be_unheard:
            state = try_again(state, one, out)
        else:
            silent.append(one)
    reason = f"worker {event.worker} came to the end of its lease without a word on this attempt"
    return _charge(policy, state, silent, out, at=(event.worker, worker.device), reason=reason)


def _settled(state: State, worker: Worker, out: Output) -> tuple[State, tuple[Attempt, ...]]:
    """What a lost worker held: nobody's fault. The state, and what it was at work on."""
    lease = []
    for one in (*worker.lease, *worker.held):
        is_held = any(one is other for other in worker.held)
        stop = stop_of(state, one)
        if stop is not None and one.trial.id not in state.backlog.unwanted:
            state = stop_here(state, one, stop, out)
        elif is_held:
            state = park(state, one)
        else:
            lease.append(one)
    return state, tuple(lease)


def _put_back(
    state: State, attempts: Iterable[Attempt], out: Output, *, how: AttemptState, reason: str
) -> State:
    """Put back what a worker left open, uncharged; what had begun ends as `how`."""
    for attempt in attempts:
        if attempt.began is not None:
            out.ended(attempt, how, reason)
        state = try_again(state, attempt, out, was_heard=True)
    return state


def _charge(
    policy: Policy,
    state: State,
    attempts: Iterable[Attempt],
    out: Output,
    *,
    at: tuple[int, Device | None],
    reason: str,
) -> State:
    """Lay the end of a worker to the attempts it left open; a trial fails after its retries.

    at: the worker's number and device.
    """
    for attempt in attempts:
        if attempt.began is None:
            # Its `Began` may have died with the worker: without a record the trial could take
            # down one worker after another for ever.
            out.started(attempt, *at)
        out.ended(attempt, AttemptState.LOST, reason)
        is_wanted = attempt.trial.id not in state.backlog.unwanted
        if attempt.charges + 1 > policy.retries and is_wanted:
            state = fail(policy, state, attempt, reason, out)
        else:
            state = try_again(state, attempt, out, charges=1)
    return state
