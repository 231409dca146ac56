"""What becomes of trials that the user cancels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import InterruptTrial, replace
from sweeper.scheduler import policy, proof

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.scheduler.state import Plan, State


def cancel(
    plan: Plan, state: State, trials: Iterable[str]
) -> tuple[State, tuple[str, ...], tuple[InterruptTrial, ...]]:
    """The new state, the trials that are cancelled at once, and those that a worker has to end.

    What is over, or is no trial of this plan, is passed over. Costs nothing a trial left.
    """
    held = {one.place: n for n, worker in enumerate(state.workers) for one in worker.lease}
    waiting = {one.place for one in state.waiting}
    gone: list[str] = []
    interrupts: list[InterruptTrial] = []
    unwanted = set(state.unwanted)
    for trial in trials:
        place = plan.place_of.get(trial)
        if place is None or place in unwanted:
            continue
        if place in held:
            interrupts.append(InterruptTrial(held[place], trial))
        elif place in waiting or place in state.stuck or _is_fresh(plan, state, place):
            gone.append(trial)
        else:
            continue
        unwanted.add(place)
    state = replace(state, unwanted=frozenset(unwanted))
    return _without(plan, state, frozenset(map(plan.place_of.get, gone))), (*gone,), (*interrupts,)


def _is_fresh(plan: Plan, state: State, place: int) -> bool:
    """Whether a trial was never leased, and still may be."""
    text = plan.text_of[place]
    at = policy.find_open(state, text)
    if at is None:
        return text >= state.next_text
    opened = state.open[at]
    return plan.rank_of[place] >= opened.cursor and place not in opened.ahead


def _without(plan: Plan, state: State, gone: frozenset[int | None]) -> State:
    """Take cancelled trials out of what is there to lease."""
    state = replace(
        state,
        waiting=tuple(one for one in state.waiting if one.place not in gone),
        stuck=state.stuck - gone,
        cancelled=state.cancelled + len(gone),
    )
    for opened in state.open:  # a text that opens on the way passes over them by itself
        at = policy.find_open(state, opened.text)
        if at is not None:
            state = policy.move_on(plan, state, at, state.open[at])
    for doubt in state.doubts:
        state = proof.settle_doubt(plan, state, doubt.text)
    return state
