"""Attempts that waited at a rung when their worker was lost: they are not made again in vain.

The number at the rung is known, so they are judged as if they still waited. One that is to end ends
with that; one that may go on is tried again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import AttemptState, replace
from sweeper.scheduler import reasons
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.ends import stop_here, try_again
from sweeper.scheduler.held import may_go_on, stop_of

if TYPE_CHECKING:
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.output import Output
    from sweeper.scheduler.state import State


def park(state: State, attempt: Attempt) -> State:
    """Let an attempt wait without a worker."""
    return replace(state, parked=(*state.parked, attempt))


def unpark(state: State, out: Output) -> State:
    """Let those go of which it is known by now what becomes of them."""
    for one in state.parked:
        stop = stop_of(state, one)
        if stop is None and not may_go_on(state, one):
            continue
        left = tuple(other for other in state.parked if other is not one)
        state = replace(state, parked=left)
        if one.trial.id in state.backlog.unwanted:
            out.ended(one, AttemptState.INTERRUPTED, reasons.CANCELLED)
        elif stop is not None:
            state = stop_here(state, one, stop, out)
            continue
        else:
            out.ended(one, AttemptState.LOST, reasons.LOST_AT_RUNG)
        # Nothing speaks against it: it may share a lease.
        state = try_again(state, replace(one, why=Why.FILLER), out)
    return state
