"""After each event: idle workers are given work, missing ones started, and the end is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import EndSweep, Lease, StartWorker, replace
from sweeper.scheduler.held import leased, may_begin, refill, take_held, take_stopped
from sweeper.scheduler.leasing import is_startable, take
from sweeper.scheduler.probes import count_probes
from sweeper.scheduler.state import WorkerState, set_worker

if TYPE_CHECKING:
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.output import Output
    from sweeper.scheduler.policy import Policy
    from sweeper.scheduler.state import State


def assign(policy: Policy, state: State, out: Output) -> State:
    """Give idle workers work, start workers that are missing, end when nothing is left."""
    if not policy.across and all(worker.state is WorkerState.BUSY for worker in state.workers):
        return state  # as after most events
    if state.ending is None:
        state = _lease(policy, state, out)
        state = refill(policy, state, out) if policy.across else state
        state = _start_workers(state, out)
    if any(worker.state is WorkerState.BUSY for worker in state.workers):
        return state
    if state.ending is None and (state.may_grow or state.parked or not state.backlog.is_empty):
        return state
    out.commands.append(EndSweep(state.end.reason))
    return replace(state, over=True)


def _lease(policy: Policy, state: State, out: Output) -> State:
    for number, worker in enumerate(state.workers):
        if worker.state is not WorkerState.IDLE:
            continue
        attempts, state = _take(policy, state, number)
        if not attempts:
            if policy.across:
                continue  # another one may hold what can go on
            return state
        busy = replace(state.workers[number], state=WorkerState.BUSY, lease=attempts)
        state = set_worker(state, number, busy)
        out.commands.append(Lease(number, leased(state, attempts, out)))
    return state


def _take(policy: Policy, state: State, number: int) -> tuple[tuple[Attempt, ...], State]:
    """What an idle worker is to do: to fill its slots comes first, then what was not begun."""
    if not state.workers[number].held:
        return _begin(policy, state)
    stopped, state = take_stopped(state, number)
    attempts, state = take_held(policy, state, number, only_full=True)
    if not attempts and may_begin(policy, state, number):
        attempts, state = _begin(policy, state)
    if not attempts:
        attempts, state = take_held(policy, state, number, only_full=False)
    return (*attempts, *stopped), state


def _begin(policy: Policy, state: State) -> tuple[tuple[Attempt, ...], State]:
    probing = count_probes(one.lease for one in state.workers)
    attempts, backlog = take(policy, state.backlog, probing, workers=len(state.workers))
    return attempts, replace(state, backlog=backlog)


def _start_workers(state: State, out: Output) -> State:
    absent = [
        number
        for number, worker in enumerate(state.workers)
        if worker.state is WorkerState.ABSENT and not worker.is_given_up
    ]
    if not absent:
        return state
    if not is_startable(state.backlog, count_probes(one.lease for one in state.workers)):
        return state
    for number in absent:
        out.commands.append(StartWorker(number))
        starting = replace(state.workers[number], state=WorkerState.STARTING)
        state = set_worker(state, number, starting)
    return state
