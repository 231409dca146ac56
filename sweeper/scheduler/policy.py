"""Choices: what to lease next and how much of it, what to try again, when to give up."""

from __future__ import annotations

from collections import Counter
from itertools import takewhile
from math import ceil
from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler.state import MAX_OPEN, MAX_PROBES, PROOFS, Attempt, OpenText

if TYPE_CHECKING:
    from sweeper.records import Ended
    from sweeper.scheduler.state import Doubt, Plan, Policy, State

# So many trials are seen before a sweep in which all of them failed is given up.
FIRST_TRIALS = 10


def lease_size(
    policy: Policy, *, seconds: float | None, left: int, workers: int, slots: int = 1
) -> int:
    """How many trials to lease at once, from 1.

    seconds: what one trial takes of a worker's time, None if not known yet.
    left: trials of this text to lease.    slots: how many a worker runs side by side: a lease
    fills them, for empty ones take as long as full ones.
    """
    if seconds is None:
        return min(slots, left)
    wanted = int(policy.target_s / seconds) if seconds > 0 else policy.max_lease
    # Half of an even share: near the end the others still find something to take.
    share = ceil(left / (2 * workers))
    size = max(1, min(wanted, policy.max_lease, share))
    return min(left, ceil(size / slots) * slots)


def average(seconds: float | None, latest: float) -> float:
    """What a trial takes, after one more took `latest`: the newest counts for half."""
    return latest if seconds is None else (seconds + latest) / 2


def retries_error(policy: Policy, ended: Ended, charges: int) -> bool:
    """Whether a failed attempt is made again."""
    return policy.retry_on == "error" and ended.kind == "error" and charges < policy.retries


def too_many_failures(policy: Policy, *, finished: int, failed: int) -> bool:
    """Whether the sweep ends here."""
    if policy.max_failures is None:
        return finished == 0 and failed >= FIRST_TRIALS
    return failed >= max(1, policy.max_failures)


def open_texts(plan: Plan, state: State) -> State:
    """Open further texts until MAX_OPEN of them are, or none is left."""
    opened = list(state.open)
    following = state.next_text
    while len(opened) < MAX_OPEN and following < len(plan.texts):
        new = skip_gone(plan, state, OpenText(following))
        following += 1
        if new.cursor < len(plan.texts[new.text]):
            opened.append(new)
    if following == state.next_text:
        return state
    return replace(state, open=tuple(opened), next_text=following)


def skip_gone(plan: Plan, state: State, opened: OpenText) -> OpenText:
    """Put the cursor behind the trials that it stands at and that are not there to lease."""
    places = plan.texts[opened.text]
    cursor = opened.cursor
    while cursor < len(places) and not _is_there(state, opened, places[cursor]):
        cursor += 1
    return opened if cursor == opened.cursor else replace(opened, cursor=cursor)


def _is_there(state: State, opened: OpenText, place: int) -> bool:
    return place not in state.unwanted and place not in opened.ahead


def find_open(state: State, text: int) -> int | None:
    """Where `text` is in `state.open`, None if it is not."""
    for index, opened in enumerate(state.open):
        if opened.text == text:
            return index
    return None


def find_next(plan: Plan, state: State, *, like: int) -> int | None:
    """Where the open text is whose next trial may share a lease with trial `like`."""
    text = plan.text_of[like]
    at = find_open(state, text)
    if at is None:
        return None
    following = plan.texts[text][state.open[at].cursor]
    return at if plan.group_of[following] == plan.group_of[like] else None


def set_open(state: State, index: int, opened: OpenText) -> State:
    """Put `opened` in place `index`."""
    return replace(state, open=(*state.open[:index], opened, *state.open[index + 1 :]))


def move_on(plan: Plan, state: State, index: int, opened: OpenText) -> State:
    """Put `opened` in place `index`, or close it where none of its trials is left."""
    opened = skip_gone(plan, state, opened)
    if opened.cursor == len(plan.texts[opened.text]):
        return close_text(plan, state, index)
    return set_open(state, index, opened)


def close_text(plan: Plan, state: State, index: int) -> State:
    """Take a text out, and open the next."""
    return open_texts(plan, replace(state, open=(*state.open[:index], *state.open[index + 1 :])))


def pick(plan: Plan, state: State) -> tuple[tuple[Attempt, ...], State]:
    """Take the next lease's attempts: the startable ones of lowest ordinal, of one text.

    Nothing is startable: an empty tuple.
    """
    again = _first_waiting(plan, state)
    fresh = _first_open(plan, state)
    if again is not None and (fresh is None or state.waiting[again].place < fresh[0]):
        return _take_waiting(plan, state, again)
    if fresh is not None:
        return _take_open(plan, state, fresh[1])
    return (), state


def _first_waiting(plan: Plan, state: State) -> int | None:
    now = probes(plan, state)
    for index, attempt in enumerate(state.waiting):
        if not attempt.probe or now[plan.text_of[attempt.place]] < MAX_PROBES:
            return index
    return None


def _first_open(plan: Plan, state: State) -> tuple[int, int] | None:
    """(place of the first startable trial, index of its text in `state.open`)."""
    now = probes(plan, state)
    startable = (
        (plan.texts[opened.text][opened.cursor], index)
        for index, opened in enumerate(state.open)
        if opened.proved or next_probe(plan, state, opened, now[opened.text]) is not None
    )
    return min(startable, default=None)


def next_probe(plan: Plan, state: State, opened: OpenText, now: int) -> int | None:
    """The trial to try next of a text that is not proved, of which `now` are tried.

    A doubted one's last and middle trial, which differ most from its first; then others, until
    PROOFS have failed. None where there is enough to wait for.
    """
    places = plan.texts[opened.text]
    doubt = find_doubt(state, opened.text)
    if now >= MAX_PROBES:
        return None
    if doubt is None:
        return places[opened.cursor]
    for far in (places[-1], places[len(places) // 2]):
        if plan.rank_of[far] >= opened.cursor and _is_there(state, opened, far):
            return far
    return places[opened.cursor] if doubt.failed + now < PROOFS else None


def find_doubt(state: State, text: int) -> Doubt | None:
    """What speaks against a text, None where nothing does."""
    return next((doubt for doubt in state.doubts if doubt.text == text), None)


def probes(plan: Plan, state: State) -> Counter[int]:
    """For each text, how many of its probes are with workers."""
    alone = (worker.lease[0] for worker in state.workers if worker.lease)
    return Counter(plan.text_of[one.place] for one in alone if one.probe)


def _together(plan: Plan, places: tuple[int, ...], start: int, size: int) -> int:
    """How many of the next `size` trials are of one group."""
    group = plan.group_of[places[start]]
    return sum(
        1
        for _ in takewhile(
            lambda place: plan.group_of[place] == group, places[start : start + size]
        )
    )


def _take_waiting(plan: Plan, state: State, index: int) -> tuple[tuple[Attempt, ...], State]:
    first = state.waiting[index]
    taken = _like_late(plan, state, first) if first.late else (first,)
    waiting = tuple(one for one in state.waiting if one not in taken)
    return tuple(replace(one, late=False) for one in taken), replace(state, waiting=waiting)


def _like_late(plan: Plan, state: State, first: Attempt) -> tuple[Attempt, ...]:
    """Those that came too late to begin and may share a lease with `first`, itself among them."""
    kind = plan.text_of[first.place], plan.group_of[first.place]
    like = [
        one
        for one in state.waiting
        if one.late and (plan.text_of[one.place], plan.group_of[one.place]) == kind
    ]
    return tuple(like[: plan.policy.max_lease])


def _take_open(plan: Plan, state: State, index: int) -> tuple[tuple[Attempt, ...], State]:
    opened = state.open[index]
    places = plan.texts[opened.text]
    if not opened.proved:
        place = next_probe(plan, state, opened, probes(plan, state)[opened.text])
        if place is None or place == places[opened.cursor]:
            return take(plan, state, index, 1)
        attempt = Attempt(place, plan.numbers[place], probe=True, lone=True)
        tried = replace(opened, ahead=(*opened.ahead, place))
        return (attempt,), move_on(plan, state, index, tried)
    size = lease_size(
        plan.policy,
        seconds=opened.seconds,
        left=len(places) - opened.cursor,
        workers=plan.workers,
        slots=opened.slots if plan.fills[places[opened.cursor]] else 1,
    )
    return take(plan, state, index, size)


def take(plan: Plan, state: State, index: int, size: int) -> tuple[tuple[Attempt, ...], State]:
    """Take the next trials of `state.open[index]`: `size` at most, of one group."""
    opened = state.open[index]
    places = plan.texts[opened.text]
    end = opened.cursor + _together(plan, places, opened.cursor, size)
    attempts = tuple(
        Attempt(place, plan.numbers[place], probe=not opened.proved, lone=not opened.proved)
        for place in places[opened.cursor : end]
        if _is_there(state, opened, place)
    )
    return attempts, move_on(plan, state, index, replace(opened, cursor=end))
