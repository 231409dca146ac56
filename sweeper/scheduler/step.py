"""The state machine: `step(plan, state, event) -> (state, commands, changes)`, pure.

An event of an attempt that is not in its worker's lease changes nothing (fencing).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Began,
    Built,
    Cancel,
    Device,
    Drain,
    Ended,
    EndSweep,
    InterruptWorker,
    Lease,
    LeasedTrial,
    LeaseOver,
    StartWorker,
    TrialChanged,
    TrialState,
    WorkerDown,
    WorkerUp,
    replace,
)
from sweeper.scheduler import policy
from sweeper.scheduler.cancel import cancel
from sweeper.scheduler.state import Slot, State, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.records import Change, Command, Event
    from sweeper.scheduler.state import Attempt, Fault, Plan

# A worker that dies so often in a row with nothing to do is not started again.
MAX_STUMBLES = 3
CANCELLED = "the user cancelled this trial"

Result: TypeAlias = "tuple[State, tuple[Command, ...], tuple[Change, ...]]"


@dataclass(slots=True)
class _Out:
    """What one step says."""

    time: float
    commands: list[Command] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def changed(self, trial: str, state: TrialState) -> None:
        self.changes.append(TrialChanged(trial, state, self.time))


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
    out = _Out(time)
    state = _settle(plan, state, out)
    return state, tuple(out.commands), tuple(out.changes)


def step(plan: Plan, state: State, event: Event) -> Result:
    """Take one event: the new state, what the pool is to do, what the store is to keep."""
    if state.over:
        return state, (), ()
    out = _Out(event.time)
    state = _HANDLERS[type(event)](plan, state, event, out)
    state = _settle(plan, state, out)
    return state, tuple(out.commands), tuple(out.changes)


# ------------------------------------------------------------------ workers
def _worker_up(_plan: Plan, state: State, event: WorkerUp, _out: _Out) -> State:
    worker = _worker(state, event.worker)
    if worker is None or worker.slot is not Slot.STARTING:
        return state
    up = replace(worker, slot=Slot.IDLE, device=event.device)
    return _set_worker(state, event.worker, up)


def _worker_down(plan: Plan, state: State, event: WorkerDown, out: _Out) -> State:
    worker = _worker(state, event.worker)
    if worker is None or worker.slot is Slot.ABSENT:
        return state
    stumbled = event.charged and worker.slot is not Slot.BUSY
    stumbles = worker.stumbles + 1 if stumbled else worker.stumbles
    state = _set_worker(state, event.worker, Worker(stumbles=stumbles))
    if state.ending:
        how, reason = AttemptState.INTERRUPTED, state.reason
        state = _put_back_lease(plan, state, worker, how=how, reason=reason, out=out)
    elif event.charged and len(worker.lease) == 1:
        state = _charge(plan, state, event.worker, worker=worker, reason=event.reason, out=out)
    else:  # nothing says which of its attempts was the cause, if any
        how = AttemptState.LOST
        state = _put_back_lease(plan, state, worker, how=how, reason=event.reason, out=out)
    if stumbles >= MAX_STUMBLES and all(_given_up(worker) for worker in state.workers):
        return _end(state, "cluster", f"no worker stays alive; the last one: {event.reason}", out)
    return state


def _put_back_lease(
    plan: Plan, state: State, worker: Worker, *, how: AttemptState, reason: str, out: _Out
) -> State:
    """Put back what a worker left open, uncharged; what had begun ends as `how`."""
    for attempt in worker.lease:
        if attempt.began is not None:
            trial = plan.trials[attempt.place]
            lost = AttemptEnded(trial, attempt.number, how, out.time, message=reason)
            out.changes.append(lost)
        # A new number for the others too: a `Began` may be on its way, and its folder be there.
        state = _put_back(plan, state, replace(attempt, number=attempt.number + 1), out)
    return state


def _charge(
    plan: Plan, state: State, number: int, *, worker: Worker, reason: str, out: _Out
) -> State:
    """Lay the end of a worker to the attempts it left open; the trial fails after its retries."""
    for attempt in worker.lease:
        trial = plan.trials[attempt.place]
        if attempt.began is None:
            # Its `Began` may have died with the worker: without a record the trial could take
            # down one worker after another for ever.
            out.changes.append(_started(trial, attempt, number, worker.device, out))
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
def _began(plan: Plan, state: State, event: Began, out: _Out) -> State:
    found = _find(plan, state, event)
    if found is None or found.began is not None:
        return state
    out.changes.append(
        _started(event.trial, found, event.worker, state.workers[event.worker].device, out)
    )
    out.changed(event.trial, TrialState.RUNNING)
    return _set_attempt(state, event.worker, found, replace(found, began=event.time))


def _built(plan: Plan, state: State, event: Built, _out: _Out) -> State:
    found = _find(plan, state, event)
    if found is None or not found.probe:
        return state
    state = _set_attempt(state, event.worker, found, replace(found, probe=False))
    return _prove(plan, state, found, event.slots)


def _ended_event(plan: Plan, state: State, event: Ended, out: _Out) -> State:
    found = _find(plan, state, event)
    if found is None:
        return state
    device = state.workers[event.worker].device
    state = _set_attempt(state, event.worker, found, None)
    if found.began is None:
        if event.outcome is AttemptState.INTERRUPTED:
            return _put_back(plan, state, replace(found, number=found.number + 1), out)
        out.changes.append(_started(event.trial, found, event.worker, device, out))
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


def _settle_trial(plan: Plan, state: State, found: Attempt, event: Ended, out: _Out) -> State:
    """Decide what an attempt's end means for its trial, and for its text."""
    if event.outcome is AttemptState.INTERRUPTED:
        return _put_back(plan, state, replace(found, number=found.number + 1), out)
    if event.outcome is AttemptState.FAILED:
        if found.probe and event.kind == "input":
            state = _condemn(plan, state, found, event.message)
        elif policy.retries_error(plan.policy, event, found.charges):
            again = replace(found, number=found.number + 1, charges=found.charges + 1)
            return _put_back(plan, state, again, out)
        return _fail(plan, state, found, event.message, out)
    if found.probe:
        state = _prove(plan, state, found)
    is_finished = event.outcome is AttemptState.FINISHED
    out.changed(event.trial, TrialState.FINISHED if is_finished else TrialState.STOPPED)
    return replace(state, finished=state.finished + 1)


def _lease_over(plan: Plan, state: State, event: LeaseOver, out: _Out) -> State:
    worker = _worker(state, event.worker)
    if worker is None or worker.slot is not Slot.BUSY:
        return state
    idle = Worker(slot=Slot.IDLE, device=worker.device)
    state = _set_worker(state, event.worker, idle)
    if state.ending:
        how = AttemptState.INTERRUPTED
        return _put_back_lease(plan, state, worker, how=how, reason=state.reason, out=out)
    # A worker may pass over a trial that was cancelled before it began.
    unwanted = tuple(one for one in worker.lease if one.place in state.unwanted)
    state = _put_back_lease(
        plan,
        state,
        replace(worker, lease=unwanted),
        how=AttemptState.INTERRUPTED,
        reason=CANCELLED,
        out=out,
    )
    silent = replace(worker, lease=tuple(one for one in worker.lease if one not in unwanted))
    reason = f"worker {event.worker} came to the end of its lease without a word on this attempt"
    return _charge(plan, state, event.worker, worker=silent, reason=reason, out=out)


def _drain(_plan: Plan, state: State, event: Drain, out: _Out) -> State:
    return _end(state, "interrupted", event.reason, out)


def _cancel(plan: Plan, state: State, event: Cancel, out: _Out) -> State:
    state, gone, held = cancel(plan, state, event.trials)
    for trial in gone:
        out.changed(trial, TrialState.CANCELLED)
    out.commands.extend(held)
    return state


_HANDLERS: dict[type[Any], Callable[[Plan, State, Any, _Out], State]] = {
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
def _end(state: State, fault: Fault, reason: str, out: _Out) -> State:
    """Give no more leases and interrupt what runs; the first reason stays."""
    if state.ending:
        return state
    for number, worker in enumerate(state.workers):
        if worker.slot is Slot.BUSY:
            out.commands.append(InterruptWorker(number))
    return replace(state, ending=fault, reason=reason)


def _fail(plan: Plan, state: State, attempt: Attempt, message: str, out: _Out) -> State:
    out.changed(plan.trials[attempt.place], TrialState.FAILED)
    state = _release_probe(plan, replace(state, failed=state.failed + 1), attempt)
    if not policy.too_many_failures(plan.policy, finished=state.finished, failed=state.failed):
        return state
    ended = state.finished + state.failed
    reason = f"{state.failed} of the first {ended} trials failed; the last one: {message}"
    return _end(state, "failures", reason, out)


def _put_back(plan: Plan, state: State, attempt: Attempt, out: _Out) -> State:
    """Let a trial wait for its next attempt, which is made alone; not one that was cancelled."""
    state = _release_probe(plan, state, attempt)
    if attempt.place in state.unwanted:
        out.changed(plan.trials[attempt.place], TrialState.CANCELLED)
        return replace(state, cancelled=state.cancelled + 1)
    out.changed(plan.trials[attempt.place], TrialState.PENDING)
    waiting = (*state.waiting, replace(attempt, began=None))
    return replace(state, waiting=tuple(sorted(waiting, key=lambda one: one.place)))


def _release_probe(plan: Plan, state: State, attempt: Attempt) -> State:
    """Let another trial of the text be its probe, if this one was and proved nothing."""
    at = policy.find_open(state, plan.text_of[attempt.place]) if attempt.probe else None
    if at is None:
        return state
    return policy.set_open(state, at, replace(state.open[at], probing=False))


def _prove(plan: Plan, state: State, attempt: Attempt, slots: int | None = None) -> State:
    at = policy.find_open(state, plan.text_of[attempt.place])
    if at is None:
        return state
    opened = replace(state.open[at], proved=True, probing=False)
    return policy.set_open(state, at, replace(opened, slots=slots or opened.slots))


def _condemn(plan: Plan, state: State, attempt: Attempt, message: str) -> State:
    """Start nothing else of a text that can't be built; its other trials stay pending."""
    text = plan.text_of[attempt.place]
    waiting = tuple(one for one in state.waiting if plan.text_of[one.place] != text)
    stuck = {one.place for one in state.waiting if plan.text_of[one.place] == text}
    at = policy.find_open(state, text)
    if at is not None:
        stuck.update(plan.texts[text][state.open[at].cursor :])
        state = policy.close_text(plan, state, at)
    return replace(
        state,
        waiting=waiting,
        stuck=state.stuck | (stuck - state.unwanted),
        input_fault=state.input_fault or message,
    )


def _note_duration(plan: Plan, state: State, attempt: Attempt, event: Ended) -> State:
    at = policy.find_open(state, plan.text_of[attempt.place])
    if at is None or attempt.began is None:
        return state
    opened = state.open[at]
    took = max(0.0, event.time - attempt.began) / opened.slots
    opened = replace(opened, seconds=policy.average(opened.seconds, took))
    return policy.set_open(state, at, opened)


def _started(
    trial: str, attempt: Attempt, worker: int, device: Device | None, out: _Out
) -> AttemptStarted:
    where = device or Device(host="", pid=0)
    return AttemptStarted(trial, attempt.number, worker, where, out.time)


def _worker(state: State, number: int) -> Worker | None:
    return state.workers[number] if 0 <= number < len(state.workers) else None


def _set_worker(state: State, number: int, worker: Worker) -> State:
    workers = (*state.workers[:number], worker, *state.workers[number + 1 :])
    return replace(state, workers=workers)


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
    return _set_worker(state, number, replace(worker, lease=lease, stumbles=stumbles))


def _given_up(worker: Worker) -> bool:
    return worker.slot is Slot.ABSENT and worker.stumbles >= MAX_STUMBLES


# ------------------------------------------------------------------ after each event
def _settle(plan: Plan, state: State, out: _Out) -> State:
    """Give idle workers work, start workers that are missing, end when nothing is left."""
    if all(worker.slot is Slot.BUSY for worker in state.workers):
        return state  # as after most events
    if not state.ending:
        state = _assign(plan, state, out)
        state = _start_workers(plan, state, out)
    if any(worker.slot is Slot.BUSY for worker in state.workers):
        return state
    work_is_left = bool(state.waiting or state.open)
    if work_is_left and not state.ending:
        return state
    out.commands.append(EndSweep(state.reason or state.input_fault))
    return replace(state, over=True)


def _assign(plan: Plan, state: State, out: _Out) -> State:
    for number, worker in enumerate(state.workers):
        if worker.slot is not Slot.IDLE:
            continue
        attempts, state = policy.pick(plan, state)
        if not attempts:
            return state
        busy = replace(worker, slot=Slot.BUSY, lease=attempts)
        state = _set_worker(state, number, busy)
        leased = tuple(LeasedTrial(plan.trials[one.place], one.number) for one in attempts)
        out.commands.append(Lease(number, leased))
        for one in leased:
            out.changed(one.trial, TrialState.LEASED)
    return state


def _start_workers(plan: Plan, state: State, out: _Out) -> State:
    absent = [
        number
        for number, worker in enumerate(state.workers)
        if worker.slot is Slot.ABSENT and worker.stumbles < MAX_STUMBLES
    ]
    if not absent or not policy.pick(plan, state)[0]:
        return state
    for number in absent:
        out.commands.append(StartWorker(number))
        starting = replace(state.workers[number], slot=Slot.STARTING)
        state = _set_worker(state, number, starting)
    return state
