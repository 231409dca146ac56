"""The state machine: `step(plan, state, event) -> (state, commands, changes)`, pure.

An event of an attempt that is not in its worker's lease changes nothing (fencing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sweeper.records import (
    AttemptEnded,
    AttemptState,
    Began,
    Built,
    Cancel,
    Drain,
    Ended,
    Extend,
    InterruptWorker,
    LeaseOver,
    TrialState,
    WorkerDown,
    WorkerUp,
    replace,
)
from sweeper.scheduler import policy, proof, reasons
from sweeper.scheduler.cancel import cancel
from sweeper.scheduler.out import Out
from sweeper.scheduler.settle import settle
from sweeper.scheduler.state import MAX_STUMBLES, Slot, State, Worker, set_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.records import Change, Command, Event
    from sweeper.scheduler.state import Attempt, Fault, Plan

CANCELLED = "the user cancelled this trial"

Result: TypeAlias = "tuple[State, tuple[Command, ...], tuple[Change, ...]]"


def begin(
    plan: Plan, time: float, *, finished: int = 0, failed: int = 0, cancelled: int = 0
) -> Result:
    """The first state, and the commands that start the workers.

    finished, failed, cancelled: trials that came to these ends under earlier drivers.
    """
    first = State(
        workers=(Worker(),) * plan.workers, finished=finished, failed=failed, cancelled=cancelled
    )
    state = policy.open_texts(plan, first)
    out = Out(time)
    state = settle(plan, state, out)
    return state, tuple(out.commands), tuple(out.changes)


def step(plan: Plan, state: State, event: Event) -> Result:
    """Take one event: the new state, what the pool is to do, what the store is to keep."""
    if state.over:
        return state, (), ()
    out = Out(event.time)
    state = _HANDLERS[type(event)](plan, state, event, out)
    state = settle(plan, state, out)
    return state, tuple(out.commands), tuple(out.changes)


# ------------------------------------------------------------------ workers
def _worker_up(_plan: Plan, state: State, event: WorkerUp, _out: Out) -> State:
    worker = _worker(state, event.worker)
    if worker is None or worker.slot is not Slot.STARTING:
        return state
    up = replace(worker, slot=Slot.IDLE, device=event.device)
    return set_worker(state, event.worker, up)


def _worker_down(plan: Plan, state: State, event: WorkerDown, out: Out) -> State:
    worker = _worker(state, event.worker)
    if worker is None or worker.slot is Slot.ABSENT:
        return state
    stumbled = event.charged and worker.slot is not Slot.BUSY
    stumbles = worker.stumbles + 1 if stumbled else worker.stumbles
    state = set_worker(state, event.worker, Worker(stumbles=stumbles))
    if state.ending:
        how, reason = AttemptState.INTERRUPTED, state.reason
        state = _put_back_lease(plan, state, worker, how=how, reason=reason, out=out)
    elif event.charged and len(worker.lease) == 1 and not _may_be_passed_over(worker.lease[0]):
        state = _charge(plan, state, event.worker, worker=worker, reason=event.reason, out=out)
    else:  # nothing says which of its attempts was the cause, if any
        how = AttemptState.LOST
        state = _put_back_lease(plan, state, worker, how=how, reason=event.reason, out=out)
    if stumbles >= MAX_STUMBLES and all(_given_up(worker) for worker in state.workers):
        return _end(state, "cluster", f"no worker stays alive; the last one: {event.reason}", out)
    return state


def _put_back_lease(
    plan: Plan, state: State, worker: Worker, *, how: AttemptState, reason: str, out: Out
) -> State:
    """Put back what a worker left open, uncharged; what had begun ends as `how`."""
    for attempt in worker.lease:
        if attempt.began is not None:
            trial = plan.trials[attempt.place]
            lost = AttemptEnded(trial, attempt.number, how, out.time, message=reason)
            out.changes.append(lost)
        # A new number for the others too: a `Began` may be on its way, and its folder be there.
        again = replace(attempt, number=attempt.number + 1, late=False)
        state = _put_back(plan, state, again, out)
    return state


def _charge(
    plan: Plan, state: State, number: int, *, worker: Worker, reason: str, out: Out
) -> State:
    """Lay the end of a worker to the attempts it left open; the trial fails after its retries."""
    for attempt in worker.lease:
        trial = plan.trials[attempt.place]
        if attempt.began is None:
            # Its `Began` may have died with the worker: without a record the trial could take
            # down one worker after another for ever.
            out.started(trial, attempt, number, worker.device)
        lost = AttemptEnded(trial, attempt.number, AttemptState.LOST, out.time, message=reason)
        out.changes.append(lost)
        charges = attempt.charges + 1
        if charges > plan.policy.retries and attempt.place not in state.unwanted:
            state = _fail(plan, state, attempt, reason, out)
        else:
            again = replace(attempt, number=attempt.number + 1, charges=charges)
            state = _put_back(plan, state, again, out)
    return state


# ------------------------------------------------------------------ attempts
def _began(plan: Plan, state: State, event: Began, out: Out) -> State:
    found = _find(plan, state, event)
    if found is None or found.began is not None:
        return state
    out.started(event.trial, found, event.worker, state.workers[event.worker].device)
    out.changed(event.trial, TrialState.RUNNING)
    return _set_attempt(state, event.worker, found, replace(found, began=event.time))


def _built(plan: Plan, state: State, event: Built, out: Out) -> State:
    found = _find(plan, state, event)
    if found is None:
        return state
    if found.probe:
        state = proof.prove(plan, state, found.place, event.slots)
    return _fill_up(plan, state, event, found, out) if found.lone else state


def _fill_up(plan: Plan, state: State, event: Built, found: Attempt, out: Out) -> State:
    """Give a worker more of a trial's kind, for its other slots would stay empty."""
    worker = state.workers[event.worker]
    free = event.slots - len(worker.lease)
    if free <= 0 or state.ending or not plan.fills[found.place]:
        return state
    at = policy.find_next(plan, state, like=found.place)
    if at is None:
        return state
    taken, state = policy.take(plan, state, at, free)
    more = tuple(replace(one, late=True) for one in taken)
    out.commands.append(Extend(event.worker, out.leased(plan, more)))
    return set_worker(state, event.worker, replace(worker, lease=(*worker.lease, *more)))


def _ended_event(plan: Plan, state: State, event: Ended, out: Out) -> State:
    found = _find(plan, state, event)
    if found is None:
        return state
    device = state.workers[event.worker].device
    state = _set_attempt(state, event.worker, found, None)
    if found.began is None:
        if event.outcome is AttemptState.INTERRUPTED:
            return _put_back(plan, state, replace(found, number=found.number + 1), out)
        out.started(event.trial, found, event.worker, device)
    out.changes.append(
        AttemptEnded(
            trial=event.trial,
            number=found.number,
            state=event.outcome,
            time=event.time,
            kind=event.kind,
            message=event.message,
            traceback=event.traceback,
            info=event.info,
        )
    )
    return _settle_trial(plan, _note_duration(plan, state, found, event), found, event, out)


def _settle_trial(plan: Plan, state: State, found: Attempt, event: Ended, out: Out) -> State:
    """Decide what an attempt's end means for its trial, and for its text."""
    if event.outcome is AttemptState.INTERRUPTED:
        return _put_back(plan, state, replace(found, number=found.number + 1), out)
    if event.outcome is AttemptState.FAILED:
        if found.probe and event.kind == "input":
            state = proof.refute(plan, state, found, event.message)
        elif policy.retries_error(plan.policy, event, found.charges):
            again = replace(found, number=found.number + 1, charges=found.charges + 1)
            return _put_back(plan, state, again, out)
        return _fail(plan, state, found, event.message, out)
    if found.probe:
        state = proof.prove(plan, state, found.place)
    is_finished = event.outcome is AttemptState.FINISHED
    out.changed(event.trial, TrialState.FINISHED if is_finished else TrialState.STOPPED)
    return replace(state, finished=state.finished + 1)


def _lease_over(plan: Plan, state: State, event: LeaseOver, out: Out) -> State:
    worker = _worker(state, event.worker)
    if worker is None or worker.slot is not Slot.BUSY:
        return state
    idle = Worker(slot=Slot.IDLE, device=worker.device)
    state = set_worker(state, event.worker, idle)
    if state.ending:
        how = AttemptState.INTERRUPTED
        return _put_back_lease(plan, state, worker, how=how, reason=state.reason, out=out)
    silent: list[Attempt] = []
    for one in worker.lease:
        # A worker may pass over a trial that was cancelled before it began, and one that came late.
        if one.place in state.unwanted:
            gone = replace(worker, lease=(one,))
            how = AttemptState.INTERRUPTED
            state = _put_back_lease(plan, state, gone, how=how, reason=CANCELLED, out=out)
        elif _may_be_passed_over(one):
            state = _put_back(plan, state, replace(one, number=one.number + 1), out)
        else:
            silent.append(one)
    left = replace(worker, lease=tuple(silent))
    reason = f"worker {event.worker} came to the end of its lease without a word on this attempt"
    return _charge(plan, state, event.worker, worker=left, reason=reason, out=out)


def _may_be_passed_over(attempt: Attempt) -> bool:
    """Whether the worker may never have heard of it: nobody's fault."""
    return attempt.late and attempt.began is None


def _drain(_plan: Plan, state: State, event: Drain, out: Out) -> State:
    return _end(state, "interrupted", event.reason, out)


def _cancel(plan: Plan, state: State, event: Cancel, out: Out) -> State:
    state, gone, held = cancel(plan, state, event.trials)
    for trial in gone:
        out.changed(trial, TrialState.CANCELLED)
    out.commands.extend(held)
    return state


_HANDLERS: dict[type[Any], Callable[[Plan, State, Any, Out], State]] = {
    WorkerUp: _worker_up,
    WorkerDown: _worker_down,
    Began: _began,
    Built: _built,
    Ended: _ended_event,
    LeaseOver: _lease_over,
    Drain: _drain,
    Cancel: _cancel,
}


# ------------------------------------------------------------------ what handlers share
def _end(state: State, fault: Fault, reason: str, out: Out) -> State:
    """Give no more leases and interrupt what runs; the first reason stays."""
    if state.ending:
        return state
    for number, worker in enumerate(state.workers):
        if worker.slot is Slot.BUSY:
            out.commands.append(InterruptWorker(number))
    return replace(state, ending=fault, reason=reason)


def _fail(plan: Plan, state: State, attempt: Attempt, message: str, out: Out) -> State:
    out.changed(plan.trials[attempt.place], TrialState.FAILED)
    state = replace(state, failed=state.failed + 1)
    state = proof.settle_doubt(plan, state, plan.text_of[attempt.place])
    counted = state.failed - state.echoes
    if not policy.too_many_failures(plan.policy, finished=state.finished, failed=counted):
        return state
    ended = state.finished + state.failed
    reason = reasons.many_failed(state.failed, ended, message)
    return _end(state, "failures", reason, out)


def _put_back(plan: Plan, state: State, attempt: Attempt, out: Out) -> State:
    """Let a trial wait for its next attempt, which is made alone; not one that was cancelled."""
    if attempt.place in state.unwanted:
        out.changed(plan.trials[attempt.place], TrialState.CANCELLED)
        state = replace(state, cancelled=state.cancelled + 1)
    else:
        out.changed(plan.trials[attempt.place], TrialState.PENDING)
        waiting = (*state.waiting, replace(attempt, lone=False, began=None))
        state = replace(state, waiting=tuple(sorted(waiting, key=lambda one: one.place)))
    return proof.settle_doubt(plan, state, plan.text_of[attempt.place])


def _note_duration(plan: Plan, state: State, attempt: Attempt, event: Ended) -> State:
    at = policy.find_open(state, plan.text_of[attempt.place])
    if at is None or attempt.began is None:
        return state
    opened = state.open[at]
    took = max(0.0, event.time - attempt.began) / opened.slots
    opened = replace(opened, seconds=policy.average(opened.seconds, took))
    return policy.set_open(state, at, opened)


def _worker(state: State, number: int) -> Worker | None:
    return state.workers[number] if 0 <= number < len(state.workers) else None


def _find(plan: Plan, state: State, event: Began | Built | Ended) -> Attempt | None:
    """The attempt that an event speaks of, None where it is not this worker's (any more)."""
    worker = _worker(state, event.worker)
    for attempt in worker.lease if worker is not None else ():
        if attempt.number == event.attempt and plan.trials[attempt.place] == event.trial:
            return attempt
    return None


def _set_attempt(state: State, number: int, old: Attempt, new: Attempt | None) -> State:
    """Replace an attempt in its worker's lease; None takes it out."""
    worker = state.workers[number]
    at = worker.lease.index(old)
    middle = () if new is None else (new,)
    lease = (*worker.lease[:at], *middle, *worker.lease[at + 1 :])
    stumbles = 0 if new is None else worker.stumbles
    return set_worker(state, number, replace(worker, lease=lease, stumbles=stumbles))


def _given_up(worker: Worker) -> bool:
    return worker.slot is Slot.ABSENT and worker.stumbles >= MAX_STUMBLES
