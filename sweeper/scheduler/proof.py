"""Whether a text is good, which its first trials show: they are tried alone, as probes.

One that is built proves it for all. Where what the user wrote can't be built, that may be about the
one trial's values: the text's last and middle trials are tried too, and others up to `PROOFS`. If
none of them is built, its other trials stay as they are. So a mistake in the experiment costs a few
trials, and an impossible point costs no other, whatever the number of workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler import policy, reasons
from sweeper.scheduler.state import Doubt

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
        doubts=_others(state, text),
    )
    at = policy.find_open(state, text)
    if at is None:
        return state
    opened = state.open[at]
    return policy.set_open(state, at, replace(opened, proved=True, slots=slots or opened.slots))


def refute(plan: Plan, state: State, probe: Attempt, message: str) -> State:
    """A probe could not be built, for what the user wrote, and is with its worker no more."""
    text = plan.text_of[probe.place]
    known = policy.find_doubt(state, text)
    if known is None:
        state = replace(state, doubts=(*state.doubts, Doubt(text, message)))
    else:
        more = replace(known, failed=known.failed + 1)
        state = replace(state, doubts=(*_others(state, text), more), echoes=state.echoes + 1)
    return settle_doubt(plan, state, text)


def settle_doubt(plan: Plan, state: State, text: int) -> State:
    """Take a doubted text for bad where no trial of it is tried any more, or will be."""
    doubt = policy.find_doubt(state, text)
    if doubt is None or policy.probes(plan, state)[text]:
        return state
    if any(plan.text_of[one.place] == text for one in state.waiting):
        return state
    at = policy.find_open(state, text)
    if at is not None and policy.next_probe(plan, state, state.open[at], 0) is not None:
        return state
    return _condemn(plan, state, doubt)


def _others(state: State, text: int) -> tuple[Doubt, ...]:
    return tuple(doubt for doubt in state.doubts if doubt.text != text)


def _condemn(plan: Plan, state: State, doubt: Doubt) -> State:
    """Start nothing else of a text; its other trials stay pending."""
    text, places = doubt.text, plan.texts[doubt.text]
    stuck: frozenset[int] = frozenset()
    at = policy.find_open(state, text)
    if at is not None:
        opened = state.open[at]
        stuck = frozenset(places[opened.cursor :]) - state.unwanted - set(opened.ahead)
        state = policy.close_text(plan, state, at)
    why = doubt.why
    if stuck:
        why = reasons.none_built(why, tried=doubt.failed, trials=len(places))
    return replace(
        state,
        doubts=_others(state, text),
        stuck=state.stuck | stuck,
        input_fault=state.input_fault or why,
    )
