"""Whether a text is good, which its first trials show: they are tried alone, as probes.

One that is built proves it for all. Where what the user wrote can't be built, no other is started
until those that run are over; if none of them was built, the text's trials stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler import policy

if TYPE_CHECKING:
    from sweeper.scheduler.state import Attempt, Plan, State, Worker


def prove(plan: Plan, state: State, place: int, slots: int | None = None) -> State:
    """A trial of this text was built: none of its attempts is a probe any more.

    slots: how many trials of the text a worker runs side by side, None if it is not known.
    """
    text = plan.text_of[place]

    def cleared(one: Attempt) -> Attempt:
        return replace(one, probe=False) if plan.text_of[one.place] == text else one

    def without(worker: Worker) -> Worker:
        if not worker.lease or not worker.lease[0].probe:
            return worker
        return replace(worker, lease=tuple(map(cleared, worker.lease)))

    state = replace(
        state,
        workers=tuple(map(without, state.workers)),
        waiting=tuple(cleared(one) if one.probe else one for one in state.waiting),
        doubts=_others(state.doubts, text),
    )
    at = policy.find_open(state, text)
    if at is None:
        return state
    opened = state.open[at]
    return policy.set_open(state, at, replace(opened, proved=True, slots=slots or opened.slots))


def refute(plan: Plan, state: State, probe: Attempt, message: str) -> State:
    """A probe could not be built, for what the user wrote, and is with its worker no more."""
    text = plan.text_of[probe.place]
    known = dict(state.doubts)
    state = replace(
        state,
        doubts=(*_others(state.doubts, text), (text, known.get(text, message))),
        echoes=state.echoes + (text in known),
    )
    return state if policy.probes(plan, state)[text] else _condemn(plan, state, text)


def release(plan: Plan, state: State, text: int) -> State:
    """A trial of this text runs no more: where it was a doubted one's last, the doubt stands."""
    if text not in dict(state.doubts) or policy.probes(plan, state)[text]:
        return state
    is_open = policy.find_open(state, text) is not None
    if is_open or any(plan.text_of[one.place] == text for one in state.waiting):
        return state  # another is tried
    return _condemn(plan, state, text)


def _others(doubts: tuple[tuple[int, str], ...], text: int) -> tuple[tuple[int, str], ...]:
    return tuple(one for one in doubts if one[0] != text)


def _condemn(plan: Plan, state: State, text: int) -> State:
    """Start nothing else of a doubted text; its other trials stay pending."""
    why = dict(state.doubts)[text]
    waiting = tuple(one for one in state.waiting if plan.text_of[one.place] != text)
    stuck = {one.place for one in state.waiting if plan.text_of[one.place] == text}
    at = policy.find_open(state, text)
    if at is not None:
        stuck.update(plan.texts[text][state.open[at].cursor :])
        state = policy.close_text(plan, state, at)
    return replace(
        state,
        waiting=waiting,
        doubts=_others(state.doubts, text),
        stuck=state.stuck | (stuck - state.unwanted),
        input_fault=state.input_fault or why,
    )
