"""After each event: idle workers are given work, missing ones started, and the end is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import EndSweep, Lease, StartWorker, replace
from sweeper.scheduler.leasing import is_startable, take
from sweeper.scheduler.probes import count_probes
from sweeper.scheduler.state import WorkerState, set_worker

if TYPE_CHECKING:
    from sweeper.scheduler.output import Output
    from sweeper.scheduler.policy import Policy
    from sweeper.scheduler.state import State


def assign(policy: Policy, state: State, out: Output) -> State:
    """Give idle workers work, start workers that are missing, end when nothing is left."""
    if all(worker.state is WorkerState.BUSY for worker in state.workers):
        return state  # as after most events
    if state.ending is None:
        state = _lease(policy, state, out)
        state = _start_workers(state, out)
    if any(worker.state is WorkerState.BUSY for worker in state.workers):
        return state
    if state.ending is None and (state.may_grow or not state.backlog.is_empty):
        return state
    out.commands.append(EndSweep(state.end.reason))
    return replace(state, over=True)


def _lease(policy: Policy, state: State, out: Output) -> State:
    for number, worker in enumerate(state.workers):
        if worker.state is not WorkerState.IDLE:
            continue
        probing = count_probes(one.lease for one in state.workers)
        attempts, backlog = take(policy, state.backlog, probing, workers=len(state.workers))
        if not attempts:
            return state
        busy = replace(worker, state=WorkerState.BUSY, lease=attempts)
        state = set_worker(replace(state, backlog=backlog), number, busy)
        out.commands.append(Lease(number, out.leased(attempts)))
    return state


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
