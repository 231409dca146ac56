"""Attempts that wait at a rung, held in their worker: what they are told, and when.

A lease names them again: they go on, or end there. Those that go on fill a pack again, with whom
else of their kind the worker holds.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sweeper.records import Extend, LeasedTrial, Stop, TrialState, replace
from sweeper.scheduler import reasons
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.backlog import find_known
from sweeper.scheduler.cohorts import arrive, leave, settle
from sweeper.scheduler.leasing import take_like
from sweeper.scheduler.state import WorkerState, set_worker

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from sweeper.records import AtRung, Change
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.output import Output
    from sweeper.scheduler.policy import Policy
    from sweeper.scheduler.state import State, Worker

_CANCELLED = Stop("cancelled", reasons.CANCELLED)


# ------------------------------------------------------------------ what they are told
def stop_of(state: State, attempt: Attempt) -> Stop | None:
    """Why an attempt ends at the rung where it waits; None where it does not, or not yet."""
    if not attempt.rung:
        return None
    member = state.cohorts.member(attempt.trial.id)
    if member is not None and member.stop is not None:
        return member.stop
    return _CANCELLED if attempt.trial.id in state.backlog.unwanted else None


def is_at_work(state: State, attempt: Attempt) -> bool:
    """Whether an attempt of a lease takes a slot; one that is only to end does not."""
    member = state.cohorts.member(attempt.trial.id)
    return not attempt.rung or member is None or member.stop is None


def may_go_on(state: State, attempt: Attempt) -> bool:
    """Whether an attempt that waits may go on."""
    member = state.cohorts.member(attempt.trial.id)
    return stop_of(state, attempt) is None and (member is None or member.past >= attempt.rung)


def leased(state: State, attempts: Sequence[Attempt], out: Output) -> tuple[LeasedTrial, ...]:
    """These go to a worker, or go on there; as they travel."""
    told = []
    for one in attempts:
        if not one.rung:
            out.changed(one.trial.id, TrialState.LEASED)
        member = state.cohorts.member(one.trial.id)
        past = member.past if member is not None else one.rung
        told.append(LeasedTrial(one.trial.id, one.number, past, stop_of(state, one)))
    return tuple(told)


# ------------------------------------------------------------------ what is known of cohorts
def come(state: State, event: AtRung) -> State:
    """A trial's numbers at its rungs."""
    return replace(state, cohorts=arrive(state.cohorts, event.trial, event.values))


def keep_up(policy: Policy, before: State, state: State, changes: Sequence[Change]) -> State:
    """Judge the cohorts that a step was about."""
    cohorts = state.cohorts
    ended = [one.trial for one in changes if _is_end(one)]
    if state.backlog.stuck is not before.backlog.stuck:
        ended += sorted(state.backlog.stuck - before.backlog.stuck)
    for trial in ended:
        cohorts = leave(cohorts, trial)
    if cohorts is before.cohorts:
        return state
    return replace(state, cohorts=settle(policy, cohorts, _changed(before, cohorts.members)))


def _is_end(change: Change) -> bool:
    state = getattr(change, "state", None)
    return isinstance(state, TrialState) and state.is_final


def _changed(before: State, now: Mapping[int, object]) -> list[int]:
    old = before.cohorts.members
    return [number for number, found in now.items() if old.get(number) is not found]


# ------------------------------------------------------------------ which are leased
def take_held(
    policy: Policy, state: State, number: int, *, only_full: bool
) -> tuple[tuple[Attempt, ...], State]:
    """Attempts of one kind that a worker holds and that may go on: the most that there are.

    only_full: none, unless they fill its slots.
    """
    worker = state.workers[number]
    kinds: dict[Hashable, list[Attempt]] = defaultdict(list)
    for one in worker.held:
        if may_go_on(state, one):
            kinds[_kind(one)].append(one)
    most = max(kinds.values(), key=len, default=[])
    slots = _slots(state, most[0]) if most else 1
    if only_full:
        most = most[: len(most) // slots * slots]
    taken = sorted(most, key=lambda one: one.trial.ordinal)[: max(slots, policy.max_lease)]
    return tuple(taken), _without(state, number, taken)


def take_stopped(state: State, number: int) -> tuple[tuple[Attempt, ...], State]:
    """Attempts that a worker holds and that end where they are."""
    taken = [one for one in state.workers[number].held if stop_of(state, one) is not None]
    return tuple(taken), _without(state, number, taken) if taken else state


def may_begin(policy: Policy, state: State, number: int) -> bool:
    """Whether a worker may begin trials: it holds few, or nobody else works."""
    held = len(state.workers[number].held)
    return held < policy.max_held or all(one.state is not WorkerState.BUSY for one in state.workers)


def _without(state: State, number: int, taken: Sequence[Attempt]) -> State:
    worker = state.workers[number]
    gone = {id(one) for one in taken}
    held = tuple(one for one in worker.held if id(one) not in gone)
    return set_worker(state, number, replace(worker, held=held))


def _kind(attempt: Attempt) -> tuple[str, Hashable]:
    return attempt.trial.text, attempt.trial.group


def _slots(state: State, attempt: Attempt) -> int:
    """How many trials of an attempt's text a worker runs side by side."""
    if not attempt.trial.fills:
        return 1
    for pile in state.backlog.open:
        if pile.text == attempt.trial.text:
            return pile.slots
    known = find_known(state.backlog, attempt.trial.text)
    return known.slots if known is not None else 1


# ------------------------------------------------------------------ while a lease runs
def refill(policy: Policy, state: State, out: Output) -> State:
    """Tell busy workers what became of those that they hold, and fill slots that came free."""
    for number, worker in enumerate(state.workers):
        if worker.state is WorkerState.BUSY and (worker.held or worker.lease):
            state = _extend(policy, state, number, out)
    return state


def _extend(policy: Policy, state: State, number: int, out: Output) -> State:
    more, state = take_stopped(state, number)
    worker = state.workers[number]
    at_work = [one for one in worker.lease if is_at_work(state, one)]
    like = next((one for one in at_work if stop_of(state, one) is None), None)
    if like is not None and like.why is not Why.PROBE:
        slots = _slots(state, like)
        # One by one they would start at different times, and train at different times.
        if worker.held and len(at_work) <= slots // 2:
            others, state = _fillers(policy, state, number, like, slots - len(at_work))
            more += others
    if not more:
        return state
    out.commands.append(Extend(number, leased(state, more, out)))
    worker = state.workers[number]
    return set_worker(state, number, replace(worker, lease=(*worker.lease, *more)))


def _fillers(
    policy: Policy, state: State, number: int, like: Attempt, free: int
) -> tuple[tuple[Attempt, ...], State]:
    worker: Worker = state.workers[number]
    ready = [one for one in worker.held if _kind(one) == _kind(like) and may_go_on(state, one)]
    ready = sorted(ready, key=lambda one: one.trial.ordinal)[:free]
    state = _without(state, number, ready)
    left = free - len(ready)
    if not left or not may_begin(policy, state, number):
        return tuple(ready), state
    fresh, backlog = take_like(state.backlog, like.trial, left)
    return (*ready, *fresh), replace(state, backlog=backlog)
