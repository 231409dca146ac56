"""Events of attempts. One of an attempt that is not in its worker's lease changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import (
    AttemptEnded,
    AttemptState,
    Extend,
    InterruptTrial,
    TrialState,
    replace,
)
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.backlog import note_seconds
from sweeper.scheduler.ends import fail, prove_text, refute_text, try_again
from sweeper.scheduler.held import come, is_at_work, leased
from sweeper.scheduler.leasing import take_like
from sweeper.scheduler.policy import retries_error
from sweeper.scheduler.state import set_worker, worker_at

if TYPE_CHECKING:
    from sweeper.records import AtRung, Began, Built, Ended, Overdue
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.output import Output
    from sweeper.scheduler.policy import Policy
    from sweeper.scheduler.state import State


def began(_policy: Policy, state: State, event: Began, out: Output) -> State:
    """An attempt runs."""
    found = _find(state, event)
    if found is None or found.began is not None:
        return state
    out.started(found, event.worker, state.workers[event.worker].device)
    out.changed(found.trial.id, TrialState.RUNNING)
    return _set_attempt(state, event.worker, found, replace(found, began=event.time))


def built(_policy: Policy, state: State, event: Built, out: Output) -> State:
    """An attempt's text is good, and its worker's slots are known."""
    found = _find(state, event)
    if found is None:
        return state
    if found.why is Why.PROBE:
        state = prove_text(state, found.trial.text, event.slots)
    return _fill_up(state, event, found, out) if found.shows_slots else state


def _fill_up(state: State, event: Built, found: Attempt, out: Output) -> State:
    """Give a worker more of a trial's kind, for its other slots would stay empty."""
    worker = state.workers[event.worker]
    free = event.slots - sum(is_at_work(state, one) for one in worker.lease)
    if free <= 0 or state.ending is not None or not found.trial.fills:
        return state
    more, backlog = take_like(state.backlog, found.trial, free)
    if not more:
        return state
    out.commands.append(Extend(event.worker, leased(state, more, out)))
    more_to_do = replace(worker, lease=(*worker.lease, *more))
    return set_worker(replace(state, backlog=backlog), event.worker, more_to_do)


def at_rung(_policy: Policy, state: State, event: AtRung, out: Output) -> State:
    """An attempt waits at a rung; while the sweep ends it is told to end itself."""
    found = _find(state, event)
    if found is None:
        return state
    if found.why is Why.PROBE:  # it was built by an earlier attempt
        state = prove_text(state, found.trial.text)
        found = _find(state, event) or found
    if not found.rung and found.began is not None:
        took = event.time - found.began
        state = replace(state, backlog=note_seconds(state.backlog, found.trial.text, took))
    state = come(state, event)
    waits = replace(found, rung=event.values[-1][0])
    if state.ending is not None:
        return _set_attempt(state, event.worker, found, waits)
    state = _set_attempt(state, event.worker, found, None)
    worker = state.workers[event.worker]
    return set_worker(state, event.worker, replace(worker, held=(*worker.held, waits)))


def ended(policy: Policy, state: State, event: Ended, out: Output) -> State:
    """An attempt is over."""
    found = _find(state, event)
    if found is None:
        return state
    if event.outcome is AttemptState.STOPPED and event.info.get("stopped_by") == "cancelled":
        event = replace(event, outcome=AttemptState.INTERRUPTED)
    state = _set_attempt(state, event.worker, found, None)
    event = _as_limited(state, found, event)
    if found.began is None:
        if event.outcome is AttemptState.INTERRUPTED:
            return try_again(state, found, out)
        out.started(found, event.worker, state.workers[event.worker].device)
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
    if found.began is not None and not found.rung:
        took = event.time - found.began
        backlog = note_seconds(state.backlog, found.trial.text, took)
        state = replace(state, backlog=backlog)
    return _conclude(policy, state, found, event, out)


def overdue(_policy: Policy, state: State, event: Overdue, out: Output) -> State:
    """An attempt has passed a limit: its worker is asked to end it."""
    found = _find(state, event)
    if found is None or found.overdue or state.ending is not None:
        return state
    if found.trial.id not in state.backlog.unwanted:  # else it was asked already
        out.commands.append(InterruptTrial(event.worker, event.trial))
    is_alone = len(state.workers[event.worker].lease) == 1
    asked = replace(found, overdue=event.reason, is_blamed=is_alone)
    return _set_attempt(state, event.worker, found, asked)


def _as_limited(state: State, found: Attempt, event: Ended) -> Ended:
    """An end that a limit made is a failure of the trial that passed it, if that is certain."""
    is_wanted = found.trial.id not in state.backlog.unwanted
    if event.outcome is not AttemptState.INTERRUPTED or not (found.is_blamed and is_wanted):
        return event
    return replace(event, outcome=AttemptState.FAILED, kind="limit", message=found.overdue)


def _conclude(policy: Policy, state: State, found: Attempt, event: Ended, out: Output) -> State:
    """Decide what an attempt's end means for its trial, and for its text."""
    if event.outcome is AttemptState.INTERRUPTED:
        return try_again(state, found, out)
    if event.outcome is AttemptState.FAILED:
        if found.why is Why.PROBE and event.kind == "input":
            state = refute_text(state, found.trial.text, event.message)
        elif retries_error(policy, event, found.charges):
            return try_again(state, found, out, charges=1)
        return fail(policy, state, found, event.message, out)
    if found.why is Why.PROBE:
        state = prove_text(state, found.trial.text)
    is_finished = event.outcome is AttemptState.FINISHED
    out.changed(found.trial.id, TrialState.FINISHED if is_finished else TrialState.STOPPED)
    return replace(state, tally=replace(state.tally, finished=state.tally.finished + 1))


def _find(state: State, event: Began | Built | AtRung | Ended | Overdue) -> Attempt | None:
    """The attempt that an event speaks of, None where it is not this worker's (any more)."""
    worker = worker_at(state, event.worker)
    for attempt in worker.lease if worker is not None else ():
        if attempt.number == event.attempt and attempt.trial.id == event.trial:
            return attempt
    return None


def _set_attempt(state: State, number: int, old: Attempt, new: Attempt | None) -> State:
    """Replace an attempt in its worker's lease; None takes it out."""
    worker = state.workers[number]
    at = next(place for place, one in enumerate(worker.lease) if one is old)
    before, after = worker.lease[:at], worker.lease[at + 1 :]
    if new is not None:
        changed = replace(worker, lease=(*before, new, *after))
    else:
        changed = replace(worker, lease=before + after, stumbles=0)
    return set_worker(state, number, changed)
