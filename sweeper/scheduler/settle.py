"""After each event: idle workers are given work, missing ones started, and the end is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import EndSweep, Lease, StartWorker, replace
from sweeper.scheduler import policy
from sweeper.scheduler.state import MAX_STUMBLES, Slot, set_worker

if TYPE_CHECKING:
    from sweeper.scheduler.out import Out
    from sweeper.scheduler.state import Plan, State


def settle(plan: Plan, state: State, out: Out) -> State:
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


def _assign(plan: Plan, state: State, out: Out) -> State:
    for number, worker in enumerate(state.workers):
        if worker.slot is not Slot.IDLE:
            continue
        attempts, state = policy.pick(plan, state)
        if not attempts:
            return state
        state = set_worker(state, number, replace(worker, slot=Slot.BUSY, lease=attempts))
        out.commands.append(Lease(number, out.leased(plan, attempts)))
    return state


def _start_workers(plan: Plan, state: State, out: Out) -> State:
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
        state = set_worker(state, number, starting)
    return state
